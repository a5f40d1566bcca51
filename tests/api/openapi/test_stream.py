"""Stream: the document describes every server-sent event of a stream, by its name on the wire."""

from __future__ import annotations

import re
from typing import Any

import httpx

from clients import EventStream, token
from documents import described_events
from lumen_notify.api.openapi.frames import EVENT_FRAMES
from lumen_notify.api.openapi.stream import schema
from pages import section


def test_each_event_has_one_description_and_only_messages_have_no_name() -> None:
    described = schema()["oneOf"]
    names = [one["properties"]["event"]["const"] for one in described]
    assert names == [one["title"] for one in described]
    assert len(set(names)) == len(names)
    assert [one["title"] for one in described if "event" not in one["required"]] == ["message"]
    assert all("data" in one["required"] for one in described)


def test_events_of_the_log_have_a_cursor_and_others_only_where_they_say_so() -> None:
    in_log = {frame.event or payload.kind for frame in EVENT_FRAMES for payload in frame.payloads}
    with_id = {one["title"] for one in schema()["oneOf"] if "id" in one["required"]}
    assert with_id == in_log | {"reset", "ping"}


async def test_the_id_of_a_stream_is_a_cursor_as_described(http: httpx.AsyncClient) -> None:
    stream = await EventStream.open(str(http.base_url), token("alice"))
    ready = await stream.wait_for_event("ready")
    await stream.close()
    (described,) = [one for one in schema()["oneOf"] if one["title"] == "ready"]
    pattern = described["properties"]["id"]["pattern"]
    assert re.search(pattern, ready.id or "")
    assert not re.search(pattern, "no cursor")


def test_every_frame_of_the_readme_is_in_the_document(document: Any) -> None:
    table = section("Frames").partition("| reason |")[0]
    rows = re.findall(r"^\| (`.*?|\(none\)) \| `\{", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert described_events(document).keys() == named | {"message"}
