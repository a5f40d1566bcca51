"""Texts: all places of the log that have the text of a notification are known, also after a trim."""

from __future__ import annotations

from ..store import Store
from .desk import edit, publish, retract, text_of_log


async def test_the_positions_of_further_texts_are_kept_until_they_are_trimmed(store: Store) -> None:
    id_ = await publish(store, "ann", content="one secret", sender="bob", group_key="k")
    store.now += 2000
    await publish(store, "ann", content="two secret", sender="cyd", group_key="k")
    assert await store.rows("SELECT position FROM lumen_notification_copy") == [(1,)]
    await edit(store, id_, content="three secret")
    assert await store.rows("SELECT position FROM lumen_notification_copy") == [(3,)]
    log = await text_of_log(store)
    assert ("one secret" in log, "two secret" in log, log.count("three secret")) == (False, False, 2)
    store.now += 3_600_000
    await publish(store, "ann")
    await store.retention(events=1).sweep()
    assert await store.number_of("lumen_notification_copy") == 0
    await retract(store, id_)
    assert "secret" not in await text_of_log(store)
