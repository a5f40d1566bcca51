"""Rooms by HTTP: created, found, renamed and deleted, and what each user's streams show of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from clients import EventStream, Frame, token
from sites import OpenSite, Site, refused

from ..talk import ROOMS, call, done, paged


async def test_members_see_their_counts_of_a_room_and_other_users_do_not(room: Site) -> None:
    await done(room, "bob", "POST", f"{ROOMS}/here/messages", {"content": "hi"})

    inside = await done(room, "alice", "GET", f"{ROOMS}/here")
    outside = await done(room, "eve", "GET", f"{ROOMS}/here")

    assert (inside["role"], inside["unread"], inside["last_seq"], inside["members_count"]) == (
        "owner",
        1,
        1,
        2,
    )
    assert inside["last_message"]["content"] == "hi"
    own = {"role": None, "unread": None, "last_read_seq": None, "push": None, "last_message": None}
    assert outside == inside | own
    assert (await done(room, "eve", "GET", ROOMS))["items"] == []
    assert (await done(room, "eve", "GET", f"{ROOMS}?public=true"))["items"] == [outside]
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")
    joined = await done(room, "eve", "GET", f"{ROOMS}/here")
    assert (joined["unread"], joined["last_read_seq"], joined["members_count"]) == (0, 1, 3)


async def test_rooms_come_in_pages_the_newest_activity_first(stored: Site) -> None:
    for number in range(7):
        stored.ahead_ms += 1000
        kind = "public" if number % 2 else "private"
        await done(stored, "alice", "POST", ROOMS, {"id": f"r{number}", "kind": kind})
    stored.ahead_ms += 1000
    await done(stored, "alice", "POST", f"{ROOMS}/r2/messages", {"content": "hi"})

    assert await paged(stored, "alice", f"{ROOMS}?limit=3") == ["r2", "r6", "r5", "r4", "r3", "r1", "r0"]
    assert await paged(stored, "bob", f"{ROOMS}?limit=2&public=true") == ["r5", "r3", "r1"]
    assert await paged(stored, "bob", f"{ROOMS}?limit=2") == []


@pytest.mark.parametrize("cursor", ["7", "x-y", "-1-r", "1-", "1-UPPER", f"{10**16}-r", "1-r\0"])
async def test_an_invalid_cursor_is_refused(site: Site, cursor: str) -> None:
    answer = await site.http.get(
        ROOMS, params={"cursor": f"rooms:{cursor}"}, headers={"Authorization": f"Bearer {token('alice')}"}
    )
    refused(answer, 422, "invalid", "cursor")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "Upper"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "a\0"}, "id"),
        ({"kind": "secret"}, "kind"),
        ({"title": ""}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"members": "bob"}, "members"),
        ({"members": ["bob", 7]}, "members.1"),
        ({"members": ["u" * 129]}, "members.0"),
        ({"members": [f"u{number}" for number in range(1001)]}, "members"),
        ({"kind": "direct"}, "body"),
        ({"kind": "direct", "members": ["bob", "eve"]}, "body"),
        ({"kind": "direct", "members": ["bob"], "title": "t"}, "body"),
        ({"kind": "direct", "members": ["alice"]}, "members"),
        ({"name": "general"}, "name"),
    ],
)
async def test_an_invalid_room_is_refused_by_field(site: Site, body: Any, field: str) -> None:
    refused(await call(site, "alice", "POST", ROOMS, body), 422, "invalid", field)
    assert (await done(site, "alice", "GET", ROOMS))["items"] == []


@pytest.mark.parametrize("title", [{}, {"title": 7}])
async def test_a_wrong_title_is_refused_by_field(site: Site, title: Any) -> None:
    await done(site, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
    refused(await call(site, "alice", "PATCH", f"{ROOMS}/r", title), 422, "invalid", "title")


async def test_an_id_is_taken_until_the_room_is_deleted(stored: Site) -> None:
    await done(stored, "alice", "POST", ROOMS, {"id": "r"})
    refused(await call(stored, "bob", "POST", ROOMS, {"id": "r"}), 409, "room_taken")
    assert await done(stored, "alice", "DELETE", f"{ROOMS}/r") is None
    refused(await call(stored, "alice", "GET", f"{ROOMS}/r"), 404, "not_found")
    assert (await done(stored, "bob", "POST", ROOMS, {"id": "r"}))["role"] == "owner"


async def test_two_users_have_one_direct_room_whose_members_cannot_change(stored: Site) -> None:
    made = await call(stored, "alice", "POST", ROOMS, {"kind": "direct", "members": ["bob"]})
    found = await call(stored, "bob", "POST", ROOMS, {"kind": "direct", "members": ["alice"]})
    assert (made.status_code, found.status_code) == (201, 200)
    path = f"{ROOMS}/{made.json()['id']}"
    assert (found.json()["id"], found.json()["peer_id"]) == (made.json()["id"], "alice")
    for method, tail in (
        ("DELETE", "/members/alice"),
        ("DELETE", "/members/bob"),
        ("PUT", "/members/eve"),
        ("PUT", "/bans/bob"),
    ):
        refused(await call(stored, "alice", method, path + tail), 409, "room_is_direct")
    refused(await call(stored, "alice", "PATCH", path, {"title": "x"}), 403, "role_too_low")
    refused(await call(stored, "alice", "DELETE", path), 403, "role_too_low")
    refused(await call(stored, "eve", "PUT", f"{path}/members/eve"), 404, "not_found")


async def test_a_user_has_a_limit_of_rooms_besides_direct_ones(open_with: OpenSite) -> None:
    async with open_with(max_rooms_per_user=2) as site:
        for id_ in ("r", "s"):
            await done(site, "alice", "POST", ROOMS, {"id": id_, "kind": "public"})
        await done(site, "bob", "POST", ROOMS, {"id": "t", "kind": "public"})
        own: list[tuple[str, str, str, Any]] = [
            ("alice", "POST", ROOMS, {"id": "u"}),
            ("alice", "PUT", f"{ROOMS}/t/members/alice", None),
        ]
        for user, method, path, body in own:
            refused(await call(site, user, method, path, body), 409, "too_many_rooms")
        for id_ in ("v", "w"):  # others may add her to as many more, which do not count as her own
            await done(site, "eve", "POST", ROOMS, {"id": id_, "members": ["alice"]})
        added: list[tuple[str, str, str, Any]] = [
            ("bob", "PUT", f"{ROOMS}/t/members/alice", None),
            ("bob", "POST", f"{ROOMS}/t/members", {"members": ["eve", "alice"]}),
            ("bob", "POST", ROOMS, {"id": "u", "members": ["alice"]}),
        ]
        for user, method, path, body in added:
            refused(await call(site, user, method, path, body), 409, "too_many_rooms")
        await done(site, "alice", "POST", ROOMS, {"kind": "direct", "members": ["bob"]})
        await done(site, "alice", "PUT", f"{ROOMS}/r/members/alice")
        await done(site, "alice", "DELETE", f"{ROOMS}/s/members/alice")
        await done(site, "alice", "PUT", f"{ROOMS}/t/members/alice")


def of_rooms(stream: EventStream) -> list[tuple[str, Any]]:
    """Return what a stream has shown of rooms: names, and what tells one from another."""
    return [
        (frame.event, frame.data["data"].get("change") or frame.data["data"].get("reason"))
        for frame in stream.frames
        if frame.event in ("joined", "left", "member", "room")
    ]


async def test_only_members_and_the_users_concerned_get_a_change_of_a_room(
    room: Site, streams: dict[str, EventStream]
) -> None:
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")
    await done(room, "alice", "PATCH", f"{ROOMS}/here", {"title": "Here"})
    await done(room, "alice", "PUT", f"{ROOMS}/here/members/bob", {"role": "moderator"})
    await done(room, "bob", "PUT", f"{ROOMS}/here/bans/eve")
    await done(room, "alice", "PUT", f"{ROOMS}/here/members/bob", {"role": "member"})
    await done(room, "bob", "DELETE", f"{ROOMS}/here/members/bob")
    await done(room, "alice", "DELETE", f"{ROOMS}/here")
    for user in ("eve", "bob", "alice"):
        last = await room.publish(user, "the last")
        await streams[user].wait_for(partial(shows, streams[user], last), what="the last")

    assert of_rooms(streams["alice"]) == [
        ("member", "joined"),
        ("room", None),
        ("member", "role"),
        ("member", "banned"),
        ("member", "role"),
        ("member", "left"),
        ("left", "deleted"),
    ]
    assert of_rooms(streams["bob"]) == [
        ("member", "joined"),
        ("room", None),
        ("member", "role"),
        ("member", "banned"),
        ("member", "role"),
        ("left", "left"),
    ]
    assert of_rooms(streams["eve"]) == [
        ("joined", None),
        ("room", None),
        ("member", "role"),
        ("left", "banned"),
    ]


def shows(stream: EventStream, id_: str) -> bool:
    return any(frame.data.get("data", {}).get("id") == id_ for frame in stream.frames if frame.data)


async def test_only_events_during_a_users_membership_are_replayed(room: Site) -> None:
    async def say(content: str) -> None:
        await done(room, "alice", "POST", f"{ROOMS}/here/messages", {"content": content})

    first = await EventStream.open(room.base_url, token("eve"))
    ready = await first.wait_for_event("ready")
    await first.close()
    await say("before")
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")
    await say("while")
    await done(room, "eve", "DELETE", f"{ROOMS}/here/members/eve")
    await say("after")
    last = await room.publish("eve", "the last")

    stream = await EventStream.open(room.base_url, token("eve"), cursor=ready.id)
    await stream.wait_for(lambda: shows(stream, last), what="the last")
    await stream.close()

    assert told(stream, lambda frame: frame.event in ("joined", "left", "message", "member")) == [
        "joined",
        "while",
        "left",
        "the last",
    ]


def told(stream: EventStream, is_wanted: Callable[[Frame], bool]) -> list[str]:
    return [
        frame.data["data"]["content"] if frame.event == "message" else frame.event
        for frame in stream.frames
        if is_wanted(frame)
    ]
