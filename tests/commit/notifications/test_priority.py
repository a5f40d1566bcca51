"""Priority: the publication's own, else its category's, else normal."""

from __future__ import annotations

import json

from ..store import Store
from .merging import publication, publish


async def test_a_priority_of_its_own_comes_before_the_category(store: Store) -> None:
    await store.define("like", priority="high")
    await publish(store, publication(priority="urgent", group_key=None))
    await store.publish("ann")
    await store.publish("ann", category="comment")
    priorities = [json.loads(event.body)["priority"] for event in store.events[-3:]]
    assert priorities == ["urgent", "high", "normal"]


async def test_categories_are_not_read_if_every_publication_has_a_priority(store: Store) -> None:
    store.limiting = None  # limits read them too
    publications = [publication(priority="low", group_key=None)]
    with_own = await publish(store, *publications)
    assert [one.id for one in with_own] == [publications[0].id]
    assert "categories" not in store.log._memory
