"""Blocks: set once, listed by their owner alone, ended once."""

from __future__ import annotations

from lumen_notify.commit.rooms.blocks import Blocks, SetBlock

from ..store import Store
from .conversation import batch, set_block


async def test_blocking_twice_is_once_and_ends_once(store: Store) -> None:
    blocks = Blocks(store.database)
    await batch(store, *(SetBlock(user_id="bob", blocked_id="ann", is_blocked=True) for _ in range(3)))
    first = await blocks.get("bob", "ann")
    store.now += 1000
    await set_block(store, "bob", "ann")
    await set_block(store, "bob", "eve")
    await set_block(store, "ann", "eve")

    assert await blocks.get("bob", "ann") == first
    assert await blocks.get("ann", "bob") is None
    assert [one.user_id for one in await blocks.page("bob", after="", limit=9)] == ["ann", "eve"]
    assert [one.user_id for one in await blocks.page("bob", after="ann", limit=9)] == ["eve"]
    assert [await set_block(store, "bob", "ann", is_blocked=False) for _ in range(2)] == [True, False]
    assert store.events == []
