"""Message bodies: the models take what their published schemas take, and name what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from lumen_notify.accept.rooms.message_bodies import (
    KINDS,
    MAX_MENTIONS,
    MAX_SEQ,
    MEDIA,
    DirectBody,
    EditBody,
    MessageBody,
    ReadRoomBody,
    TypingBody,
)
from lumen_notify.model import to_json
from sites import Site, refused

from ..body_schemas import fits, is_taken, undescribed
from ..talk import HERE, said

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (MessageBody, {"content": "hi"}),
    (MessageBody, {"content": "two\nlines\tand a tab", "data": {"a": [1.5, None]}, "client_id": "c" * 64}),
    (MessageBody, {"content": "hi", "reply_to": 1, "mentions": ["bob", "bob"]}),
    (MessageBody, {"content": "hi", "reply_to": "x", "mentions": ["b" * 128] * MAX_MENTIONS}),
    (MessageBody, {"content": "hi", "reply_to": None, "mentions": None, "data": None, "client_id": None}),
    *[(MessageBody, {"kind": kind, "data": {"url": "/7"}}) for kind in MEDIA],
    *[(MessageBody, {"kind": kind, "content": "hi"}) for kind in KINDS],
    (DirectBody, {"to": "bob", "content": "hi"}),
    (DirectBody, {"to": "bob", "kind": "image", "data": {}}),
    (EditBody, {"content": "hi"}),
    (TypingBody, {"is_typing": False}),
    (ReadRoomBody, {"up_to": 1}),
    (ReadRoomBody, {"up_to": 7.0}),
    (ReadRoomBody, {"up_to": MAX_SEQ}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (MessageBody, []),
    (MessageBody, {}),
    (MessageBody, {"content": ""}),
    (MessageBody, {"content": "x" * 101}),
    (MessageBody, {"content": "a bell \x07"}),
    (MessageBody, {"content": "hi", "contents": "x"}),
    (MessageBody, {"content": "hi", "kind": "video"}),
    (MessageBody, {"content": "hi", "kind": None}),
    (MessageBody, {"content": "hi", "data": []}),
    (MessageBody, {"content": "hi", "mentions": []}),
    (MessageBody, {"content": "hi", "mentions": [""]}),
    (MessageBody, {"content": "hi", "mentions": ["bob"] * (MAX_MENTIONS + 1)}),
    (MessageBody, {"content": "hi", "reply_to": 0}),
    (MessageBody, {"content": "hi", "reply_to": True}),
    (MessageBody, {"content": "hi", "reply_to": "x" * 65}),
    (MessageBody, {"content": "hi", "client_id": "c" * 65}),
    (MessageBody, {"kind": "image"}),
    (MessageBody, {"kind": "text", "data": {}}),
    (MessageBody, {"data": {}}),
    (DirectBody, {"content": "hi"}),
    (DirectBody, {"to": "", "content": "hi"}),
    (DirectBody, {"to": "bob", "content": "hi", "kind": "system"}),
    (DirectBody, {"to": "bob", "content": "hi", "mentions": ["bob"]}),
    (EditBody, {"content": ""}),
    (EditBody, {"content": "hi", "kind": "text"}),
    (TypingBody, {}),
    (TypingBody, {"is_typing": 1}),
    (ReadRoomBody, {"up_to": 0}),
    (ReadRoomBody, {"up_to": MAX_SEQ + 1}),
    (ReadRoomBody, {"up_to": 1.5}),
    (ReadRoomBody, {"up_to": True}),
]


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


@pytest.mark.parametrize("model", [MessageBody, DirectBody, EditBody, TypingBody, ReadRoomBody])
def test_every_field_says_what_it_is(model: type[BaseModel]) -> None:
    assert undescribed(model) == []


REFUSED_TEXTS: dict[str, tuple[bytes, str]] = {
    "NUL": (b'{"content": "a\\u0000b"}', "content"),
    "another control character": (b'{"content": "a\\u001b[31m"}', "content"),
    "8,001 characters": (to_json({"content": "x" * 8001}).encode(), "content"),
    "nothing": (b'{"content": ""}', "content"),
    "no content": (b"{}", "content"),
    "no content, but data": (b'{"data": {"a": 1}}', "content"),
    "an image of nothing": (b'{"kind": "image"}', "content"),
    "a lone surrogate": (b'{"content": "a\\ud83d"}', "body"),
    "a surrogate that is no escape": (b'{"content": "a\xed\xa0\xbd"}', "body"),
    "an unknown field": (b'{"content": "a", "contents": "b"}', "contents"),
    "a kind of no kind": (b'{"content": "a", "kind": "video"}', "kind"),
    "data that is a list": (b'{"content": "a", "data": []}', "data"),
    "data beyond JSON": (b'{"content": "a", "data": {"a": NaN}}', "data"),
    "a reply to nothing": (b'{"content": "a", "reply_to": 7}', "reply_to"),
    "a reply to no id": (b'{"content": "a", "reply_to": "x"}', "reply_to"),
    "a reply to true": (b'{"content": "a", "reply_to": true}', "reply_to"),
    "a reply to seq 0": (b'{"content": "a", "reply_to": 0}', "reply_to"),
    "a mention of nobody": (b'{"content": "a", "mentions": []}', "mentions"),
    "a mention of a stranger": (b'{"content": "a", "mentions": ["bob", "eve"]}', "mentions.1"),
    "51 mentions": (to_json({"content": "a", "mentions": [f"u{n}" for n in range(51)]}).encode(), "mentions"),
    "a client_id that is long": (to_json({"content": "a", "client_id": "c" * 65}).encode(), "client_id"),
    "a client_id with NUL": (b'{"content": "a", "client_id": "a\\u0000"}', "client_id"),
}


async def test_an_invalid_message_is_refused_by_field_and_not_stored(room: Site) -> None:
    for name, (body, field) in REFUSED_TEXTS.items():
        answer = await room.send("POST", HERE, body=body)
        try:
            refused(answer, 422, "invalid", field)
        except AssertionError as error:
            error.add_note(name)
            raise
    assert await said(room) == []
