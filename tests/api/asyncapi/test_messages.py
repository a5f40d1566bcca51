"""Messages: one for each frame, and every frame that a test reads is held to them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import stream_schema
from clients import Api, EventStream, Frame, token
from documents import described_events
from lumen_notify.api.asyncapi.messages import BINDINGS, of_user_stream
from lumen_notify.api.openapi.control import CONTROL_FRAMES
from lumen_notify.api.openapi.frames import EVENT_FRAMES
from lumen_notify.deliver.frames import control


def test_each_event_of_each_frame_is_a_message(document: Any, openapi: Any) -> None:
    messages = document["components"]["messages"]
    messages = {name: one for name, one in messages.items() if "headers" in one}
    assert messages.pop("figures")["payload"] == {"$ref": "#/components/schemas/FiguresFrame"}
    assert messages.keys() == of_user_stream().keys()
    described = {
        (message["headers"]["properties"]["event"]["const"], message["payload"]["$ref"].rpartition("/")[2])
        for message in messages.values()
    }
    of_events = {
        (frame.event or payload.kind, frame.name) for frame in EVENT_FRAMES for payload in frame.payloads
    }
    assert described == of_events | {(frame.event, frame.name) for frame in CONTROL_FRAMES}
    assert len(messages) == len(described)
    assert {event for event, _ in described} == described_events(openapi).keys()


def test_headers_are_the_fields_of_the_event(document: Any) -> None:
    messages = document["components"]["messages"]
    for name, message in messages.items():
        assert message["name"] == name
        assert message["summary"].endswith("."), name
        if name not in of_user_stream():
            continue
        assert message["headers"]["properties"].keys() <= {"event", "id", "retry"}
    assert messages["ready"]["headers"]["required"] == ["event", "retry"]
    assert messages["notification"]["headers"]["required"] == ["event", "id"]
    assert messages["typing"]["headers"]["properties"].keys() == {"event"}


async def test_bindings_are_the_headers_of_the_response(http: httpx.AsyncClient, document: Any) -> None:
    stream = await EventStream.open(str(http.base_url), token("alice"))
    await stream.close()
    described = BINDINGS["http"]["headers"]["properties"]
    assert {name: stream.headers[name] for name in described} == {
        name: one["const"] for name, one in described.items()
    }
    assert document["components"]["messageBindings"]["eventStream"] == BINDINGS


READ = {"unread_count": 1, "unread": {"categories": {}, "rooms": {}}, "data": {"all": True}}


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "added"},
        {"id": None},
        {"id": "7"},
        {"retry_ms": 1000},
        {"data": {**READ, "added": 1}},
        {"data": {**READ, "unread": {"categories": {}, "rooms": {}, "added": {}}}},
        {"data": {**READ, "data": {"all": True, "added": 1}}},
        {"data": {**READ, "unread_count": -1}},
        {"data": {"unread_count": 1}},
    ],
    ids=str,
)
def test_a_frame_that_no_message_describes_is_refused(changes: dict[str, Any]) -> None:
    right: dict[str, Any] = {"event": "read", "id": "epoch-7-5e1f0c", "data": READ}
    stream_schema.check(Frame(**right))
    with pytest.raises(stream_schema.NotDescribed):
        stream_schema.check(Frame(**{**right, **changes}))


async def test_every_event_stream_of_the_tests_refuses_what_is_not_described(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = control.expiring
    monkeypatch.setattr(control, "ping", lambda _: described(30).replace(b"seconds", b"minutes"))
    waiting = await EventStream.open(str(http.base_url), token("alice"))
    with pytest.raises(stream_schema.NotDescribed, match="minutes"):
        await waiting.wait_for_event("ping")
    with pytest.raises(stream_schema.NotDescribed, match="minutes"):
        await waiting.close()


async def test_an_event_stream_takes_what_is_described(http: httpx.AsyncClient) -> None:
    stream = await EventStream.open(str(http.base_url), token("alice"))
    alice = Api(http, "alice")
    await alice.post("", {"to": {"user": "alice"}, "category": "like", "content": "hi"})
    await stream.wait_for_event("message")
    await stream.wait_for_event("ping")
    await stream.close()
