"""Passwords: what sets one: registering, and changing it.

Promises: a name is one account's, however many register it at once; a password is changed only by who knew
the one that is there at the COMMIT, and that ends all sessions but the one that is opened with it, and the
user's streams.

Not here: how a password is hashed and verified (`auth/password_hasher`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from lumen_notify.commit.accounts.accounts import Account
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
    """Make an account, and its first session. The result: an Account."""

    user_id: str
    name: str
    username: str
    avatar: str | None
    password_hash: str = field(repr=False)
    scope: str
    session: NewSession | None

    @property
    def conflict_key(self) -> None:
        """None: of several with one name, the first gets it."""
        return None


@value
class ChangePassword:
    """Change a password, end all sessions, open one, if any. seen_at: of the password that was verified.
    The result: None."""

    user_id: str
    seen_at: int
    password_hash: str = field(repr=False)
    session: NewSession | None

    @property
    def conflict_key(self) -> str:
        """One an account and transaction: the second knows a password that is no more."""
        return f"account:{self.user_id}"


async def register(tx: Transaction, commands: Sequence[Register]) -> Sequence[object]:
    """Write registrations: a `committer.Handler`. Answers an Account each, or Conflict."""
    rows = [
        {
            "user_id": one.user_id,
            "name": one.name,
            "username": one.username,
            "avatar": one.avatar,
            "password_hash": one.password_hash,
            "scope": one.scope,
            "now": tx.now,
        }
        for one in commands
    ]
    made = {user_id for (user_id,) in await tx.run("insert_accounts", rows=rows)}
    await open_sessions(tx, [(one.user_id, tx.now, one.session) for one in commands if one.user_id in made])
    return [_registered(one, tx.now) if one.user_id in made else _taken() for one in commands]


async def change_password(tx: Transaction, commands: Sequence[ChangePassword]) -> Sequence[object]:
    """Write new passwords: a `committer.Handler`, to stand behind what opens sessions. Answers None each, or
    Unauthenticated: the password that was verified is no more."""
    # Later than the one before, even where two are set within a millisecond.
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
    return [None if one.user_id in changed else wrong_credentials() for one in commands]


def _registered(one: Register, now: int) -> Account:
    return Account(
        user_id=one.user_id,
        name=one.name,
        username=one.username,
        avatar=one.avatar,
        scope=one.scope,
        created_at=now,
    )


def _taken() -> Conflict:
    return Conflict("this name is taken", code="name_taken")
