"""Accounts: who may log in here, where the application has no users of its own.

Not here: how an account and its password come about (`passwords`), what a log-in is given (`sessions`).
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
    """An account. name: what one logs in with. username: what is shown. created_at: milliseconds."""

    user_id: str
    name: str
    username: str
    avatar: str | None
    scope: str
    created_at: int


@value
class KnownPassword:
    """What is kept of a password. set_at: milliseconds; another password has another, later one."""

    hashed: str = field(repr=False)
    set_at: int


@value
class ChangeProfile:
    """Change what is shown of a user. username: None leaves it. The result: an Account."""

    user_id: str
    username: str | None
    sets_avatar: bool
    avatar: str | None

    @property
    def conflict_key(self) -> str:
        """One an account and transaction: the later one counts."""
        return f"account:{self.user_id}"


async def change_profile(tx: Transaction, commands: Sequence[ChangeProfile]) -> Sequence[object]:
    """Write profiles: a `committer.Handler`. Answers an Account each, or NotFound."""
    rows = [
        {
            "id": one.user_id,
            "new_username": one.username,
            "sets_avatar": int(one.sets_avatar),
            "new_avatar": one.avatar,
        }
        for one in commands
    ]
    found = {row[0]: account_of(row) for row in await tx.run("change_profiles", rows=rows)}
    return [found.get(one.user_id, no_account()) for one in commands]


class Accounts:
    """Reads accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_name(self, name: str) -> tuple[Account, KnownPassword] | None:
        """Read the account that one logs in to by a name, None if there is none."""
        return _found(await self._database.fetch("account_by_name", name=name))

    async def by_id(self, user_id: str) -> tuple[Account, KnownPassword]:
        """Read a user's account. Raises NotFound: his token comes from somewhere else."""
        found = _found(await self._database.fetch("account_by_id", user_id=user_id))
        if found is None:
            raise no_account()
        return found


def no_account() -> NotFound:
    """Make the refusal of a caller whose user is none of ours."""
    return NotFound("you have no account here: your token comes from another issuer")


def _found(rows: Sequence[Sequence[Any]]) -> tuple[Account, KnownPassword] | None:
    if not rows:
        return None
    *account, hashed, set_at = rows[0]
    return account_of(account), KnownPassword(hashed=hashed, set_at=set_at)


def account_of(row: Sequence[Any]) -> Account:
    """Make an account of the six columns that all queries begin with."""
    user_id, name, username, avatar, scope, created_at = row
    return Account(
        user_id=user_id, name=name, username=username, avatar=avatar, scope=scope, created_at=created_at
    )
