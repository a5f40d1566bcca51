"""Members: owners and their successors, and what holds whatever is done."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom, EditRoom
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, Event, new_id

from ..store import Store
from .changes import ROLES, code_of, do, kinds_and_audiences, make, roles_in, unread_of
from .conversation import read, run_sql, send


@pytest.mark.parametrize(
    ("others", "successor"),
    [
        ({"bob": "member", "cyd": "moderator", "dan": "moderator"}, "cyd"),
        ({"bob": "muted", "cyd": "member", "dan": "member"}, "cyd"),
        ({"bob": "member", "cyd": "owner"}, "cyd"),
    ],
)
async def test_when_the_last_owner_leaves_a_successor_becomes_owner(
    store: Store, others: dict[str, str], successor: str
) -> None:
    await make(store, **others)
    await run_sql(store.database, "UPDATE lumen_member SET by_choice = 1")
    before = await roles_in(store)
    seen = len(store.events)

    await do(store, "ann", "remove", "ann")

    after = await roles_in(store)
    assert after == {**{user: before[user] for user in others}, successor: "owner"}
    changes = [json.loads(event.body)["data"] for event in store.events[seen:] if event.kind == "member"]
    assert [change["change"] for change in changes] == ["left"] + ["role"] * (before[successor] != "owner")


async def test_nobody_becomes_owner_who_is_muted_or_was_only_added_by_others(store: Store) -> None:
    await make(store, mo="moderator", bob="member", eve="muted")
    await run_sql(store.database, "UPDATE lumen_member SET by_choice = 1 WHERE user_id = 'eve'")

    await do(store, "ann", "remove", "ann")
    assert await roles_in(store) == {"mo": "moderator", "bob": "member", "eve": "muted"}

    assert await code_of(store, "eve", "put", "eve", role="owner") == "role_too_low"
    assert await code_of(store, "bob", "put", "bob", role="owner") == "ok"
    assert await code_of(store, "mo", "put", "mo", role="owner") == "role_too_low"
    assert await roles_in(store) == {"mo": "moderator", "bob": "owner", "eve": "muted"}


async def test_member_who_was_added_and_has_sent_a_message_may_become_owner(store: Store) -> None:
    await make(store, bob="member", cyd="member")
    await send(store, "cyd")
    await do(store, "ann", "remove", "ann")
    assert await roles_in(store) == {"bob": "member", "cyd": "owner"}


async def test_reading_a_room_or_being_written_to_does_not_make_anybody_owner(store: Store) -> None:
    await make(store, bob="member")
    await send(store, "ann", exclude_user_id="bob")
    await send(store, "bob", is_system=True)
    await read(store, "bob", 2)
    await do(store, "ann", "remove", "ann")
    assert await roles_in(store) == {"bob": "member"}


@pytest.mark.parametrize("others", [{}, {"eve": "muted"}, {"bob": "member"}])
async def test_next_user_to_join_a_room_without_an_owner_becomes_owner(
    store: Store, others: dict[str, str]
) -> None:
    await make(store, **others)
    await do(store, "ann", "remove", "ann")
    await do(store, "dan", "put", "dan")
    assert await roles_in(store) == {**others, "dan": "owner"}
    (joined,) = [event for event in store.events if event.audience == "user:dan"]
    assert json.loads(joined.body)["data"]["role"] == "owner"


@pytest.mark.parametrize("way", ["leaves", "is removed", "is banned"])
async def test_mute_outlasts_leaving_and_joining_again(store: Store, way: str) -> None:
    await make(store, bob="muted")
    if way == "leaves":
        await do(store, "bob", "remove", "bob")
    else:
        await do(store, "ann", "ban" if way == "is banned" else "remove", "bob")
        if way == "is banned":
            await do(store, "ann", "unban", "bob")
    assert (await do(store, "bob", "put", "bob", role="member")).roles == {"bob": "muted"}
    await do(store, "bob", "remove", "bob")
    assert (await do(store, "ann", "add", "bob")).roles == {"bob": "muted"}
    await do(store, "bob", "remove", "bob")
    assert (await do(store, "ann", "put", "bob", role="member")).roles == {"bob": "member"}
    await do(store, "bob", "remove", "bob")
    assert (await do(store, "bob", "put", "bob")).roles == {"bob": "member"}
    assert await store.number_of("lumen_mute") == 0


async def test_muted_user_who_joins_an_empty_room_stays_muted(store: Store) -> None:
    await make(store, bob="muted")
    await do(store, "bob", "remove", "bob")
    await do(store, "ann", "remove", "ann")
    assert (await do(store, "bob", "put", "bob")).roles == {"bob": "muted"}
    await do(store, "bob", "remove", "bob")
    assert (await do(store, "bob", "put", "bob")).roles == {"bob": "muted"}
    assert (await do(store, "cyd", "put", "cyd")).roles == {"cyd": "owner"}
    assert (await do(store, "cyd", "put", "bob", role="member")).roles == {"bob": "member"}


@pytest.mark.parametrize("number", [1, 2])
async def test_one_of_two_owners_who_step_down_at_once_stays_owner(
    store: Store, other_store: Store, number: int
) -> None:
    await make(store, bob="owner", cyd="member")
    instances = (store, (store, other_store)[number - 1])

    answers = await asyncio.gather(
        *(
            do(instance, user, "put", user, role="member")
            for instance, user in zip(instances, ("ann", "bob"), strict=True)
        ),
        return_exceptions=True,
    )

    assert [answer.code for answer in answers if isinstance(answer, Refused)] == ["last_owner"]
    assert sorted((await roles_in(store)).values()) == ["member", "member", "owner"]


async def test_next_member_of_an_empty_public_room_becomes_owner(store: Store) -> None:
    await make(store)
    await do(store, "ann", "remove", "ann")
    assert await roles_in(store) == {}
    assert (await do(store, "bob", "put", "bob")).roles == {"bob": "owner"}
    assert (await do(store, "cyd", "put", "cyd")).roles == {"cyd": "member"}


async def test_a_private_room_that_all_have_left_is_deleted(store: Store) -> None:
    await make(store, "private")
    await do(store, "ann", "remove", "ann")
    with pytest.raises(Refused):
        await do(store, "ann", "put", "ann")
    await store.retention().sweep()
    assert await store.number_of("lumen_room") == 0
    await make(store, "public")


async def test_a_role_and_a_title_are_announced_to_the_room_once(store: Store) -> None:
    await make(store, bob="moderator")
    seen = len(store.events)
    for _ in range(2):
        await do(store, "ann", "put", "bob", role="muted")
        await store.committer.submit(EditRoom(room_id="r", caller="ann", title="Talk"))
    first, second = store.events[seen:]
    assert kinds_and_audiences((first, second)) == [("member", "room:r"), ("room", "room:r")]
    assert json.loads(first.body)["data"]["members"] == [{"user_id": "bob", "role": "muted"}]
    assert json.loads(second.body)["data"] == {"room_id": "r", "title": "Talk", "by": "ann"}
    with pytest.raises(Refused) as refused:
        await store.committer.submit(EditRoom(room_id="r", caller="bob", title="Mine"))
    assert refused.value.code == "role_too_low"


USERS = ("ann", "bob", "cyd", "dan", "eve")
ROOMS = ("r", "s")


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_done_rooms_stay_what_they_should_be(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    for step in range(60):
        commands = [_any_command(chance) for _ in range(chance.choice((1, 1, 3, 8)))]
        before = {room: await roles_in(store, room) for room in ROOMS}
        answers = await asyncio.gather(*map(store.committer.submit, commands), return_exceptions=True)
        assert [a for a in answers if isinstance(a, Exception) and not isinstance(a, Refused)] == []
        if len(commands) == 1 and isinstance(answers[0], Refused):
            assert {room: await roles_in(store, room) for room in ROOMS} == before
        await _check(store)
        if step % 10 == 9:
            await store.retention().sweep()
    assert len(store.events) > 20


def _any_command(chance: random.Random) -> Any:
    room, caller = chance.choice(ROOMS), chance.choice(USERS)
    kind = chance.random()
    if kind < 0.13:
        return CreateRoom(
            id=room,
            kind=chance.choice(("public", "private")),
            creator=caller,
            members=tuple(chance.sample(USERS, 2)),
        )
    if kind < 0.14:
        return DeleteRoom(room_id=room, caller=caller)
    if kind < 0.16:
        return PurgeRoom(room_id=room)
    if kind < 0.18:
        return CreateRoom(id=new_id(), kind="direct", creator="ann", members=("bob",))
    if kind < 0.4:
        one = Publication(
            id=new_id(), audiences=(Audience.room(room),), recipients=None, category="news", fields={}
        )
        return Publish(publications=(one,))
    action = chance.choice(("put", "put", "put", "add", "remove", "ban", "unban"))
    users = tuple(chance.sample(USERS, chance.randint(1, 3) if action == "add" else 1))
    if action in ("put", "remove") and chance.random() < 0.4:
        users = (caller,)
    role = chance.choice((None, *ROLES)) if action in ("put", "add") else None
    return ChangeMembers(room_id=room, caller=caller, action=action, users=users, role=role)  # type: ignore[arg-type]


async def _check(store: Store) -> None:
    """Assert what always is so: between the tables, and between them and the events."""
    members = await run_sql(
        store.database, "SELECT room_id, user_id, role, joined_position FROM lumen_member"
    )
    may_own = "SELECT room_id FROM lumen_member WHERE by_choice = 1 AND role <> 'muted'"
    owned = {room for (room,) in await run_sql(store.database, may_own)}
    rooms = await run_sql(store.database, "SELECT id, kind, members_count FROM lumen_room")
    bans = {tuple(row) for row in await run_sql(store.database, "SELECT room_id, user_id FROM lumen_ban")}
    inside = {(room, user): (role, position) for room, user, role, position in members}
    assert not bans & inside.keys()
    for room, kind, number in rooms:
        roles = [role for (where, _), (role, _) in inside.items() if where == room]
        assert len(roles) == number, room
        if kind == "direct":
            assert roles == ["member", "member"]
        elif kind != "deleting" and room in owned:
            assert "owner" in roles
    assert {room for room, _ in inside} <= {room for room, _, _ in rooms}
    assert {key: position for key, (_, position) in inside.items()} == _followed(store.events)
    for (room, user), (_, position) in inside.items():
        if room in ROOMS:
            newer = f"audience = 'room:{room}' AND position > {position}"
            sql = f"SELECT count(*) FROM lumen_notification WHERE {newer}"  # noqa: S608
            ((number,),) = await run_sql(store.database, sql)
            unread = (await unread_of(store, user, room))[1]
            assert unread == ({"news": number} if number else {}), (room, user)


def _followed(events: Sequence[Event]) -> dict[tuple[str, str], int]:
    """Follow `joined` and `left`: who is where, and since when."""
    inside: dict[tuple[str, str], int] = {}
    for event in events:
        if event.kind not in ("joined", "left"):
            continue
        data = json.loads(event.body)["data"]
        key = (data["room_id"], event.audience.removeprefix("user:"))
        if event.kind == "joined":
            assert key not in inside
            inside[key] = event.position
        else:
            assert inside.pop(key) == data["since"]
    return inside
