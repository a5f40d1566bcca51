"""Edits: a message keeps its place whatever becomes of what it says."""

from __future__ import annotations

import json

import pytest

from lumen_notify.commit.rooms.edits import ChangedMessage, DeleteMessage, EditMessage
from lumen_notify.errors import Forbidden, NotFound, Refused
from lumen_notify.model import rfc3339

from ..store import Store
from .conversation import batch, history, marks, open_room, run_sql, send


def edit(id_: str, user: str = "ann", content: str = "changed", room: str = "r") -> EditMessage:
    return EditMessage(room_id=room, user_id=user, id=id_, content=content)


def delete(id_: str, user: str = "ann", room: str = "r") -> DeleteMessage:
    return DeleteMessage(room_id=room, user_id=user, id=id_)


async def test_edit_is_shown_in_history_and_announced_to_the_room(store: Store) -> None:
    await open_room(store, "ann", "bob")
    sent = await send(store, "ann", "hi", client_id="c")
    (before,) = await history(store)
    store.events.clear()
    store.now += 1000

    done = await store.committer.submit(edit(sent.id))

    after = before | {"content": "changed", "edited_at": rfc3339(store.now)}
    event, rewritten = store.events
    assert (event.kind, event.audience, event.position) == ("message_edited", "room:r", done.position)
    assert (rewritten.kind, rewritten.audience) == ("rewritten", "nobody")
    assert json.loads(event.body) == {"data": after}
    assert await history(store, "bob") == [after]
    assert json.loads(done.body) == after
    assert await marks(store) == {"ann": 1, "bob": 0}


async def test_an_edit_that_changes_nothing_is_no_event(store: Store) -> None:
    await open_room(store, "ann")
    sent = await send(store, "ann", "hi")
    (before,) = await history(store)
    store.events.clear()

    done = await store.committer.submit(edit(sent.id, content="hi"))

    assert isinstance(done, ChangedMessage)
    assert json.loads(done.body) == before
    assert store.events == []


async def test_deleted_message_keeps_its_place_without_content(store: Store) -> None:
    await open_room(store, "ann", "bob")
    first = await send(store)
    sent = await send(store, "ann", "secret", reply_to=1, mentions=("bob",), client_id="c")
    await send(store)
    assert await store.unread("bob") == {"mention": 1}
    store.events.clear()

    done = await store.committer.submit(delete(sent.id))

    shown = {
        "id": sent.id,
        "room_id": "r",
        "seq": 2,
        "sender": {"id": "ann", "username": "ann", "avatar": None},
        "kind": "text",
        "reply_to": {"id": first.id, "seq": 1},
        "content": "",
        "created_at": rfc3339(store.now),
        "deleted_at": rfc3339(store.now),
        "deleted_by": "ann",
    }
    assert json.loads(done.body) == shown
    assert (await history(store, "bob"))[1] == shown
    assert [one["seq"] for one in await history(store)] == [1, 2, 3]
    assert [(event.kind, event.audience) for event in store.events] == [
        ("message_deleted", "room:r"),
        ("expire", "user:bob"),
        ("rewritten", "nobody"),
    ]
    assert json.loads(store.events[0].body) == {"data": shown}
    assert await store.unread("bob") == {}
    assert await marks(store) == {"ann": 3, "bob": 0}
    assert (await send(store, client_id="c")).id == sent.id  # a late repeat does not bring it back


async def test_a_deleted_message_can_neither_be_edited_nor_deleted_again(store: Store) -> None:
    await open_room(store, "ann")
    sent = await send(store)

    answers = await batch(store, delete(sent.id), delete(sent.id), edit(sent.id))

    assert isinstance(answers[0], ChangedMessage)
    assert [type(answer) for answer in answers[1:]] == [NotFound, NotFound]


@pytest.mark.parametrize(
    ("user", "room", "edits", "deletes"),
    [
        ("bob", "r", "role_too_low", "role_too_low"),
        ("mo", "r", "role_too_low", None),
        ("olga", "r", "role_too_low", None),
        ("eve", "r", "not_a_member", "not_a_member"),
        ("eve", "p", "not_found", "not_found"),
        ("ann", "nowhere", "not_found", "not_found"),
        ("ann", "p", "not_found", "not_found"),
    ],
)
async def test_others_may_not_edit_and_only_moderators_may_delete(
    store: Store, user: str, room: str, edits: str, deletes: str | None
) -> None:
    await open_room(store, "ann", "bob", mo="moderator", olga="owner")
    await open_room(store, "ann", room="p", kind="private")
    sent = await send(store, "ann")
    store.events.clear()

    refused, deleted = [
        (await batch(store, command))[0]
        for command in (edit(sent.id, user, room=room), delete(sent.id, user, room=room))
    ]

    assert isinstance(refused, Refused)
    assert refused.code == edits
    assert (deleted.code if isinstance(deleted, Refused) else None) == deletes
    assert len(store.events) == (0 if deletes else 2)


async def test_muted_user_may_delete_but_not_edit_their_message(store: Store) -> None:
    await open_room(store, "ann")
    sent = await send(store)
    await run_sql(store.database, "UPDATE lumen_member SET role = 'muted'")

    with pytest.raises(Forbidden) as refused:
        await store.committer.submit(edit(sent.id))
    assert refused.value.code == "muted"
    assert isinstance(await store.committer.submit(delete(sent.id)), ChangedMessage)


async def test_many_are_changed_in_one_batch(store: Store) -> None:
    await open_room(store, "ann")
    ids = [(await send(store)).id for _ in range(10)]

    await batch(store, *(edit(id_, content=id_) for id_ in ids[:5]), *(delete(id_) for id_ in ids[5:]))

    assert [one["content"] for one in await history(store)] == [*ids[:5], *[""] * 5]


async def in_log(store: Store, text: str) -> list[str]:
    """Return the kinds of the events in the log that have a text."""
    events = await store.log.after(0)
    return [event.kind for event in events if text in event.body]


async def test_old_text_of_an_edited_message_leaves_the_log(store: Store) -> None:
    await open_room(store, "ann", "bob")
    sent = await send(store, "ann", "first words", mentions=("bob",), exclude_user_id="bob")

    for content in ("second words", "third words"):
        await store.committer.submit(edit(sent.id, content=content))

    assert await in_log(store, "first words") == []
    assert await in_log(store, "second words") == []
    assert await in_log(store, "third words") == [
        "message",
        "notification",
        "message_edited",
        "notification_edited",
    ]
    (message,) = [event for event in await store.log.after(0) if event.kind == "message"]
    assert (json.loads(message.body)["sender_id"], json.loads(message.body)["exclude_user_id"]) == (
        "ann",
        "bob",
    )
    assert [event.position for event in await store.log.after(0)] == list(range(1, 9))


async def test_text_of_a_deleted_message_leaves_the_log_and_the_lists(store: Store) -> None:
    await open_room(store, "ann", "bob", "cyd")
    sent = await send(store, "ann", "first words", mentions=("bob", "cyd"))
    await store.committer.submit(edit(sent.id, content="second words"))
    await run_sql(
        store.database, "DELETE FROM lumen_notification WHERE audience = 'user:cyd'"
    )  # as by retention

    await store.committer.submit(delete(sent.id))

    assert await in_log(store, "words") == []
    assert await store.number_of("lumen_notification") == 0
    assert await store.unread("bob") == {}


async def test_repeated_edits_keep_track_of_few_events(store: Store) -> None:
    await open_room(store, "ann", "bob")
    sent = await send(store, "ann", mentions=("bob",))
    for number in range(5):
        await store.committer.submit(edit(sent.id, content=f"take {number}"))
    ((copies,),) = await run_sql(store.database, "SELECT copies FROM lumen_message")
    assert len(json.loads(copies)) == 3


async def test_edit_of_a_message_whose_events_were_trimmed_is_an_edit(store: Store) -> None:
    await open_room(store, "ann")
    sent = await send(store, "ann", "old")
    await run_sql(store.database, "DELETE FROM lumen_event")
    await store.committer.submit(edit(sent.id, content="new"))
    assert [one["content"] for one in await history(store)] == ["new"]
    assert await in_log(store, "old") == []
