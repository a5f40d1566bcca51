"""Accounts: built-in accounts, for applications without users of their own.

Not here: registering and passwords (`passwords`), log-ins (`sessions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import NotFound
from lumen_notify.model import value


@value
class Account:
    """An account. username: for logging in. display_name: shown to others. created_at: milliseconds."""

    user_id: str
    username: str
    display_name: str
    avatar: str | None
    scope: str
    created_at: int


@value
class StoredPassword:
    """A password as it is stored. set_at: milliseconds; each new password has a later one."""

    hashed: str = field(repr=False)
    set_at: int


@value
class ChangeProfile:
    """Change a user's profile. The result: an Account.

    display_name: None leaves it. avatar: ignored unless sets_avatar.
    """

    user_id: str
    display_name: str | None
    sets_avatar: bool
    avatar: str | None

    @property
    def conflict_key(self) -> str:
        """At most one change of an account per transaction: the later one counts."""
        return f"account:{self.user_id}"


async def change_profile(tx: Transaction, commands: Sequence[ChangeProfile]) -> Sequence[object]:
    """Handle ChangeProfile: a `committer.Handler`. Answers an Account each, or NotFound."""
    rows = [
        {
            "id": one.user_id,
            "new_display_name": one.display_name,
            "sets_avatar": int(one.sets_avatar),
            "new_avatar": one.avatar,
        }
        for one in commands
    ]
    accounts = {row[0]: account_of(row) for row in await tx.run("change_profiles", rows=rows)}
    return [accounts.get(one.user_id, account_not_found()) for one in commands]


class Accounts:
    """Reads accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_username(self, username: str) -> tuple[Account, StoredPassword] | None:
        """Read an account by its username; None if it does not exist."""
        return _first(await self._database.fetch("account_by_username", username=username))

    async def by_id(self, user_id: str) -> tuple[Account, StoredPassword]:
        """Read a user's account. Raises NotFound if they have none, because their token comes from another
        issuer."""
        account = _first(await self._database.fetch("account_by_id", user_id=user_id))
        if account is None:
            raise account_not_found()
        return account


async def set_scope(database: Database, user_id: str, scope: str) -> None:
    """Replace the scopes of an account's tokens. It has no event, so the log is not part of it."""
    async with database.transaction() as sql:
        await sql.run("set_scope", user_id=user_id, scope=scope)


def account_not_found() -> NotFound:
    """Return the refusal for a caller without a built-in account."""
    return NotFound("You have no account here. Your token comes from another issuer.")


def _first(rows: Sequence[Sequence[Any]]) -> tuple[Account, StoredPassword] | None:
    if not rows:
        return None
    *account, hashed, set_at = rows[0]
    return account_of(account), StoredPassword(hashed=hashed, set_at=set_at)


def account_of(row: Sequence[Any]) -> Account:
    """Build an account from the six columns that every query of accounts begins with."""
    user_id, username, display_name, avatar, scope, created_at = row
    return Account(
        user_id=user_id,
        username=username,
        display_name=display_name,
        avatar=avatar,
        scope=scope,
        created_at=created_at,
    )
