"""Edits: what a publisher changes is changed in lists and in the log, and no count changes."""

from __future__ import annotations

import json

import pytest

from lumen_notify.commit.publications import edits as module

from ..store import Store
from .desk import OTHER, bodies, edit, publish, retract, text_of_log

USERS = ("ann", "bob", "cyd")


async def test_a_shared_body_stays_shared(store: Store) -> None:
    id_ = await publish(store, *USERS, content="a secret")
    await store.mark("ann", "read", ids=(id_,))
    assert (await edit(store, id_, content="new")).changed == 3
    assert [(await bodies(store, user))[0]["content"] for user in USERS] == ["new"] * 3
    assert [await store.unread(user) for user in USERS] == [{}, {"like": 1}, {"like": 1}]
    assert await store.number_of("lumen_content") == 2  # that of the notification, and that of the edit
    await edit(store, id_, content="newer")
    log = await text_of_log(store)
    assert ("secret" in log, '"new"' in log) == (False, False)
    assert await store.number_of("lumen_content") == 2
    await retract(store, id_)
    assert "newer" not in await text_of_log(store)
    assert await store.number_of("lumen_content") == 1  # that of the event, without its text


async def test_many_rows_change_in_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 2)
    id_ = await publish(store, *USERS)
    step = await edit(store, id_, content="new")
    assert step.changed == 2
    assert step.following is not None
    step = await store.committer.submit(step.following)
    assert (step.changed, step.following) == (1, None)
    edited = [event for event in store.events if event.kind == "notification_edited"]
    assert [event.audience.user_id for event in edited] == list(USERS)


async def test_what_changes_nothing_appends_no_event(store: Store) -> None:
    id_ = await publish(store, "ann")
    number = len(store.events)
    assert await edit(store, id_, content="hello") == module.Edited(found=1, changed=0, position=number)
    assert (await edit(store, id_, OTHER, content="new")).found == 0
    assert len(store.events) == number


async def test_only_a_later_part_of_a_group_hides_an_edit(store: Store) -> None:
    id_ = await publish(store, "ann", content="one", sender="bob", group_key="k")
    await edit(store, id_, content="one, changed")
    store.now += 2000
    await publish(store, "ann", content="two", sender="cyd", group_key="k")
    assert (await bodies(store, "ann"))[0]["content"] == "two"
    await retract(store, id_, sender="cyd")
    (row,) = await bodies(store, "ann")
    assert (row["content"], "edited_at" in row) == ("one, changed", True)
    assert json.dumps("two") not in await text_of_log(store)
