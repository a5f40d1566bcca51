"""Shared text uses: the numbers that are stored of shared texts, held to the rows that refer to them."""

from __future__ import annotations

from collections import Counter

from lumen_notify.model.shared_text import unwrapped

from .store import Store

_COLUMNS = ("lumen_notification", "lumen_notification_group_actor", "lumen_digest_item")


async def check_uses(store: Store) -> int:
    """Assert that each text is used as often as it says, and no other one is; return their number."""
    used: Counter[str] = Counter()
    async with store.database.transaction() as sql:
        for table in _COLUMNS:
            used.update(id_ for (id_,) in await sql.run_sql(f"SELECT text_id FROM {table}") if id_)  # noqa: S608
        for (body,) in await sql.run_sql("SELECT body FROM lumen_event WHERE body LIKE '{\"shared\"%'"):
            used.update(unwrapped(body)[1])
        texts = dict(map(tuple, await sql.run_sql("SELECT id, uses FROM lumen_shared_text")))
    assert texts == dict(used)
    return len(texts)
