"""Last seen: when the last stream of each user ended, for a service of one process.

Where several instances share a database, `expiry` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from lumen_notify.commit.database import Database


class LastSeen:
    """Writes the times."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, seen_at: Mapping[str, int]) -> None:
        """Write when users were last seen, in ms. Raises DatabaseUnavailable."""
        rows = [{"user_id": user_id, "is_online": 0, "last_seen_at": at} for user_id, at in seen_at.items()]
        async with self._database.transaction_beside() as tx:
            tx.add("write_last_seen", rows=rows)
