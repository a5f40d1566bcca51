"""Sessions: the log-ins of accounts. A session is one row, however often its refresh token is rotated.

Promises: a refresh token is valid once; if it is used twice, one of the two clients may have stolen it, and
the whole session ends; a session is opened only if the password that was verified is still the current one;
the end of a session ends the devices that it has registered; ending all sessions of a user ends all of their
devices, and their streams on all instances.

Not here: the form of the tokens (`auth/session_tokens`), changes of the password (`passwords`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from lumen_notify.commit.accounts.accounts import account_of
from lumen_notify.commit.accounts.attempts import forget_attempts
from lumen_notify.commit.devices.removal import end_devices_of_sessions, end_devices_of_users
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Unauthenticated
from lumen_notify.model import Audience, value
from lumen_notify.model.events import SessionsRevoked

STEP_SESSIONS = 500
"""Sessions that one step of retention deletes at most."""

_log = logging.getLogger("lumen_notify.accounts")


@value
class NewSession:
    """A session to open. family, digest: of its first refresh token. expires_at: milliseconds."""

    family: str
    digest: str
    expires_at: int


@value
class LogIn:
    """Open a session. The result: from when on the user's tokens count, in milliseconds; 0 if none was
    revoked.

    password_set_at: `StoredPassword.set_at` of the password that was verified. password_hash: a new hash,
    because the parameters of hashing have changed, else None. attempt_keys: the counted attempts to forget.
    """

    user_id: str
    password_set_at: int
    password_hash: str | None = field(repr=False)
    session: NewSession
    attempt_keys: tuple[str, ...] = ()

    @property
    def conflict_key(self) -> None:
        """None: log-ins do not conflict."""
        return None


@value
class Refresh:
    """Replace a refresh token by the next one. expires_at: of the next one. The result: the Account."""

    family: str
    digest: str
    next_digest: str
    expires_at: int

    @property
    def conflict_key(self) -> str:
        """At most one refresh of a session per transaction: a second one uses the token again."""
        return f"session:{self.family}"


@value
class LogOut:
    """End a session. The result: how many have ended, 0 or 1."""

    family: str

    @property
    def conflict_key(self) -> None:
        """None: a session may be ended twice."""
        return None


@value
class LogOutEverywhere:
    """End all sessions of a user. The result: how many have ended."""

    user_id: str

    @property
    def conflict_key(self) -> str:
        """At most one per user and transaction, so that each result counts its own sessions only."""
        return f"account:{self.user_id}"


@value
class TrimSessions:
    """Delete one step of expired sessions. The result: how many."""

    @property
    def conflict_key(self) -> str:
        """At most one step of retention per transaction, so that it stays short."""
        return "retention"


async def log_in(tx: Transaction, commands: Sequence[LogIn]) -> Sequence[object]:
    """Handle LogIn: a `committer.Handler`. Answers a time each, or Unauthenticated if the password has
    changed since it was verified."""
    opened = await open_sessions(tx, [(one.user_id, one.password_set_at, one.session) for one in commands])
    rehashed = [
        {"user_id": one.user_id, "password_at": one.password_set_at, "password_hash": one.password_hash}
        for one in commands
        if one.password_hash is not None
    ]
    if rehashed:
        tx.add("update_password_hashes", rows=rehashed)
    forget_attempts(tx, [key for one in commands if one.session.family in opened for key in one.attempt_keys])
    users = [{"user_id": user_id} for user_id in sorted({one.user_id for one in commands})]
    not_before: dict[str, int] = dict(map(tuple, await tx.run("revocations_of_users", users=users)))
    return [
        not_before.get(one.user_id, 0) if one.session.family in opened else wrong_credentials()
        for one in commands
    ]


async def open_sessions(tx: Transaction, opening: Sequence[tuple[str, int, NewSession | None]]) -> set[str]:
    """Open sessions; return the families of those that were opened: their password is still the verified one.

    opening: (user id, `set_at` of the verified password, session or None) each.
    """
    rows = [
        {
            "family": session.family,
            "user_id": user_id,
            "digest": session.digest,
            "password_at": password_at,
            "now": tx.now,
            "expires_at": session.expires_at,
        }
        for user_id, password_at, session in opening
        if session is not None
    ]
    return {family for (family,) in await tx.run("open_sessions", rows=rows)} if rows else set()


async def refresh(tx: Transaction, commands: Sequence[Refresh]) -> Sequence[object]:
    """Handle Refresh: a `committer.Handler`. Answers the Account each, or Unauthenticated."""
    rows = [
        {
            "its_family": one.family,
            "old_digest": one.digest,
            "new_digest": one.next_digest,
            "new_expires_at": one.expires_at,
        }
        for one in commands
    ]
    rotated = await tx.run("rotate_sessions", rows=rows, now=tx.now)
    users: dict[str, str] = dict(map(tuple, rotated))
    refused = [{"family": one.family} for one in commands if one.family not in users]
    if refused:
        end_devices_of_sessions(tx, [one.family for one in commands if one.family not in users])
        for _, user_id, expires_at in await tx.run("end_sessions", rows=refused):
            if expires_at > tx.now:
                _log.warning("A refresh token of %s was used twice. Its session has ended.", user_id)
    wanted = [{"user_id": user_id} for user_id in sorted(set(users.values()))]
    found = await tx.run("accounts_by_id", users=wanted) if wanted else ()
    accounts = {row[0]: account_of(row) for row in found}
    return [accounts[users[one.family]] if one.family in users else session_ended() for one in commands]


async def log_out(tx: Transaction, commands: Sequence[LogOut]) -> Sequence[int]:
    """Handle LogOut: a `committer.Handler`."""
    rows = [{"family": one.family} for one in commands]
    end_devices_of_sessions(tx, [one.family for one in commands])
    ended = {family for family, _, _ in await tx.run("end_sessions", rows=rows)}
    return [int(one.family in ended) for one in commands]


async def log_out_everywhere(tx: Transaction, commands: Sequence[LogOutEverywhere]) -> Sequence[int]:
    """Handle LogOutEverywhere: a `committer.Handler`. It runs after sessions are opened."""
    ended = await end_all_sessions(tx, [one.user_id for one in commands])
    return [ended[one.user_id] for one in commands]


async def end_all_sessions(tx: Transaction, user_ids: Sequence[str]) -> Counter[str]:
    """End all sessions and devices of users, and their streams and tokens on all instances, by an event;
    return how many sessions each user had. user_ids: without repeats."""
    users = [{"user_id": user_id} for user_id in user_ids]
    ended = Counter(user_id for (user_id,) in await tx.run("end_sessions_of_users", users=users))
    end_devices_of_users(tx, user_ids)
    not_before = tx.now + 1
    tx.add("revoke_tokens", rows=[{"user_id": one, "not_before": not_before} for one in user_ids])
    for user_id in user_ids:
        tx.append(Audience.user(user_id), SessionsRevoked(data={"not_before": not_before}))
    return ended


async def trim_sessions(tx: Transaction, commands: Sequence[TrimSessions]) -> Sequence[int]:
    """Handle TrimSessions: a `committer.Handler`."""
    return [len(await tx.run("trim_sessions", now=tx.now, limit=STEP_SESSIONS)) for _ in commands]


def wrong_credentials() -> Unauthenticated:
    """Return the refusal for an unknown username or a wrong password: the same for both."""
    return Unauthenticated("The username or the password is wrong.", code="wrong_credentials")


def session_ended() -> Unauthenticated:
    """Return the refusal for a refresh token that is not valid, for whatever reason."""
    return Unauthenticated("This session has ended. Log in again.", code="session_ended")
