"""Connections: the open streams of all instances, as each of them last wrote it.

Not here: how they are written (`lease`), and ended for an instance that has died (`expiry`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lumen_notify.commit.database import Database
from lumen_notify.model import value

DeviceName = Literal["mobile", "desktop", "tablet"]
"""The kind of device that a client says it runs on."""

MAX_EXCESS = 1000
"""How many excess streams one query returns."""


@value
class OpenConnection:
    """An open stream. device: as the client stated it. connected_at: ms, by the clock of the instance."""

    id: str
    device: DeviceName | None
    connected_at: int
    instance: str


class Connections:
    """Reads the open streams. instance: the name of this one."""

    def __init__(self, database: Database, *, instance: str) -> None:
        self.instance = instance
        self._database = database

    async def of_user(
        self, user_id: str, *, after: str = "", limit: int | None = None
    ) -> Sequence[OpenConnection]:
        """Read a user's streams on the other instances: ascending by id, after an id, at most limit. None for
        MAX_EXCESS. On SQLite there are no others.

        Those of an instance that has died are among them until its lease runs out. Raises
        DatabaseUnavailable.
        """
        if not self._database.is_server:
            return ()
        rows = await self._database.fetch(
            "connections_of_user",
            user_id=user_id,
            instance=self.instance,
            after=after,
            limit=MAX_EXCESS if limit is None else limit,
        )
        return [
            OpenConnection(id=id_, device=device, connected_at=connected_at, instance=instance)
            for id_, device, connected_at, instance in rows
        ]

    async def user_of(self, id_: str) -> str | None:
        """Read the user of an open stream; None if no other instance has it. Raises DatabaseUnavailable."""
        if not self._database.is_server:
            return None
        rows = await self._database.fetch("user_of_connection", id=id_)
        return str(rows[0][0]) if rows else None

    async def excess(self, user_ids: Sequence[str], *, most: int) -> Sequence[tuple[str, str]]:
        """Read the streams of users who have more than `most`, on any instance, except for their newest ones.

        Returns (user id, id), oldest first, at most MAX_EXCESS. Raises DatabaseUnavailable.
        """
        rows = await self._database.fetch(
            "excess_connections",
            rows=[{"user_id": user_id} for user_id in user_ids],
            most=most,
            limit=MAX_EXCESS,
        )
        return [(user_id, id_) for user_id, id_ in rows]
