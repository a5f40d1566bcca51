"""Frames: each event that a stream can carry is described, and is as described."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from typing import Any

import httpx

from clients import MARKS, Api, EventStream, Frame, token
from documents import faults
from lumen_notify import Lumen
from test_readme import section


def described(document: Any) -> dict[str, Any]:
    """Return the described events by name."""
    return {one["title"]: one for one in document["components"]["schemas"]["Event"]["oneOf"]}


def as_object(frame: Frame) -> dict[str, Any]:
    fields = {"event": frame.event, "id": frame.id, "retry": frame.retry_ms, "data": "{}"}
    return {name: value for name, value in fields.items() if value is not None}


def check(document: Any, frames: list[Frame]) -> set[str]:
    """Hold every frame to its description; return their names. The bare `retry:` is no event."""
    events = described(document)
    names = set()
    for frame in frames:
        if frame.event:
            assert faults(document, {"$ref": "#/components/schemas/Event"}, as_object(frame)) == [], frame
            schema = events[frame.event]["properties"]["data"]["contentSchema"]
            assert faults(document, schema, frame.data) == [], frame
            names.add(frame.event)
    return names


async def talk(http: httpx.AsyncClient) -> None:
    """Let alice and bob do all that one does in a room."""
    alice, bob = ({"Authorization": f"Bearer {token(user)}"} for user in ("alice", "bob"))
    room = "/api/v1/rooms/here"
    answers = [
        await http.post("/api/v1/rooms", headers=bob, json={"id": "there", "kind": "public"}),
        await http.post(f"{room}/messages", headers=alice, json={"content": "hi"}),
        await http.post(f"{room}/messages", headers=bob, json={"content": "hi", "mentions": ["alice"]}),
        await http.post(f"{room}/read", headers=alice, json={"up_to": 2}),
        await http.post(f"{room}/typing", headers=bob, json={"is_typing": True}),
    ]
    message = f"{room}/messages/{answers[1].json()['id']}"
    answers += [
        await http.patch(message, headers=alice, json={"content": "hello"}),
        await http.delete(message, headers=alice),
        await http.post("/api/v1/rooms", headers=alice, json={"kind": "direct", "members": ["bob"]}),
        await http.patch(room, headers=alice, json={"title": "Here"}),
        await http.patch(room, headers=alice, json={"title": None}),
        await http.post(f"{room}/members", headers=alice, json={"members": ["cyd", "dan"]}),
        await http.put(f"{room}/members/cyd", headers=alice, json={"role": "moderator"}),
        await http.put(f"{room}/bans/dan", headers=alice),
        await http.delete(f"{room}/members/bob", headers=alice),
        await http.delete(f"{room}/members/alice", headers=alice),
        await http.put("/api/v1/rooms/there/members/alice", headers=alice),
        await http.delete("/api/v1/rooms/there", headers=bob),
    ]
    assert all(answer.is_success for answer in answers), answers


async def test_every_frame_is_as_described(
    lumen: Lumen, http: httpx.AsyncClient, document: Any, closing: AsyncExitStack
) -> None:
    url = str(http.base_url)
    alice = Api(http, "alice")
    full = {"title": "t", "data": {"n": 1}, "priority": "low", "sender": {"id": "bob"}}
    await http.post("/api/v1/rooms", headers=alice._headers, json={"id": "here", "members": ["bob"]})
    stream = await EventStream.open(url, token("alice", ttl_seconds=40), cursor="nonsense")
    closing.push_async_callback(stream.close)
    await stream.wait_for_event("reset")
    for fields in ({}, full):
        body = {"to": {"user": "alice"}, "category": "like", "content": "hi", **fields}
        await alice.post("", body)
    for _ in range(2):
        merged = await alice.post(
            "", {"to": {"user": "alice"}, "category": "like", "content": "hi", "group_key": "g"}
        )
        await alice.post("/read", {"ids": [merged["id"]]})
    for selection in ({"all": True}, {"category": "like", "up_to": 2}):
        for action in ("seen", "read", "unread", "archive", "unarchive"):
            await alice.post(f"/{action}", selection)
    await talk(http)
    preferences = {"categories": {"like": {"muted": True}}}
    answer = await http.put("/api/v1/preferences", json=preferences, headers=alice._headers)
    assert answer.status_code == 200
    for event in ("ping", "expiring", "archive", "preferences"):
        await stream.wait_for_event(event)
    assert lumen._services is not None
    await lumen._services.streams.drain()
    await stream.wait_for_end()

    seen = check(document, stream.frames)
    in_rooms = {"message_edited", "message_deleted", "typing", "joined", "left", "member", "room"}
    assert seen == {
        "message",
        *MARKS,
        *in_rooms,
        "preferences",
        "ready",
        "reset",
        "ping",
        "expiring",
        "closing",
    }
    assert seen <= described(document).keys()
    assert any(frame.event == "message" and "update" in frame.data for frame in stream.frames)


def test_every_frame_of_the_readme_is_in_the_document(document: Any) -> None:
    table = section("Frames").partition("| reason |")[0]
    rows = re.findall(r"^\| (`.*?|\(none\)) \| `\{", table, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert described(document).keys() == told | {"message"}


def test_every_close_reason_of_the_readme_is_in_the_document(document: Any) -> None:
    told = re.findall(r"^\| `(\w+)` \| (?:yes|no) \|", section("Frames"), re.MULTILINE)
    closing = document["components"]["schemas"]["ClosingFrame"]
    assert set(closing["properties"]["reason"]["enum"]) == set(told)
