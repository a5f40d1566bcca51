"""Frames: whatever an event holds, it is one chunk with one server-sent event."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver import frames
from lumen_notify.deliver.frames import MAX_REMEMBERED, Counters, Frame, chunk, unchunk
from lumen_notify.model import CloseReason, Counts, Event, to_json

# What ends a line somewhere: in this protocol, in Unicode, in JSON's ancestors.
line_ends = st.sampled_from(
    ["\n", "\r", "\r\n", "\n\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x00", "data: ", "id: 9\n", ":"]
)
texts = st.lists(line_ends | st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=6).map(
    "".join
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
numbers = st.dictionaries(texts, st.integers(1, 10**6), max_size=3)


def event(kind: str = "notification", position: int = 7, **fields: Any) -> Event:
    body: dict[str, Any] = {"content": "hi"}
    if kind != "notification":
        body = {"data": {}, "categories": {}, "rooms": {}}
    return Event(
        position=position,
        audience="user:ann",
        kind=kind,
        category=fields.pop("category", "like") if kind == "notification" else None,
        body=to_json(body | fields),
        created_at=0,
    )


def counters(**categories: int) -> Counters:
    return Counters(Counts(position=0, categories=categories, rooms={}))


def read_one(chunks: bytes) -> dict[str, str]:
    """Read the one event that one chunk must hold, line by line as HTML, section 9.2.6, has it."""
    size, separator, rest = chunks.partition(b"\r\n")
    assert separator
    payload = rest.removesuffix(b"\r\n")
    assert len(payload) == int(size, 16) == len(rest) - 2
    lines = re.split("\r\n|\r|\n", payload.decode())
    assert lines[-2:] == ["", ""], "an event ends with an empty line"
    assert all(lines[:-2]), "and has none inside"
    fields = dict(line.split(": ", 1) for line in lines[:-2])
    assert len(fields) == len(lines) - 2
    return fields


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6))
def test_payloads_come_out_of_several_chunks_as_they_went_in(payloads: list[bytes]) -> None:
    assert unchunk(b"".join(map(chunk, payloads))) == b"".join(payloads)


@given(content=texts, data=json_values, category=texts, total=st.integers(0, 10**12))
def test_no_content_can_break_a_frame(content: str, data: Any, category: str, total: int) -> None:
    fields = read_one(Frame(event(content=content, data=data, category=category), "epoch").encode(total))
    assert set(fields) == {"id", "data"}, "without `event:`, so that onmessage gets it"
    assert fields["id"] == "epoch-7"
    assert json.loads(fields["data"]) == {
        "type": category,
        "unread_count": total,
        "data": {"content": content, "data": data},
    }


@given(data=st.dictionaries(texts, json_values, max_size=3), categories=numbers, rooms=numbers, now=numbers)
def test_no_mark_can_break_a_frame(
    data: dict[str, Any], categories: dict[str, int], rooms: dict[str, int], now: dict[str, int]
) -> None:
    frame = Frame(event("read", data=data, categories=categories, rooms=rooms), "epoch")
    total = sum(categories.values()) + sum(rooms.values())
    assert frame.stated_total == total
    live = read_one(frame.encode(total))
    assert (live["id"], live["event"]) == ("epoch-7", "read")
    assert json.loads(live["data"]) == {
        "unread_count": total,
        "unread": {"categories": categories, "rooms": rooms},
        "data": data,
    }
    replayed = read_one(frame.encode_again(Counters(Counts(position=9, categories=now, rooms={}))))
    assert replayed["id"] == "epoch-7"
    assert json.loads(replayed["data"]) == {
        "unread_count": sum(now.values()),
        "unread": {"categories": now, "rooms": {}},
        "data": data,
    }


@given(st.lists(st.integers(0, 12_000), max_size=20), st.booleans())
def test_count_is_the_only_thing_that_differs_by_user(totals: list[int], is_forgetful: bool) -> None:
    frame = Frame(event(), "epoch")
    for total in totals:
        payload = b'id: epoch-7\ndata: {"type":"like","unread_count":%d,"data":{"content":"hi"}}\n\n' % total
        assert frame.encode(total) == frame.encode(total) == chunk(payload)
        assert frame.encode_again(counters(like=total)) == chunk(payload)
        if is_forgetful:
            frame.forget_encodings()


def test_users_with_the_same_count_share_the_bytes() -> None:
    frame = Frame(event(), "epoch")
    assert frame.encode(5) is frame.encode(5)


def test_frame_remembers_no_more_encodings_than_it_may_and_none_once_it_is_shown() -> None:
    frame = Frame(event(), "epoch")
    for total in range(MAX_REMEMBERED + 10):
        frame.encode(total)
    frame.encode_again(counters(like=10**6))
    assert len(frame.encoded) == MAX_REMEMBERED
    frame.forget_encodings()
    assert not frame.encoded
    assert not frame._openings


def test_counters_follow_the_log() -> None:
    later = [
        Frame(event(category="like"), "e"),
        Frame(event(category="follow"), "e"),
        Frame(event("read", categories={"follow": 4}, rooms={"r": 2}), "e"),
        Frame(event(category="like"), "e"),
    ]
    counts = Counts(position=1, categories={"like": 3}, rooms={})
    assert Counters(counts, later[:2]).as_fields() == {
        "unread_count": 5,
        "unread": {"categories": {"like": 4, "follow": 1}, "rooms": {}},
    }
    assert Counters(counts, later).as_fields() == {
        "unread_count": 7,
        "unread": {"categories": {"follow": 4, "like": 1}, "rooms": {"r": 2}},
    }
    assert counts.categories == {"like": 3}, "what was counted is left as it is"


UNREAD = '"unread_count":2,"unread":{"categories":{"like":2},"rooms":{}}'


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (frames.retry(1234), ["retry: 1234"]),
        (
            frames.ready("c", counters(like=2), id_="e-9", is_recovered=False, replayed=0),
            [
                "id: e-9",
                "event: ready",
                f'data: {{"connection_id":"c",{UNREAD},"recovered":false,"replayed":0}}',
            ],
        ),
        (
            frames.ready("c", counters(like=2), id_=None, is_recovered=True, replayed=3),
            ["event: ready", f'data: {{"connection_id":"c",{UNREAD},"recovered":true,"replayed":3}}'],
        ),
        (
            frames.reset(counters(like=2), id_="e-9"),
            ["id: e-9", "event: reset", f"data: {{{UNREAD}}}"],
        ),
        (frames.ping("e-9"), ["id: e-9", "event: ping", "data: {}"]),
        (frames.expiring(60), ["event: expiring", 'data: {"seconds":60}']),
        (
            frames.closing(CloseReason.OVERLOADED, 1500),
            ["retry: 1500", "event: closing", 'data: {"reason":"overloaded","reconnect":true}'],
        ),
        (
            frames.closing(CloseReason.EXPIRED, 0),
            ["event: closing", 'data: {"reason":"expired","reconnect":false}'],
        ),
    ],
    ids=[
        "retry",
        "ready",
        "ready before a replay",
        "reset",
        "ping",
        "expiring",
        "closing",
        "closing for good",
    ],
)
def test_control_frame_is_one_event(made: bytes, lines: list[str]) -> None:
    assert made == chunk("".join(f"{line}\n" for line in [*lines, ""]).encode())
    assert read_one(made)
