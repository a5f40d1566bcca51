"""Probe: it writes, on each database, and appends no event."""

from __future__ import annotations

from lumen_notify.commit.probe import Probe

from .store import Store


async def test_each_probe_writes_and_appends_no_event(store: Store) -> None:
    seen = set()
    for _ in range(3):
        assert await store.committer.submit(Probe()) is None
        ((value,),) = await store.database.fetch("key", name="probe")
        seen.add(value)
        store.now += 1000
    assert len(seen) == 3
    assert (await store.log.head()).position == 0
