"""Last seen: the newest time counts, on both databases."""

from __future__ import annotations

from lumen_notify.commit.presence.last_seen import LastSeen

from ..store import Store


async def test_newest_time_of_each_user_is_kept(store: Store) -> None:
    last_seen = LastSeen(store.database)
    await last_seen.write({"ann": 1, "bob": 2})
    await last_seen.write({"ann": 3})
    async with store.database.transaction_beside() as tx:
        rows = await tx.run_sql(
            "SELECT user_id, last_seen_at, is_online FROM lumen_presence ORDER BY user_id"
        )
    assert [tuple(row) for row in rows] == [("ann", 3, 0), ("bob", 2, 0)]
