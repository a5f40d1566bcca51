"""Bodies: what the models take, their published JSON schemas take, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from lumen_notify.accept.notifications.bodies import MarkBody, PublicationBody, ReadBody
from lumen_notify.accept.preferences.category_bodies import CategoryBody
from lumen_notify.accept.preferences.preference_bodies import PreferencesBody
from lumen_notify.accept.rooms.room_bodies import MAX_MEMBERS, MemberBody, MembersBody, RoomBody, TitleBody
from lumen_notify.http.fields import MAX_IDS

ONE = {"to": {"user": "bob"}, "category": "like", "content": "hi"}

NIGHT = {"from": "22:30", "to": "07:00", "time_zone": "Europe/Paris"}

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (PublicationBody, ONE),
    (PublicationBody, ONE | {"to": {"users": ["bob", "bob"], "user": None}}),
    (PublicationBody, ONE | {"to": {"all": True}, "title": None, "data": {"a": [1.5, None]}}),
    (
        PublicationBody,
        ONE | {"to": {"user": "b" * 128}, "content": "two\nlines\tand a tab", "priority": "low"},
    ),
    (PublicationBody, ONE | {"sender": {"id": "x", "username": None, "avatar": ""}, "category": "a" * 64}),
    (MarkBody, {"ids": ["a"] * MAX_IDS, "all": None}),
    (MarkBody, {"all": True}),
    (MarkBody, {"category": "like"}),
    (MarkBody, {"up_to": 2**63 - 1, "category": None}),
    (MarkBody, {"up_to": 7.0, "category": "like"}),
    (ReadBody, {"is_read": False}),
    (PublicationBody, ONE | {"to": {"room": "general"}}),
    (RoomBody, {}),
    (RoomBody, {"id": "a.b-c_9", "kind": "public", "title": "Tea & more", "members": ["bob", "bob"]}),
    (RoomBody, {"id": None, "title": None, "members": []}),
    (RoomBody, {"kind": "direct", "members": ["b" * 128]}),
    (TitleBody, {"title": None}),
    (MembersBody, {"members": ["bob"], "role": "moderator"}),
    (MemberBody, {}),
    (MemberBody, {"role": None}),
    (MemberBody, {"role": "owner"}),
    (CategoryBody, {}),
    (CategoryBody, {"limits": None}),
    (CategoryBody, {"limits": {"per_recipient": "20/hour"}}),
    (CategoryBody, {"limits": {"per_recipient": "999999/second", "over": "merge"}}),
    (CategoryBody, {"in_app": False, "push": False, "may_mute": False, "priority": None}),
    (PreferencesBody, {}),
    (PreferencesBody, {"categories": {"like": None, "news": {"in_app": None, "push": True, "muted": False}}}),
    (PreferencesBody, {"categories": {}, "quiet_hours": None, "digest": None}),
    (PreferencesBody, {"quiet_hours": NIGHT, "digest": {"minutes": 0}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"to": "23:59"}, "digest": {"minutes": 1440.0}}),
    (PreferencesBody, {"digest": {"minutes": 5}}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (PublicationBody, None),
    (PublicationBody, []),
    (PublicationBody, {name: value for name, value in ONE.items() if name != "to"}),
    (PublicationBody, ONE | {"contents": "x"}),
    (PublicationBody, ONE | {"content": ""}),
    (PublicationBody, ONE | {"content": "a bell \x07"}),
    (PublicationBody, ONE | {"content": 7}),
    (PublicationBody, ONE | {"content": "x" * 101}),
    (PublicationBody, ONE | {"title": "two\nlines"}),
    (PublicationBody, ONE | {"title": "x" * 201}),
    (PublicationBody, ONE | {"category": "Like"}),
    (PublicationBody, ONE | {"category": "a" * 65}),
    (PublicationBody, ONE | {"category": "like\n"}),
    (PublicationBody, ONE | {"data": []}),
    (PublicationBody, ONE | {"priority": None}),
    (PublicationBody, ONE | {"priority": "highest"}),
    (PublicationBody, ONE | {"sender": {"username": "x"}}),
    (PublicationBody, ONE | {"sender": {"id": "x", "avatar": "a" * 2049}}),
    (PublicationBody, ONE | {"to": {}}),
    (PublicationBody, ONE | {"to": {"user": None}}),
    (PublicationBody, ONE | {"to": {"user": "bob", "all": True}}),
    (PublicationBody, ONE | {"to": {"users": []}}),
    (PublicationBody, ONE | {"to": {"users": "bob"}}),
    (PublicationBody, ONE | {"to": {"all": False}}),
    (PublicationBody, ONE | {"to": {"user": "\x00"}}),
    (PublicationBody, ONE | {"to": {"user": "b" * 129}}),
    (PublicationBody, ONE | {"to": {"room": "General"}}),
    (PublicationBody, ONE | {"to": {"room": "a", "user": "bob"}}),
    (PublicationBody, ONE | {"to": {"room": "a"}, "group_key": "k"}),
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
    (MembersBody, {"members": ["bob"], "role": None}),
    (MemberBody, {"role": "king"}),
    (MemberBody, {"roles": "owner"}),
    (MarkBody, {}),
    (MarkBody, {"ids": []}),
    (MarkBody, {"ids": ["a"] * (MAX_IDS + 1)}),
    (MarkBody, {"ids": ["a" * 65]}),
    (MarkBody, {"ids": ["a"], "all": True}),
    (MarkBody, {"ids": ["a"], "up_to": 3}),
    (MarkBody, {"all": True, "category": "like"}),
    (MarkBody, {"all": False}),
    (MarkBody, {"up_to": -1}),
    (MarkBody, {"up_to": 2**63}),
    (MarkBody, {"up_to": 7.5}),
    (MarkBody, {"up_to": "7"}),
    (MarkBody, {"up_to": True}),
    (ReadBody, {"is_read": "true"}),
    (CategoryBody, {"name": "like"}),
    (CategoryBody, {"limits": {}}),
    (CategoryBody, {"limits": {"per_recipient": "0/hour"}}),
    (CategoryBody, {"limits": {"per_recipient": "20/hours"}}),
    (CategoryBody, {"limits": {"per_recipient": "20"}}),
    (CategoryBody, {"limits": {"per_recipient": "20/hour", "over": "drop"}}),
    (CategoryBody, {"in_app": None}),
    (CategoryBody, {"may_mute": 1}),
    (CategoryBody, {"priority": "asap"}),
    (PreferencesBody, {"categories": None}),
    (PreferencesBody, {"categories": []}),
    (PreferencesBody, {"categories": {"Like": {}}}),
    (PreferencesBody, {"categories": {f"c{number}": None for number in range(501)}}),
    (PreferencesBody, {"categories": {"like": {"mute": True}}}),
    (PreferencesBody, {"categories": {"like": {"muted": "yes"}}}),
    (PreferencesBody, {"quiet_hours": {"from": "22:30", "to": "07:00"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"begin": "22:30"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"from": "24:00"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"to": "7:00"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"time_zone": "E" * 65}}),
    (PreferencesBody, {"digest": {"minutes": 4}}),
    (PreferencesBody, {"digest": {"minutes": 1441}}),
    (PreferencesBody, {"digest": {"minutes": -5}}),
    (PreferencesBody, {"digest": {"minutes": 7.5}}),
    (PreferencesBody, {"digest": {}}),
    (ReadBody, {"is_read": 1}),
    (ReadBody, {"is_read": True, "more": 1}),
]


def is_taken(model: type[BaseModel], value: Any) -> bool:
    try:
        TypeAdapter(model).validate_json(json.dumps(value), context={"max_content_characters": 100})
    except ValidationError:
        return False
    return True


def fits(model: type[BaseModel], value: Any) -> bool:
    schema = model.model_json_schema()
    if model is PublicationBody:
        schema["properties"]["content"]["maxLength"] = 100  # a setting: `openapi.document` puts it there
    return bool(jsonschema_rs.validator_for(schema).is_valid(value))


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


@pytest.mark.parametrize("model", [PublicationBody, MarkBody, ReadBody, CategoryBody, PreferencesBody])
def test_every_field_says_what_it_is(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    for name, part in {model.__name__: schema, **schema.get("$defs", {})}.items():
        assert part["description"], name
        for field, it in part["properties"].items():
            assert it.get("description") or "$ref" in it, f"{name}.{field}"
