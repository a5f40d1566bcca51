"""Deletion: users delete from their own list, in bounded steps, and nobody else's changes."""

from __future__ import annotations

import json

import pytest

from lumen_notify.commit.marks.marks import Selection
from lumen_notify.commit.publications import deletion as module
from lumen_notify.commit.publications.deletion import Deleted, DeleteOwn
from lumen_notify.model import new_id

from ..store import Store
from .desk import ADMIN, bodies, publish, retract, text_of_log


async def delete(store: Store, user: str, **selection: object) -> list[Deleted]:
    """Delete step by step; return the answers."""
    step = DeleteOwn(user_id=user, selection=Selection(**selection))  # type: ignore[arg-type]
    answers: list[Deleted] = [await store.committer.submit(step)]
    while (following := answers[-1].following) is not None:
        answers.append(await store.committer.submit(following))
    return answers


async def test_each_step_says_what_it_deletes_and_the_last_one_covers_the_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 2)
    for number in range(5):
        await publish(store, "ann", content=f"secret {number}")
        await publish(store, content=f"for all {number}")
    answers = await delete(store, "ann")
    assert [answer.changed for answer in answers] == [2, 2, 6]
    events = [json.loads(event.body) for event in store.events if event.kind == "delete"]
    assert [len(event["data"].get("ids", ())) for event in events] == [2, 2, 0]
    assert events[-1]["data"] == {"up_to": 10}
    assert [sum(event["categories"].values()) for event in events] == [8, 6, 0]
    assert (await bodies(store, "ann"), await store.unread("ann")) == ([], {})
    assert await store.unread("bob") == {"like": 5}
    assert "secret" not in await text_of_log(store)


async def test_what_is_deleted_for_one_costs_one_row(store: Store) -> None:
    for _ in range(30):
        await publish(store)
    await delete(store, "ann")
    assert await store.number_of("lumen_span") == 1
    assert await store.number_of("lumen_receipt") == 0
    await publish(store, content="newer")
    assert [body["content"] for body in await bodies(store, "ann")] == ["newer"]


async def test_unknown_ids_are_told_and_nothing_is_said_twice(store: Store) -> None:
    own, shared, nobodys = await publish(store, "ann"), await publish(store), new_id()
    (answer,) = await delete(store, "ann", ids=(own, shared, nobodys))
    assert (answer.changed, answer.unknown) == (2, (nobodys,))
    number = len(store.events)
    (again,) = await delete(store, "ann", ids=(own, shared))
    assert (again.changed, again.unknown) == (0, (own, shared))
    assert len(store.events) == number


async def test_retention_and_removal_agree_with_what_was_deleted(store: Store) -> None:
    shared = [await publish(store) for _ in range(3)]
    await delete(store, "ann", ids=(shared[0],))
    await delete(store, "bob")
    for id_ in shared:
        await retract(store, id_, ADMIN)
        assert await store.unread("bob") == {}
    assert await store.unread("ann") == {}
    store.now += 120_000
    await store.retention().sweep()
    for table in ("lumen_receipt", "lumen_read_count", "lumen_active_total", "lumen_removed_notification"):
        assert await store.number_of(table) == 0, table


async def test_a_deleted_group_starts_anew(store: Store) -> None:
    id_ = await publish(store, "ann", content="one", sender="bob", group_key="k")
    await delete(store, "ann", ids=(id_,))
    await publish(store, "ann", content="two", sender="cyd", group_key="k")
    (row,) = await bodies(store, "ann")
    assert (row["actors_count"], row["id"] == id_) == (1, False)
