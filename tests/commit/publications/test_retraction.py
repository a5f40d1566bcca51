"""Retraction: what a publisher takes back leaves lists, counts and the log, step by step."""

from __future__ import annotations

import pytest

from lumen_notify.commit.log import TrimEvents
from lumen_notify.commit.publications import retraction as module

from ..store import Store
from .desk import ADMIN, OTHER, bodies, publish, retract, text_of_log

USERS = ("ann", "bob", "cyd")


async def test_many_rows_go_in_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 2)
    id_ = await publish(store, *USERS, content="secret")
    assert (await retract(store, id_, OTHER)).number == 0
    first = await retract(store, id_)
    assert first.number == 2
    assert first.following is not None
    assert [len(await bodies(store, user)) for user in USERS] == [0, 0, 1]
    assert (await store.committer.submit(first.following)).number == 1
    assert [await store.unread(user) for user in USERS] == [{}, {}, {}]
    assert "secret" not in await text_of_log(store)
    assert await store.number_of("lumen_content") == 1, "the event stays, without its text"
    await store.committer.submit(TrimEvents(up_to=(await store.log.head()).position))
    assert [await store.number_of(name) for name in ("lumen_content", "lumen_removed_recipient")] == [0, 0]


async def test_each_publisher_takes_its_own_parts_out_of_a_group(store: Store) -> None:
    await publish(store, "ann", content="first secret", sender="bob", group_key="k")
    store.now += 2000
    id_ = await publish(store, "ann", content="second secret", sender="cyd", owner="other", group_key="k")
    await store.mark("ann", "read", ids=(id_,))
    await retract(store, id_, OTHER)
    (row,) = await bodies(store, "ann")
    assert (row["content"], row["actors_count"], [one["id"] for one in row["actors"]]) == (
        "first secret",
        1,
        ["bob"],
    )
    assert await store.unread("ann") == {}
    log = await text_of_log(store)
    assert ("second secret" in log, log.count("first secret")) == (False, 2)
    assert (await retract(store, id_)).number == 1
    assert await bodies(store, "ann") == []
    assert "secret" not in await text_of_log(store)


async def test_a_group_of_an_earlier_version_shows_what_it_showed(store: Store) -> None:
    id_ = await publish(store, "ann", content="bob", sender="bob", group_key="k")
    store.now += 2000
    await publish(store, "ann", content="cyd", sender="cyd", group_key="k")
    unknown = "publication_id = NULL, publisher = NULL, publication = NULL"
    await store.rows(f"UPDATE lumen_notification_group_actor SET {unknown}")  # noqa: S608
    assert (await retract(store, id_)).number == 0
    assert (await retract(store, id_, ADMIN, sender="bob")).number == 1
    (row,) = await bodies(store, "ann")
    assert (row["content"], row["actors"], row["actors_count"]) == ("cyd", [{"id": "cyd"}], 1)


async def test_a_pending_group_is_announced_without_what_was_taken_back(store: Store) -> None:
    id_ = await publish(store, "ann", content="bob", sender="bob", group_key="k")
    for sender in ("cyd", "dan"):
        await publish(store, "ann", content=sender, sender=sender, group_key="k")
    await retract(store, id_, sender="dan")
    store.now += 2000
    await store.flush_groups()
    (row,) = await bodies(store, "ann")
    assert (row["content"], row["actors_count"]) == ("cyd", 2)
    assert [event.kind for event in store.events] == [
        *("notification", "notification_edited", "rewritten", "update")
    ]
    assert '"dan"' not in await text_of_log(store)
