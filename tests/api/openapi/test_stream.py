"""Stream: the document describes every server-sent event of a stream, by its name on the wire."""

from __future__ import annotations

import re
from typing import Any

import httpx

from clients import EventStream, token
from documents import described_events
from lumen_notify.api.openapi.frames import EVENT_FRAMES
from lumen_notify.api.openapi.stream import schemas
from lumen_notify.http.operation import ref
from pages import section


def test_each_event_has_a_schema_of_its_own_by_its_name() -> None:
    event, *described = schemas().values()
    names = [one["properties"]["event"]["const"] for one in described]
    assert names == list(event["discriminator"]["mapping"])
    assert len(set(names)) == len(names)
    assert event["oneOf"] == [ref(name) for name in list(schemas())[1:]]
    assert all({"event", "data"} <= set(one["required"]) for one in described)


def test_events_of_the_log_have_a_cursor_and_others_only_where_they_say_so() -> None:
    in_log = {frame.event or payload.kind for frame in EVENT_FRAMES for payload in frame.payloads}
    _, *described = schemas().values()
    with_id = {one["properties"]["event"]["const"] for one in described if "id" in one["required"]}
    assert with_id == in_log | {"reset", "caught_up"}


async def test_the_id_of_a_stream_is_a_cursor_as_described(http: httpx.AsyncClient) -> None:
    stream = await EventStream.open(str(http.base_url), token("alice"))
    ready = await stream.wait_for_event("ready")
    await stream.close()
    pattern = schemas()["ReadyEvent"]["properties"]["id"]["pattern"]
    assert re.search(pattern, ready.id or "")
    assert not re.search(pattern, "no cursor")


def test_every_frame_of_the_readme_is_in_the_document(document: Any) -> None:
    table = section("Frames").partition("| reason |")[0]
    rows = re.findall(r"^\| (`.*?|\(none\)) \| `\{", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert described_events(document).keys() == named | {"message"}
