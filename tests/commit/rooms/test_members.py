"""Members: what each role may do, who is told in which order, and what is never so whatever is done."""

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
from lumen_notify.commit.rooms.member_list import MemberList
from lumen_notify.commit.rooms.members import ChangedMembers, ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom, EditRoom
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, Event, new_id

from ..store import Store
from .conversation import batch, run_sql, send

ROLES = ("owner", "moderator", "member", "muted")


async def make(store: Store, kind: Any = "public", *members: str, room: str = "r", **roles: Any) -> None:
    """Make a room of ann's; roles: by user, of others than her."""
    await store.committer.submit(CreateRoom(id=room, kind=kind, creator="ann", members=(*members, *roles)))
    for user, role in roles.items():
        await do(store, "ann", "put", user, role=role, room=room)


async def do(
    store: Store, caller: str, action: Any, *users: str, role: Any = None, room: str = "r"
) -> ChangedMembers:
    command = ChangeMembers(room_id=room, caller=caller, action=action, users=users, role=role)
    changed: ChangedMembers = await store.committer.submit(command)
    return changed


async def code_of(store: Store, caller: str, action: Any, *users: str, role: Any = None) -> str:
    """Return the code of the refusal, `ok` for none."""
    head = await store.log.head()
    try:
        await do(store, caller, action, *users, role=role)
    except Refused as refused:
        assert await store.log.head() == head
        return refused.code
    return "ok"


async def roles_in(store: Store, room: str = "r") -> dict[str, str]:
    rows = await MemberList(store.database).page(room, after="", limit=1000)
    return {row.user_id: row.role for row in rows}


def told(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.audience) for event in events]


# ------------------------------------------------------------------------------------------ who may do what
MATRIX = {
    # caller: what he may do to an owner, a moderator, a member, one who is muted, one who is not in
    "owner": {"remove": "yyyy-", "ban": "yyyyy", "mute": "yyyyy", "promote": "yyyyy", "add": "....y"},
    "moderator": {"remove": "nnyy-", "ban": "nnyyy", "mute": "nnyyy", "promote": "nynnn", "add": "....y"},
    "member": {"remove": "nnnnn", "ban": "nnnnn", "mute": "nnnyn", "promote": "nynnn", "add": "nnnnn"},
    "muted": {"remove": "nnnnn", "ban": "nnnnn", "mute": "nnnyn", "promote": "nynnn", "add": "nnnnn"},
    "other": {"remove": "?????", "ban": "?????", "mute": "?????", "promote": "?????", "add": "?????"},
    "banned": {"remove": "?????", "ban": "?????", "mute": "?????", "promote": "?????", "add": "?????"},
}
"""y: done; .: so already, or nothing to do; n: role_too_low; -: not_found; ?: not_a_member, or not_found."""

ACTIONS: dict[str, tuple[str, Any]] = {
    "remove": ("remove", None),
    "ban": ("ban", None),
    "mute": ("put", "muted"),
    "promote": ("put", "moderator"),
    "add": ("add", None),
}


@pytest.mark.parametrize("kind", ["public", "private"])
@pytest.mark.parametrize("caller", MATRIX)
async def test_each_role_does_to_each_what_the_matrix_says(store: Store, caller: str, kind: str) -> None:
    targets = ("t_owner", "t_moderator", "t_member", "t_muted", "t_other")
    callers = {f"c_{role}": role for role in ROLES}
    number = 0
    for name, answers in MATRIX[caller].items():
        action, role = ACTIONS[name]
        for target, mark in zip(targets, answers, strict=True):
            number += 1
            room = f"r{number}"
            members = {user: user[2:] for user in targets[:-1]} | callers
            await store.committer.submit(CreateRoom(id=room, kind=kind, creator="ann"))  # type: ignore[arg-type]
            for user, role_before in members.items():
                await do(store, "ann", "put", user, role=role_before, room=room)
            await do(store, "ann", "ban", "c_banned", room=room)
            before = await roles_in(store, room)
            command = ChangeMembers(
                room_id=room,
                caller=f"c_{caller}",
                action=action,  # type: ignore[arg-type]
                users=(target,),
                role=role,
            )
            outside = "not_a_member" if kind == "public" else "not_found"
            expected = {"n": "role_too_low", "-": "not_found", "?": outside}.get(mark)
            try:
                await store.committer.submit(command)
                code = None
            except Refused as refused:
                code = refused.code
            if mark == "y" and before.get(target) == role and role is not None:
                expected = None  # so already
            assert code == expected, (caller, name, target)
            after = await roles_in(store, room)
            if code is not None:
                assert after == before
            elif action in ("remove", "ban"):
                assert target not in after
            else:
                assert after == before | {target: after[target]}
                assert role is None or after[target] == role


async def test_one_joins_a_public_room_by_oneself_and_a_private_one_only_if_add(store: Store) -> None:
    await make(store)
    assert await code_of(store, "bob", "put", "bob", role="moderator") == "role_too_low"
    assert await code_of(store, "bob", "put", "bob") == "ok"
    await make(store, "private", room="s")
    for action in ("put", "remove", "ban", "unban", "add"):
        with pytest.raises(Refused) as refused:
            await do(store, "bob", action, "bob", room="s")
        assert refused.value.code == "not_found"


async def test_who_is_banned_stays_out_until_the_ban_ends(store: Store) -> None:
    await make(store, bob="moderator", cyd="member")
    assert (await do(store, "bob", "ban", "cyd")).roles == {"cyd": None}
    assert await code_of(store, "cyd", "put", "cyd") == "banned"
    assert await code_of(store, "ann", "put", "cyd", role="member") == "banned"
    assert await code_of(store, "ann", "add", "eve", "cyd") == "banned"
    assert set(await roles_in(store)) == {"ann", "bob"}
    ban = await MemberList(store.database).ban("r", "cyd")
    assert ban is not None
    assert (ban.banned_by, ban.banned_at) == ("bob", store.now)
    assert await code_of(store, "cyd", "unban", "cyd") == "not_a_member"
    assert await code_of(store, "bob", "unban", "cyd") == "ok"
    assert await code_of(store, "bob", "unban", "cyd") == "not_found"
    assert await code_of(store, "cyd", "put", "cyd") == "ok"


async def test_nobody_bans_himself_and_a_ban_again_changes_nothing(store: Store) -> None:
    await make(store, bob="member")
    assert await code_of(store, "ann", "ban", "ann") == "role_too_low"
    await do(store, "ann", "ban", "eve")
    head = await store.log.head()
    store.now += 1000
    await do(store, "ann", "ban", "eve")
    ban = await MemberList(store.database).ban("r", "eve")
    assert ban is not None
    assert ban.banned_at == store.now - 1000
    assert await store.log.head() == head


async def test_one_steps_down_by_oneself_but_the_last_owner_does_not(store: Store) -> None:
    await make(store, bob="owner", cyd="moderator", dan="member", eve="muted")
    assert await code_of(store, "cyd", "put", "cyd", role="muted") == "role_too_low"
    assert await code_of(store, "cyd", "put", "cyd", role="owner") == "role_too_low"
    assert await code_of(store, "cyd", "put", "cyd", role="member") == "ok"
    assert await code_of(store, "dan", "put", "dan", role="muted") == "role_too_low"
    assert await code_of(store, "eve", "put", "eve", role="member") == "role_too_low"
    assert await code_of(store, "bob", "put", "bob", role="moderator") == "ok"
    assert await code_of(store, "ann", "put", "ann", role="moderator") == "last_owner"
    assert (await roles_in(store))["ann"] == "owner"


@pytest.mark.parametrize(
    ("others", "heir"),
    [
        ({"bob": "member", "cyd": "moderator", "dan": "moderator"}, "cyd"),
        ({"bob": "muted", "cyd": "member", "dan": "member"}, "cyd"),
        ({"bob": "muted", "cyd": "muted"}, "bob"),
        ({"bob": "member", "cyd": "owner"}, "cyd"),
    ],
)
async def test_when_the_last_owner_leaves_the_room_has_an_heir(
    store: Store, others: dict[str, str], heir: str
) -> None:
    await make(store, **others)
    before = await roles_in(store)
    seen = len(store.events)

    await do(store, "ann", "remove", "ann")

    after = await roles_in(store)
    assert after == {**{user: before[user] for user in others}, heir: "owner"}
    changes = [json.loads(event.body)["data"] for event in store.events[seen:] if event.kind == "member"]
    assert [change["change"] for change in changes] == ["left"] + ["role"] * (before[heir] != "owner")


@pytest.mark.parametrize("number", [1, 2])
async def test_of_two_owners_who_step_down_at_once_one_stays(
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


async def test_a_public_room_that_all_have_left_belongs_to_who_joins_next(store: Store) -> None:
    await make(store)
    await do(store, "ann", "remove", "ann")
    assert await roles_in(store) == {}
    assert (await do(store, "bob", "put", "bob")).roles == {"bob": "owner"}
    assert (await do(store, "cyd", "put", "cyd")).roles == {"cyd": "member"}


async def test_a_private_room_that_all_have_left_is_taken_away(store: Store) -> None:
    await make(store, "private")
    await do(store, "ann", "remove", "ann")
    with pytest.raises(Refused):
        await do(store, "ann", "put", "ann")
    await store.retention().sweep()
    assert await store.number_of("room") == 0
    await make(store, "public")


# ----------------------------------------------------------------------------------------------- who is told
async def test_all_who_are_add_at_once_are_told_to_the_room_by_one_event(store: Store) -> None:
    await make(store, "private", "bob")
    seen = len(store.events)
    users = tuple(f"u{number:03d}" for number in range(150))

    changed = await do(store, "ann", "add", "bob", *users)

    assert changed.roles == dict.fromkeys(("bob", *users), "member")
    assert told(store.events[seen:]) == [
        ("member", "room:r"),
        *(("joined", f"user:{user}") for user in users),
    ]
    data = json.loads(store.events[seen].body)["data"]
    assert (len(data["members"]), data["changed"], data["members_count"]) == (100, 150, 152)
    assert changed.position == store.events[-1].position


async def test_a_role_and_a_title_are_told_to_the_room_once(store: Store) -> None:
    await make(store, bob="moderator")
    seen = len(store.events)
    for _ in range(2):
        await do(store, "ann", "put", "bob", role="muted")
        await store.committer.submit(EditRoom(room_id="r", caller="ann", title="Talk"))
    first, second = store.events[seen:]
    assert told((first, second)) == [("member", "room:r"), ("room", "room:r")]
    assert json.loads(first.body)["data"]["members"] == [{"user_id": "bob", "role": "muted"}]
    assert json.loads(second.body)["data"] == {"room_id": "r", "title": "Talk", "by": "ann"}
    with pytest.raises(Refused) as refused:
        await store.committer.submit(EditRoom(room_id="r", caller="bob", title="Mine"))
    assert refused.value.code == "role_too_low"


async def test_nothing_of_before_is_unread_and_nothing_of_before_stays_behind(store: Store) -> None:
    await make(store)
    await send(store)
    await publish(store)
    await do(store, "bob", "put", "bob")
    await send(store)
    await publish(store)
    assert await unread_of(store, "bob") == (1, {"news": 1})

    await do(store, "bob", "remove", "bob")
    rows = await run_sql(store.database, "SELECT count(*) FROM settled WHERE user_id = 'bob'")
    assert [tuple(row) for row in rows] == [(0,)]
    await do(store, "bob", "put", "bob")
    assert await unread_of(store, "bob") == (0, {})


@pytest.mark.parametrize("joins_first", [True, False])
async def test_who_leaves_two_rooms_at_once_is_told_of_the_first_with_the_other_in_his_counts(
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


async def publish(store: Store, room: str = "r", category: str = "news") -> None:
    one = Publication(
        id=new_id(), audiences=(Audience.room(room),), recipients=None, category=category, fields={}
    )
    await store.committer.submit(Publish(publications=(one,)))


async def unread_of(store: Store, user: str, room: str = "r") -> tuple[int, dict[str, int]]:
    """Count a member's messages, and the room's notifications by category, by the rows that count them."""
    ((messages,),) = await run_sql(
        store.database,
        "SELECT o.last_seq - m.last_read_seq FROM member m JOIN room o ON o.id = m.room_id"  # noqa: S608
        f" WHERE m.user_id = '{user}' AND m.room_id = '{room}'",
    )
    rows = await run_sql(
        store.database,
        "SELECT t.category, t.live - coalesce(s.count, 0) FROM tally t LEFT JOIN settled s"  # noqa: S608
        f" ON s.user_id = '{user}' AND s.audience = t.audience AND s.category = t.category"
        f" WHERE t.audience = 'room:{room}'",
    )
    return messages, {category: number for category, number in rows if number}


# --------------------------------------------------------------------------------------- whatever is done
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
    members = await run_sql(store.database, "SELECT room_id, user_id, role, joined_position FROM member")
    rooms = await run_sql(store.database, "SELECT id, kind, members_count FROM room")
    bans = {tuple(row) for row in await run_sql(store.database, "SELECT room_id, user_id FROM ban")}
    inside = {(room, user): (role, position) for room, user, role, position in members}
    assert not bans & inside.keys()
    for room, kind, number in rooms:
        roles = [role for (where, _), (role, _) in inside.items() if where == room]
        assert len(roles) == number, room
        if kind == "direct":
            assert roles == ["member", "member"]
        elif kind != "gone" and roles:
            assert "owner" in roles
    assert {room for room, _ in inside} <= {room for room, _, _ in rooms}
    assert {key: position for key, (_, position) in inside.items()} == _followed(store.events)
    for (room, user), (_, position) in inside.items():
        if room in ROOMS:
            newer = f"audience = 'room:{room}' AND position > {position}"
            sql = f"SELECT count(*) FROM notification WHERE {newer}"  # noqa: S608
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
