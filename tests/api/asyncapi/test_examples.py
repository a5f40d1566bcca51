"""Examples: each message has some, which are what a stream sends."""

from __future__ import annotations

from typing import Any

import stream_schema
from clients import Frame
from lumen_notify.api.asyncapi import examples
from lumen_notify.api.openapi.control import CONTROL_FRAMES
from lumen_notify.api.openapi.frames import EVENT_FRAMES


def test_each_frame_has_an_example() -> None:
    made = {type(payload) for payload in examples.OF_PAYLOADS}
    for frame in EVENT_FRAMES:
        assert made & set(frame.payloads), frame.name
    assert len(made) == len(examples.OF_PAYLOADS)
    assert examples.OF_CONTROL.keys() == {frame.event for frame in CONTROL_FRAMES}


def test_each_example_is_as_described(document: Any) -> None:
    for name, message in document["components"]["messages"].items():
        assert message["examples"], name
        for example in message["examples"] if "headers" in message else []:
            headers = example["headers"]
            assert headers["event"] == message["headers"]["properties"]["event"]["const"]
            stream_schema.check(
                Frame(
                    event=headers["event"],
                    id=headers.get("id"),
                    retry_ms=headers.get("retry"),
                    data=example["payload"],
                )
            )


def test_an_example_is_read_from_the_bytes_of_a_frame() -> None:
    typing = examples.example_of(examples.OF_CONTROL["typing"])
    assert typing["headers"] == {"event": "typing"}
    closing = examples.example_of(examples.OF_CONTROL["closing"])
    assert closing["headers"] == {"event": "closing", "retry": 7000}
    assert closing["payload"] == {"reason": "shutdown", "reconnect": True}
