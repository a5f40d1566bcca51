"""Alias: it stands in the place of people, and never in a text that others have written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.commit.users.alias import DELETED_NAME, Alias, new_alias, pattern_of
from lumen_notify.model import to_json

ALIAS = Alias(user_id="ann", alias="deleted-1")
GONE = {"id": "deleted-1", "username": DELETED_NAME, "avatar": None}
ANN = {"id": "ann", "username": "Ann", "avatar": "a.png"}
BOB = {"id": "bob", "username": "Bob", "avatar": None}


def changed(fields: Any, **options: bool) -> Any:
    text = ALIAS.in_json(to_json(fields), **options)
    return None if text is None else json.loads(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"sender": ANN}, {"sender": GONE}),
        ({"actors": [BOB, ANN]}, {"actors": [BOB, GONE]}),
        ({"sender_id": "ann", "user_id": "bob"}, {"sender_id": "deleted-1", "user_id": "bob"}),
        ({"mentions": ["bob", "ann"]}, {"mentions": ["bob", "deleted-1"]}),
        ({"members": [{"user_id": "ann"}]}, {"members": [{"user_id": "deleted-1"}]}),
        ({"fields": {"sender": ANN}}, {"fields": {"sender": GONE}}),
        ({"group_key": "sender:ann"}, {"group_key": "sender:deleted-1"}),
    ],
)
def test_people_become_the_alias(before: Any, after: Any) -> None:
    assert changed(before) == after


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": BOB},
        {"content": "ann", "title": "ann"},
        {"data": {"user_id": "ann", "sender": ANN}},
        {"group_key": "photo-ann"},
        {"id": "ann"},
    ],
)
def test_texts_of_others_stay(fields: Any) -> None:
    assert changed(fields) is None


def test_data_of_an_event_is_ours_but_what_it_carries_is_not() -> None:
    message = {"sender": ANN, "data": {"user_id": "ann"}}
    assert changed({"sender_id": "ann", "data": message}, is_frame=True) == {
        "sender_id": "deleted-1",
        "data": {"sender": GONE, "data": {"user_id": "ann"}},
    }


def test_order_of_fields_stays() -> None:
    text = ALIAS.in_json(to_json({"position": 4, "by": "ann", "data": {"z": 1, "a": 2}}))
    assert text == '{"position":4,"by":"deleted-1","data":{"z":1,"a":2}}'


def test_pattern_escapes_what_like_treats_in_a_special_way() -> None:
    assert pattern_of('a"%_!') == '%a\\"!%!_!!"%'


def test_each_alias_is_another_one() -> None:
    assert len({new_alias() for _ in range(100)}) == 100
