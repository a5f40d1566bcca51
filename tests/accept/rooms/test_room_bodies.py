"""Bodies about rooms and members: what the models take, their published schemas take, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from lumen_notify.accept.rooms.room_bodies import MAX_MEMBERS, MemberBody, MembersBody, RoomBody, TitleBody

from ..body_schemas import fits, is_taken, undescribed

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (RoomBody, {}),
    (RoomBody, {"id": "a.b-c_9", "kind": "public", "title": "Tea & more", "members": ["bob", "bob"]}),
    (RoomBody, {"id": None, "title": None, "members": []}),
    (RoomBody, {"kind": "direct", "members": ["b" * 128]}),
    (TitleBody, {"title": None}),
    (MembersBody, {"members": ["bob"], "role": "moderator"}),
    (MemberBody, {}),
    (MemberBody, {"role": None}),
    (MemberBody, {"role": "owner"}),
    (MembersBody, {"members": ["bob"], "role": None}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (RoomBody, {"id": "General"}),
    (RoomBody, {"id": "a/b"}),
    (RoomBody, {"kind": "secret"}),
    (RoomBody, {"kind": None}),
    (RoomBody, {"members": None}),
    (RoomBody, {"members": ["bob", ""]}),
    (RoomBody, {"members": ["b"] * (MAX_MEMBERS + 1)}),
    (RoomBody, {"kind": "direct"}),
    (RoomBody, {"kind": "direct", "members": []}),
    (RoomBody, {"kind": "direct", "members": ["bob", "eve"]}),
    (RoomBody, {"kind": "direct", "members": ["bob"], "id": "a"}),
    (RoomBody, {"kind": "direct", "members": ["bob"], "title": "a"}),
    (TitleBody, {}),
    (TitleBody, {"title": "two\nlines"}),
    (MembersBody, {"members": []}),
    (MembersBody, {"members": ["bob"], "role": "owner"}),
    (MemberBody, {"role": "king"}),
    (MemberBody, {"roles": "owner"}),
]


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


@pytest.mark.parametrize("model", [RoomBody, TitleBody, MembersBody, MemberBody])
def test_every_field_says_what_it_is(model: type[BaseModel]) -> None:
    assert undescribed(model) == []
