"""Sessions: the log-ins of accounts; each is one row, however often its refresh token changes.

Promises: a refresh token is good once; one that comes a second time was stolen, by the first or by the second
who showed it, and ends the whole session; a session is opened only for the password that was verified;
where all sessions of a user end, so do his streams, on all instances.

Not here: what the tokens look like (`auth/session_tokens`), what sets a password (`passwords`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from lumen_notify.commit.accounts.accounts import account_of
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Unauthenticated
from lumen_notify.model import Audience, value
from lumen_notify.model.events import SessionsRevoked

STEP_SESSIONS = 500
"""What one step of retention takes away, at most."""

_log = logging.getLogger("lumen_notify.accounts")


@value
class NewSession:
    """A session to open. family, digest: of its first refresh token. expires_at: milliseconds."""

    family: str
    digest: str
    expires_at: int


@value
class LogIn:
    """Open a session. password_set_at: of the password that was verified. password_hash: made anew because
    the parameters have changed, else None. The result: None."""

    user_id: str
    password_set_at: int
    password_hash: str | None = field(repr=False)
    session: NewSession

    @property
    def conflict_key(self) -> None:
        """None: log-ins do not get in each other's way."""
        return None


@value
class Refresh:
    """Change a refresh token for the next. expires_at: of the next. The result: the Account."""

    family: str
    digest: str
    next_digest: str
    expires_at: int

    @property
    def conflict_key(self) -> str:
        """One a session and transaction: the second finds that the first has been there."""
        return f"session:{self.family}"


@value
class LogOut:
    """End a session, if there is one. The result: how many that were."""

    family: str

    @property
    def conflict_key(self) -> None:
        """None: an end twice is an end."""
        return None


@value
class LogOutEverywhere:
    """End all sessions of a user. The result: how many that were."""

    user_id: str

    @property
    def conflict_key(self) -> str:
        """One a user and transaction, so that each is told its own number."""
        return f"account:{self.user_id}"


@value
class TrimSessions:
    """Take away one step of the sessions that are over. The result: how many."""

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "retention"


async def log_in(tx: Transaction, commands: Sequence[LogIn]) -> Sequence[object]:
    """Write log-ins: a `committer.Handler`. Answers None each, or Unauthenticated: the password that was
    verified is no more."""
    opened = await open_sessions(tx, [(one.user_id, one.password_set_at, one.session) for one in commands])
    again = [
        {"user_id": one.user_id, "password_at": one.password_set_at, "password_hash": one.password_hash}
        for one in commands
        if one.password_hash is not None
    ]
    if again:
        tx.add("hash_passwords_again", rows=again)
    return [None if one.session.family in opened else wrong_credentials() for one in commands]


async def open_sessions(tx: Transaction, opening: Sequence[tuple[str, int, NewSession | None]]) -> set[str]:
    """Open sessions: (user id, when the verified password was set, session or None) each; return the families
    of those whose password is still that one."""
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
    """Write refreshes: a `committer.Handler`. Answers the Account each, or Unauthenticated."""
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
        for _, user_id, expires_at in await tx.run("end_sessions", rows=refused):
            if expires_at > tx.now:
                _log.warning("a refresh token of %s was used twice: its session has ended", user_id)
    wanted = [{"user_id": user_id} for user_id in sorted(set(users.values()))]
    found = await tx.run("accounts_by_id", users=wanted) if wanted else ()
    accounts = {row[0]: account_of(row) for row in found}
    return [accounts[users[one.family]] if one.family in users else session_ended() for one in commands]


async def log_out(tx: Transaction, commands: Sequence[LogOut]) -> Sequence[int]:
    """Write log-outs: a `committer.Handler`."""
    rows = [{"family": one.family} for one in commands]
    ended = {family for family, _, _ in await tx.run("end_sessions", rows=rows)}
    return [int(one.family in ended) for one in commands]


async def log_out_everywhere(tx: Transaction, commands: Sequence[LogOutEverywhere]) -> Sequence[int]:
    """Write log-outs everywhere: a `committer.Handler`, to stand behind what opens sessions."""
    ended = await end_all_sessions(tx, [one.user_id for one in commands])
    return [ended[one.user_id] for one in commands]


async def end_all_sessions(tx: Transaction, user_ids: Sequence[str]) -> Counter[str]:
    """End all sessions of users, and by an event the streams that they have open anywhere; return how many
    sessions each had. user_ids: each once."""
    users = [{"user_id": user_id} for user_id in user_ids]
    ended = Counter(user_id for (user_id,) in await tx.run("end_sessions_of_users", users=users))
    for user_id in user_ids:
        tx.append(Audience.user(user_id), SessionsRevoked(data={}))
    return ended


async def trim_sessions(tx: Transaction, commands: Sequence[TrimSessions]) -> Sequence[int]:
    """Write steps of retention: a `committer.Handler`."""
    return [len(await tx.run("trim_sessions", now=tx.now, limit=STEP_SESSIONS)) for _ in commands]


def wrong_credentials() -> Unauthenticated:
    """Make the one refusal of a name that there is not and of a password that is not the one."""
    return Unauthenticated("the name or the password is wrong", code="wrong_credentials")


def session_ended() -> Unauthenticated:
    """Make the refusal of a refresh token that is not good, for whatever reason."""
    return Unauthenticated("this session has ended: log in again", code="session_ended")
