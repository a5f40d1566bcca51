"""Passwords: registers accounts and changes their passwords.

Promises: a username belongs to one account, also if several register it at once; a change of the password
succeeds only if the password that was verified is still the current one at COMMIT; it ends all sessions but
the one that it opens, and the user's streams.

Not here: hashing and verifying (`auth/password_hasher`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from lumen_notify.commit.accounts.accounts import Account
from lumen_notify.commit.accounts.attempts import forget_attempts
from lumen_notify.commit.accounts.sessions import (
    NewSession,
    end_all_sessions,
    open_sessions,
    wrong_credentials,
)
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict
from lumen_notify.model import value


@value
class Register:
    """Create an account, and open its first session unless `session` is None. The result: an Account."""

    user_id: str
    username: str
    display_name: str
    avatar: str | None
    password_hash: str = field(repr=False)
    scope: str
    session: NewSession | None

    @property
    def conflict_key(self) -> None:
        """None: if several commands register one username, the first one gets it."""
        return None


@value
class ChangePassword:
    """Change a password, end all sessions, and open a new one unless `session` is None. The result: None.

    seen_at: `StoredPassword.set_at` of the password that was verified. attempt_keys: the counted attempts to
    forget.
    """

    user_id: str
    seen_at: int
    password_hash: str = field(repr=False)
    session: NewSession | None
    attempt_keys: tuple[str, ...] = ()

    @property
    def conflict_key(self) -> str:
        """At most one change of an account per transaction: a second one has verified an outdated
        password."""
        return f"account:{self.user_id}"


async def register(tx: Transaction, commands: Sequence[Register]) -> Sequence[object]:
    """Handle Register: a `committer.Handler`. Answers an Account each, or Conflict."""
    rows = [
        {
            "user_id": one.user_id,
            "username": one.username,
            "display_name": one.display_name,
            "avatar": one.avatar,
            "password_hash": one.password_hash,
            "scope": one.scope,
            "now": tx.now,
        }
        for one in commands
    ]
    created = {user_id for (user_id,) in await tx.run("insert_accounts", rows=rows)}
    await open_sessions(
        tx, [(one.user_id, tx.now, one.session) for one in commands if one.user_id in created]
    )
    return [_registered(one, tx.now) if one.user_id in created else _username_taken() for one in commands]


async def change_password(tx: Transaction, commands: Sequence[ChangePassword]) -> Sequence[object]:
    """Handle ChangePassword: a `committer.Handler`. It runs after sessions are opened.

    Answers None each, or Unauthenticated if the password has changed since it was verified.
    """
    # Later than the time of the last password, also if both are set within a millisecond.
    set_at = {one.user_id: max(tx.now, one.seen_at + 1) for one in commands}
    rows = [
        {
            "id": one.user_id,
            "seen_at": one.seen_at,
            "new_hash": one.password_hash,
            "new_at": set_at[one.user_id],
        }
        for one in commands
    ]
    changed = {user_id for (user_id,) in await tx.run("change_passwords", rows=rows)}
    if changed:
        await end_all_sessions(tx, sorted(changed))
        await open_sessions(
            tx,
            [(one.user_id, set_at[one.user_id], one.session) for one in commands if one.user_id in changed],
        )
        forget_attempts(tx, [key for one in commands if one.user_id in changed for key in one.attempt_keys])
    return [None if one.user_id in changed else wrong_credentials() for one in commands]


def _registered(one: Register, now: int) -> Account:
    return Account(
        user_id=one.user_id,
        username=one.username,
        display_name=one.display_name,
        avatar=one.avatar,
        scope=one.scope,
        created_at=now,
    )


def _username_taken() -> Conflict:
    return Conflict("This username is taken.", code="username_taken")
