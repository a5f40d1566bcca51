"""Payload: what is encoded is decoded, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver.backplane.payload import (
    Payload,
    decode,
    encode_events,
    encode_head,
    encode_message,
    encode_messages,
    encode_probe,
)
from lumen_notify.model import Audience, Event
from lumen_notify.model.shared_text import SharedText

texts = st.text(st.characters(exclude_categories=["Cs"]))


@st.composite
def contiguous(draw: st.DrawFn) -> list[Event]:
    first, number = draw(st.integers(1, 2**60)), draw(st.integers(1, 5))
    shared = [SharedText(id=id_, text=draw(texts)) for id_ in "ab"]
    return [
        Event(
            position=position,
            audience=Audience(draw(texts)),
            kind=draw(texts),
            category=draw(st.none() | texts),
            body=draw(texts),
            created_at=draw(st.integers(0, 2**50)),
            content_position=draw(st.none() | st.integers(1, 2**60)),
            shared=tuple(draw(st.lists(st.sampled_from(shared), unique=True))),
            users=tuple(draw(st.lists(texts, max_size=3))),
        )
        for position in range(first, first + number)
    ]


@given(contiguous(), st.none() | texts)
def test_events_arrive_as_they_were_sent(events: list[Event], follows: str | None) -> None:
    assert decode(encode_events("a", events, follows)) == Payload(
        sender="a", events=tuple(events), follows=follows
    )


def test_shared_body_is_sent_once() -> None:
    body = "x" * 1000
    events = [
        Event(
            position=position,
            audience=Audience.user(f"u{position}"),
            kind="k",
            category="c",
            body=body,
            created_at=1,
            content_position=20,
        )
        for position in range(1, 21)
    ]
    text = encode_events("a", events, None)
    assert len(text) < 3000
    decoded = decode(text.encode()).events
    assert list(decoded) == events
    assert all(event.body is decoded[0].body for event in decoded)


def test_text_that_events_share_is_sent_once() -> None:
    text = SharedText.of({"content": "x" * 1000})
    events = [
        Event(
            position=position,
            audience=Audience.user(f"u{position}"),
            kind="update",
            category="c",
            body=f'{{"id":"n{position}","category":"c","text_id":"{text.id}"}}',
            created_at=1,
            shared=(text,),
        )
        for position in range(1, 21)
    ]
    encoded = encode_events("a", events, None)
    assert len(encoded) < 5000
    decoded = decode(encoded.encode()).events
    assert list(decoded) == events
    assert all(event.shared[0] is decoded[0].shared[0] for event in decoded)


def test_heads_probes_and_messages_arrive_as_they_were_sent() -> None:
    assert decode(encode_head("a", 7)) == Payload(sender="a", head=7)
    assert decode(encode_probe("a", 8)) == Payload(sender="a", probe=8)
    messages: list[tuple[str, dict[str, Any]]] = [("typing", {"room": 'r"\0'}), ("renew", {})]
    text = encode_messages('"', [encode_message(*one) for one in messages])
    assert decode(text) == Payload(sender='"', messages=tuple(messages))


ROW = [1, "all", "k", None, 1, None, "{}", []]


def test_what_a_newer_version_adds_is_ignored() -> None:
    text = json.dumps({"from": "a", "head": 1, "new": [], "events": [[*ROW, "new"]]})
    assert [event.position for event in decode(text).events] == [1]


@pytest.mark.parametrize(
    "fields",
    [
        {"head": "1"},
        {"head": True},
        {"head": 2**63},
        {"head": None},
        {"probe": -1},
        {"events": [ROW, ROW]},
        {"events": [[0, *ROW[1:]]]},
        {"events": [ROW[:7]]},
        {"events": [[*ROW[:6], None, []]]},
        {"events": [[1, 2, *ROW[2:]]]},
        {"events": [[*ROW[:3], 5, *ROW[4:]]]},
        {"events": [[ROW[0], "user:\ud800", *ROW[2:]]]},
        {"events": [[*ROW[:6], '"\udfff"', []]]},
        {"events": [[*ROW[:7], ["unknown"]]]},
        {"events": [[*ROW[:7], 1]]},
        {"texts": {"a": 1}},
        {"texts": {"a": "\ud800"}},
        {"texts": []},
        {"events": "no"},
        {"follows": 1},
        {"messages": [["typing", []]]},
        {"messages": [["typing"]]},
        {"messages": {"typing": {}}},
        {"from": ""},
        {"from": 1},
    ],
)
def test_anything_else_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(json.dumps({"from": "a", **fields}))


@given(st.binary() | st.text() | st.recursive(st.none(), st.lists).map(json.dumps))
def test_garbage_raises_value_error_and_nothing_else(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"|."):
        decode(text)
