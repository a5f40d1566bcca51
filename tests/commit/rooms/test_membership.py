"""Membership: who gets which event in which order, and which counts it states."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom, create_rooms
from lumen_notify.model import Event

from ..store import Store
from .changes import do, kinds_and_audiences, make, publish, unread_of
from .conversation import batch, run_sql, send


async def test_user_who_joins_two_rooms_in_one_transaction_is_in_each_from_its_own_event_on(
    store: Store,
) -> None:
    both = [CreateRoom(id=room, kind="private", creator="ann", title=None, members=()) for room in ("r", "q")]
    async with store.log.transaction() as tx:
        await create_rooms(tx, both)
    stated = [(event.position, sorted(json.loads(event.body)["rooms"])) for event in tx.events]
    assert stated == [(1, ["r"]), (2, ["q", "r"])]


async def test_user_gets_their_event_after_the_room_if_they_join_and_before_it_if_they_leave(
    store: Store,
) -> None:
    await make(store)
    joined = await do(store, "bob", "put", "bob")
    left = await do(store, "bob", "remove", "bob")

    assert [(event.kind, event.audience) for event in store.events[1:]] == [
        ("member", "room:r"),
        ("joined", "user:bob"),
        ("left", "user:bob"),
        ("member", "room:r"),
    ]
    assert (joined.roles, joined.position) == ({"bob": "member"}, 3)
    assert (left.roles, left.position) == ({"bob": None}, 5)
    assert json.loads(store.events[3].body)["data"] == {
        "room_id": "r",
        "since": 3,
        "reason": "left",
        "by": "bob",
    }


async def test_users_added_at_once_are_announced_to_the_room_by_one_event(store: Store) -> None:
    await make(store, "private", "bob")
    seen = len(store.events)
    users = tuple(f"u{number:03d}" for number in range(150))

    changed = await do(store, "ann", "add", "bob", *users)

    assert changed.roles == dict.fromkeys(("bob", *users), "member")
    assert kinds_and_audiences(store.events[seen:]) == [
        ("member", "room:r"),
        *(("joined", f"user:{user}") for user in users),
    ]
    data = json.loads(store.events[seen].body)["data"]
    assert (len(data["members"]), data["changed"], data["members_count"]) == (100, 150, 152)
    assert changed.position == store.events[-1].position


async def test_nothing_from_before_is_unread_and_nothing_of_a_membership_stays_behind(store: Store) -> None:
    await make(store)
    await send(store)
    await publish(store)
    await do(store, "bob", "put", "bob")
    await send(store)
    await publish(store)
    assert await unread_of(store, "bob") == (1, {"news": 1})

    await do(store, "bob", "remove", "bob")
    rows = await run_sql(store.database, "SELECT count(*) FROM lumen_read_count WHERE user_id = 'bob'")
    assert [tuple(row) for row in rows] == [(0,)]
    await do(store, "bob", "put", "bob")
    assert await unread_of(store, "bob") == (0, {})


@pytest.mark.parametrize("joins_first", [True, False])
async def test_leaving_two_rooms_at_once_states_the_counts_after_each(
    store: Store, joins_first: bool
) -> None:
    for room in ("r", "s", "t"):
        await make(store, room=room)
    for room in ("r", "s"):
        await do(store, "bob", "put", "bob", room=room)
        await send(store, room=room)
        await publish(store, room, category=f"of-{room}")
    leave_r, leave_s = (
        ChangeMembers(room_id=room, caller="bob", action="remove", users=("bob",)) for room in ("r", "s")
    )
    join_t = ChangeMembers(room_id="t", caller="bob", action="put", users=("bob",))
    seen = len(store.events)

    await batch(store, *((join_t, leave_r, leave_s) if joins_first else (leave_r, join_t, leave_s)))

    stated = {event.kind + body["data"]["room_id"]: body for event, body in _of_bob(store.events[seen:])}
    with_r = {"of-r": 1, "of-s": 1}
    assert _numbers(stated["joinedt"]) == (
        ({"r": 1, "s": 1, "t": 0}, with_r) if joins_first else ({"s": 1, "t": 0}, {"of-s": 1})
    )
    assert _numbers(stated["leftr"]) == ({"s": 1} | ({"t": 0} if joins_first else {}), {"of-s": 1})
    assert _numbers(stated["lefts"]) == ({"t": 0}, {})


def _of_bob(events: Sequence[Event]) -> list[tuple[Event, Any]]:
    return [(event, json.loads(event.body)) for event in events if event.audience == "user:bob"]


def _numbers(body: Any) -> tuple[dict[str, int], dict[str, int]]:
    return body["rooms"], body["categories"]
