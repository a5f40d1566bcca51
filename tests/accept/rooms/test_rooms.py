"""Rooms and their members by HTTP: who may do what, what each sees of it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from clients import EventStream, Frame, token
from lumen_notify.model import to_json
from sites import OpenSite, Site, refused

from ..talk import ROOMS, call, done

ROLES = ("owner", "moderator", "member", "muted")

CALLERS = (*ROLES, "outsider", "banned")

ROUTES: dict[str, tuple[str, str, Any]] = {
    "see it": ("GET", "", None),
    "list members": ("GET", "/members", None),
    "list bans": ("GET", "/bans", None),
    "ask for a ban": ("GET", "/bans/banned", None),
    "rename": ("PATCH", "", {"title": "Other"}),
    "let in": ("PUT", "/members/new", None),
    "let many in": ("POST", "/members", {"members": ["new", "newer"]}),
    "make a moderator": ("PUT", "/members/other", {"role": "moderator"}),
    "mute": ("PUT", "/members/other", {"role": "muted"}),
    "put out": ("DELETE", "/members/other", None),
    "ban": ("PUT", "/bans/other", None),
    "unban": ("DELETE", "/bans/banned", None),
    "join": ("PUT", "/members/{me}", None),
    "leave": ("DELETE", "/members/{me}", None),
    "make himself an owner": ("PUT", "/members/{me}", {"role": "owner"}),
    "ban the owner": ("PUT", "/bans/first", None),
    "end it": ("DELETE", "", None),
}

OK, LOW, OUT, GONE, BANNED = "ok", "role_too_low", "not_a_member", "not_found", "banned"

# In the order of CALLERS, in a public room.
EXPECTED: dict[str, tuple[str, ...]] = {
    "see it": (OK, OK, OK, OK, OK, OK),
    "list members": (OK, OK, OK, OK, OUT, OUT),
    "list bans": (OK, OK, LOW, LOW, OUT, OUT),
    "ask for a ban": (OK, OK, LOW, LOW, OUT, OUT),
    "rename": (OK, OK, LOW, LOW, OUT, OUT),
    "let in": (OK, OK, LOW, LOW, OUT, OUT),
    "let many in": (OK, OK, LOW, LOW, OUT, OUT),
    "make a moderator": (OK, LOW, LOW, LOW, OUT, OUT),
    "mute": (OK, OK, LOW, LOW, OUT, OUT),
    "put out": (OK, OK, LOW, LOW, OUT, OUT),
    "ban": (OK, OK, LOW, LOW, OUT, OUT),
    "unban": (OK, OK, LOW, LOW, OUT, OUT),
    "join": (OK, OK, OK, OK, OK, BANNED),
    "leave": (OK, OK, OK, OK, GONE, GONE),
    "make himself an owner": (OK, LOW, LOW, LOW, LOW, BANNED),
    "ban the owner": (OK, LOW, LOW, LOW, OUT, OUT),
    "end it": (OK, LOW, LOW, LOW, OUT, OUT),
}


async def build(site: Site, id_: str, kind: str) -> None:
    """Make a room with one of each role beside its first owner, one who is banned, and one other."""
    await done(
        site, "first", "POST", ROOMS, {"id": id_, "kind": kind, "title": "T", "members": [*ROLES, "other"]}
    )
    for role in ROLES:
        await done(site, "first", "PUT", f"{ROOMS}/{id_}/members/{role}", {"role": role})
    await done(site, "first", "PUT", f"{ROOMS}/{id_}/bans/banned")


@pytest.mark.parametrize("kind", ["public", "private", "unknown"])
@pytest.mark.parametrize("what", ROUTES)
async def test_each_role_may_do_what_the_table_says_and_nobody_sees_a_room_of_others(
    site: Site, what: str, kind: str
) -> None:
    method, tail, body = ROUTES[what]
    for caller, expected in zip(CALLERS, EXPECTED[what], strict=True):
        id_ = f"r-{caller}"
        if kind != "unknown":
            await build(site, id_, kind)
        is_inside = caller in ROLES and kind != "unknown"
        code = expected if kind == "public" or is_inside else GONE
        path = f"{ROOMS}/{id_}"
        before = [await call(site, "first", "GET", path + more) for more in ("", "/members", "/bans")]

        answer = await call(site, caller, method, path + tail.format(me=caller), body)

        assert answer.json().get("code", OK) == code, (caller, answer.text)
        if code != OK:
            after = [await call(site, "first", "GET", path + more) for more in ("", "/members", "/bans")]
            assert [one.json() for one in after] == [one.json() for one in before]


async def test_without_a_token_there_is_nothing(site: Site) -> None:
    await build(site, "r", "public")
    for method, tail, _ in ROUTES.values():
        answer = await site.send(method, f"{ROOMS}/r{tail.format(me='owner')}", headers={})
        refused(answer, 401, "token_missing")


async def test_a_room_is_seen_by_members_with_their_numbers_and_by_others_without(room: Site) -> None:
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
    own = {"role": None, "unread": None, "last_read_seq": None, "last_message": None}
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


async def test_members_and_bans_come_in_pages_by_id(stored: Site) -> None:
    users = [f"u{number}" for number in range(7)]
    await done(stored, "alice", "POST", ROOMS, {"id": "r", "members": users})
    for user in users[:5]:
        await done(stored, "alice", "PUT", f"{ROOMS}/r/bans/{user}")
    assert await paged(stored, "alice", f"{ROOMS}/r/members?limit=2", "user_id") == ["alice", "u5", "u6"]
    assert await paged(stored, "alice", f"{ROOMS}/r/bans?limit=2", "user_id") == users[:5]


async def paged(site: Site, user: str, path: str, name: str = "id") -> list[str]:
    """Read all pages of a list."""
    found: list[str] = []
    page = await done(site, user, "GET", path)
    while True:
        found += [item[name] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        page = await done(site, user, "GET", f"{path}&cursor={page['next_cursor']}")


ODD_IDS = [
    "a/b",
    "../r",
    "ünï cödé",
    "🍵",
    "מה",
    "a%2Fb",
    "x" * 128,
    "'; --",
    "a b",
    "a?b#c",
    "room:r",
    "null",
]


@pytest.mark.parametrize("user", ODD_IDS)
async def test_any_user_id_can_be_let_in_found_and_put_out(stored: Site, user: str) -> None:
    await done(stored, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
    path = quote(user, safe="")
    joined = await done(stored, user, "PUT", f"{ROOMS}/r/members/{path}")
    assert (joined["user_id"], joined["role"]) == (user, "member")
    listed = (await done(stored, "alice", "GET", f"{ROOMS}/r/members"))["items"]
    assert {item["user_id"] for item in listed} == {"alice", user}
    assert (await done(stored, "alice", "PUT", f"{ROOMS}/r/bans/{path}"))["role"] is None
    assert (await done(stored, "alice", "GET", f"{ROOMS}/r/bans/{path}"))["user_id"] == user


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
async def test_a_room_that_cannot_be_is_refused_by_field(site: Site, body: Any, field: str) -> None:
    refused(await call(site, "alice", "POST", ROOMS, body), 422, "invalid", field)
    assert (await done(site, "alice", "GET", ROOMS))["items"] == []


@pytest.mark.parametrize(
    ("method", "tail", "body", "field"),
    [
        ("PUT", "/members/bob", {"role": "king"}, "role"),
        ("PUT", "/members/bob", {"rule": "owner"}, "rule"),
        ("PUT", "/members/bob", [], "body"),
        ("PUT", "/members/a%00", None, "user"),
        ("PUT", f"/members/{'u' * 129}", None, "user"),
        ("PUT", "/bans/a%0a", None, "user"),
        ("GET", "/bans/%7f", None, "user"),
        ("POST", "/members", {"members": []}, "members"),
        ("POST", "/members", {"members": ["bob"], "role": "owner"}, "role"),
        ("POST", "/members", {"members": [f"u{number}" for number in range(1001)]}, "members"),
        ("PATCH", "", {}, "title"),
        ("PATCH", "", {"title": 7}, "title"),
        ("GET", "/members?cursor=%00", None, "cursor"),
        ("GET", "/members?limit=101", None, "limit"),
        ("GET", "/bans?page=2", None, "page"),
        ("GET", "?x=1", None, None),
    ],
)
async def test_what_is_wrong_is_refused_by_field(
    site: Site, method: str, tail: str, body: Any, field: str | None
) -> None:
    await done(site, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
    answer = await call(site, "alice", method, f"{ROOMS}/r{tail}", body)
    if field is None:
        assert answer.is_success
    else:
        refused(answer, 422, "invalid", field)


@pytest.mark.parametrize("cursor", ["7", "x-y", "-1-r", "1-", "1-UPPER", f"{10**16}-r", "1-r\0"])
async def test_a_cursor_that_is_none_is_refused(site: Site, cursor: str) -> None:
    answer = await site.http.get(
        ROOMS, params={"cursor": cursor}, headers={"Authorization": f"Bearer {token('alice')}"}
    )
    refused(answer, 422, "invalid", "cursor")


@pytest.mark.parametrize("id_", ["Upper", "%00", "a b", "x" * 65, "ü", "-x"])
async def test_an_id_that_no_room_can_have_is_not_found(stored: Site, id_: str) -> None:
    for method, tail, body in ROUTES.values():
        refused(
            await call(stored, "alice", method, f"{ROOMS}/{id_}{tail.format(me='alice')}", body),
            404,
            "not_found",
        )


async def test_an_id_is_taken_until_the_room_has_ended(stored: Site) -> None:
    await done(stored, "alice", "POST", ROOMS, {"id": "r"})
    refused(await call(stored, "bob", "POST", ROOMS, {"id": "r"}), 409, "room_taken")
    assert await done(stored, "alice", "DELETE", f"{ROOMS}/r") == {"id": "r", "status": "deleted"}
    refused(await call(stored, "alice", "GET", f"{ROOMS}/r"), 404, "not_found")
    assert (await done(stored, "bob", "POST", ROOMS, {"id": "r"}))["role"] == "owner"


async def test_two_have_one_direct_room_and_nobody_changes_who_is_in(stored: Site) -> None:
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


async def test_who_has_blocked_somebody_is_not_brought_together_with_him(room: Site) -> None:
    await done(room, "eve", "PUT", "/api/v1/blocks/alice")
    for method, path, body in (
        ("POST", ROOMS, {"kind": "direct", "members": ["eve"]}),
        ("POST", ROOMS, {"id": "r", "members": ["bob", "eve"]}),
        ("PUT", f"{ROOMS}/here/members/eve", None),
        ("POST", f"{ROOMS}/here/members", {"members": ["dan", "eve"]}),
    ):
        refused(await call(room, "alice", method, path, body), 403, "blocked")
    assert (await done(room, "eve", "GET", ROOMS))["items"] == []
    refused(await call(room, "alice", "GET", f"{ROOMS}/r"), 404, "not_found")
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")


async def test_nobody_is_in_more_rooms_than_he_may_be_beside_direct_ones(open_with: OpenSite) -> None:
    async with open_with(max_rooms_per_user=2) as site:
        for id_ in ("r", "s"):
            await done(site, "alice", "POST", ROOMS, {"id": id_, "kind": "public"})
        await done(site, "bob", "POST", ROOMS, {"id": "t", "kind": "public"})
        for user, method, path, body in (
            ("alice", "POST", ROOMS, {"id": "u"}),
            ("alice", "PUT", f"{ROOMS}/t/members/alice", None),
            ("bob", "PUT", f"{ROOMS}/t/members/alice", None),
            ("bob", "POST", f"{ROOMS}/t/members", {"members": ["eve", "alice"]}),
            ("bob", "POST", ROOMS, {"id": "u", "members": ["alice"]}),
        ):
            refused(await call(site, user, method, path, body), 409, "too_many_rooms")
        await done(site, "alice", "POST", ROOMS, {"kind": "direct", "members": ["bob"]})
        await done(site, "alice", "PUT", f"{ROOMS}/r/members/alice")
        await done(site, "alice", "DELETE", f"{ROOMS}/s/members/alice")
        await done(site, "alice", "PUT", f"{ROOMS}/t/members/alice")


# ------------------------------------------------------------------------------------------------ the streams
def of_rooms(stream: EventStream) -> list[tuple[str, Any]]:
    """Return what a stream has shown of rooms: names, and what tells one from another."""
    return [
        (frame.event, frame.data["data"].get("change") or frame.data["data"].get("reason"))
        for frame in stream.frames
        if frame.event in ("joined", "left", "member", "room")
    ]


async def test_each_change_is_shown_to_those_whom_it_concerns_and_to_nobody_else(
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


async def test_what_is_published_to_a_room_is_shown_and_counted_to_its_members_alone(
    room: Site, streams: dict[str, EventStream]
) -> None:
    body = {"to": {"room": "here"}, "category": "news", "content": "hi"}
    one = await room.api("alice").post("", body)
    assert one["recipients"] == 2
    for user in ("alice", "bob"):
        frame = await streams[user].wait_for_event("message")
        assert (frame.data["type"], frame.data["data"]["id"]) == ("news", one["id"])
        listed = await room.api(user).get("/" + one["id"])
        assert frame.data["data"]["room_id"] == listed["room_id"] == "here"
    assert [
        (await room.api(user).get("/unread"))["unread"]["categories"].get("news") for user in streams
    ] == [
        1,
        1,
        None,
    ]
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")
    await room.api("alice").post("", body)
    frame = await streams["eve"].wait_for_event("message")
    assert frame.data["unread_count"] == 1
    assert len((await room.api("eve").get())["items"]) == 1
    await done(room, "eve", "DELETE", f"{ROOMS}/here/members/eve")
    left = await streams["eve"].wait_for_event("left")
    assert left.data["unread_count"] == 0
    assert (await room.api("eve").get())["items"] == []


async def test_publishing_to_a_room_takes_the_scope_or_a_role_there(room: Site) -> None:
    await done(room, "eve", "POST", ROOMS, {"id": "own", "members": ["dan"]})
    body = {"to": {"room": "own"}, "category": "news", "content": "hi"}

    async def publish(user: str, **fields: Any) -> Any:
        return await room.send("POST", body=_json({**body, **fields}), user=user)

    assert (await publish("eve")).json()["recipients"] == 2
    assert (await publish("alice")).status_code == 201
    refused(await publish("dan"), 403, "role_too_low")
    refused(await publish("bob"), 404, "not_found")
    refused(await publish("eve", sender={"id": "alice"}), 403, "forbidden")
    refused(await publish("alice", to={"room": "nowhere"}), 404, "not_found")
    refused(await publish("alice", to={"room": "Upper"}), 422, "invalid", "to.room")
    refused(await publish("alice", to={"room": "own", "all": True}), 422, "invalid", "to")
    refused(await publish("alice", group_key="k"), 422, "invalid", "group_key")
    answer = await room.send("POST", body=_json([body, {**body, "to": {"user": "bob"}}]), user="eve")
    refused(answer, 403, "forbidden")
    async with room.unchanged():
        answer = await room.send("POST", body=_json([body, {**body, "to": {"room": "nowhere"}}]))
        refused(answer, 404, "not_found")


def _json(value: Any) -> bytes:
    return to_json(value).encode()


async def test_who_is_let_in_by_the_hundred_is_let_in_by_one_event(open_with: OpenSite) -> None:
    async with open_with(max_batch_rows=300) as site:
        await done(site, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
        stream = await EventStream.open(site.base_url, token("alice"))
        await stream.wait_for_event("ready")
        users = [f"u{number:03d}" for number in range(300)]
        await done(site, "alice", "POST", f"{ROOMS}/r/members", {"members": users})
        refused(
            await call(site, "alice", "POST", f"{ROOMS}/r/members", {"members": [*users, "one"]}),
            422,
            "invalid",
            "members",
        )
        frame = await stream.wait_for_event("member")
        await stream.close()
        change = frame.data["data"]
        assert (change["changed"], change["members_count"], len(change["members"])) == (300, 301, 100)


async def test_what_was_missed_of_a_room_that_one_was_in_is_replayed_and_no_more(room: Site) -> None:
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
