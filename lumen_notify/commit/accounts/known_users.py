"""Known users: those of whom the database has something, with or without an account here.

No table lists all users: a token is enough to be one. So a user is known once they have been online, are in a
room, have a notification or a device, or have an account. Each page and each count reads a bounded number of
rows, by indexes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.prefix import page_of_prefix
from lumen_notify.model import value

MAX_COUNTED = 100_000
"""Users beyond these are not counted."""


@value
class KnownUser:
    """A user. The others are None without an account here."""

    id: str
    username: str | None
    display_name: str | None
    avatar: str | None


class KnownUsers:
    """Finds users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, prefix: str, after: str, limit: int) -> tuple[Sequence[KnownUser], str | None]:
        """Read the users whose id begins with a text, after an id: ascending, at most limit. Returns also
        after which id the next page begins."""

        async def read(after: str) -> Sequence[KnownUser]:
            return await self._read("known_users", prefix=prefix, after=after, limit=limit + 1)

        return await page_of_prefix(read, _id, prefix=prefix, after=after, limit=limit)

    async def with_username(self, prefix: str, *, limit: int) -> Sequence[KnownUser]:
        """Read the users whose username begins with a text: ascending, at most limit."""

        async def read(after: str) -> Sequence[KnownUser]:
            return await self._read("accounts_from_username", prefix=prefix, after=after, limit=limit + 1)

        found, _ = await page_of_prefix(read, _username, prefix=prefix, after="", limit=limit)
        return found

    async def count(self) -> int:
        """Count the users, at most MAX_COUNTED + 1."""
        ((number,),) = await self._database.fetch("count_known_users", most=MAX_COUNTED + 1)
        return int(number)

    async def _read(self, query: str, **values: Any) -> Sequence[KnownUser]:
        rows = await self._database.fetch(query, **values)
        return [
            KnownUser(id=id_, username=username, display_name=display_name, avatar=avatar)
            for id_, username, display_name, avatar in rows
        ]


def _id(user: KnownUser) -> str:
    return user.id


def _username(user: KnownUser) -> str:
    return user.username or ""
