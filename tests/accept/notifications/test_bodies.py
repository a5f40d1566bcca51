"""Bodies about notifications: the models take what their schemas take; a refusal names its fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from lumen_notify.accept.notifications.bodies import MarkBody, NotificationEditBody, PublicationBody, ReadBody
from lumen_notify.http.fields import MAX_IDS
from lumen_notify.model import to_json
from sites import Site, refused

from ..body_schemas import fits, is_taken, undescribed
from ..publications import GOOD, body_with, case

ONE = {"to": {"user": "bob"}, "category": "like", "content": "hi"}
ACTION = {"label": "Open", "url": "/photos/7"}

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (PublicationBody, ONE),
    (PublicationBody, ONE | {"to": "bob"}),
    (PublicationBody, ONE | {"to": "bob", "group_key": "photo-7"}),
    (PublicationBody, ONE | {"to": "bob", "group_key": "photo-7", "push": "always", "devices": ["mobile"]}),
    (PublicationBody, ONE | {"to": {"room": "a"}, "push": "only"}),
    (PublicationBody, ONE | {"to": {"users": ["bob", "bob"]}}),
    (PublicationBody, ONE | {"to": {"all": True}, "title": None, "data": {"a": [1.5, None]}}),
    (
        PublicationBody,
        ONE | {"to": {"user": "b" * 128}, "content": "two\nlines\tand a tab", "priority": "low"},
    ),
    (PublicationBody, ONE | {"priority": None, "sender": None, "group_key": None}),
    (PublicationBody, ONE | {"sender": {"id": "x", "username": None, "avatar": ""}, "category": "a" * 64}),
    (MarkBody, {"ids": ["a"] * MAX_IDS}),
    (MarkBody, {"all": True}),
    (MarkBody, {"category": "like"}),
    (MarkBody, {"up_to": 2**63 - 1}),
    (MarkBody, {"up_to": 7.0, "category": "like"}),
    (ReadBody, {"is_read": False}),
    (PublicationBody, ONE | {"to": {"room": "general"}}),
    (PublicationBody, ONE | {"url": "/photos/7", "icon": "https://example.org/icon.png", "actions": None}),
    (PublicationBody, ONE | {"push": "only", "devices": ["mobile", "desktop", "tablet"]}),
    (NotificationEditBody, {"content": "hi"}),
    (
        NotificationEditBody,
        {"title": None, "data": None, "url": None, "actions": None, "icon": None, "expires_at": None},
    ),
    (NotificationEditBody, {"url": "/x", "actions": [ACTION], "icon": "/y", "data": {}, "title": "x"}),
    (PublicationBody, ONE | {"url": "/" + "a" * 2047, "actions": [ACTION, ACTION | {"id": "x"}, ACTION]}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (PublicationBody, None),
    (PublicationBody, []),
    (PublicationBody, {name: value for name, value in ONE.items() if name != "to"}),
    (PublicationBody, ONE | {"contents": "x"}),
    (PublicationBody, ONE | {"to": ""}),
    (PublicationBody, ONE | {"to": 7}),
    (PublicationBody, ONE | {"to": ["bob"]}),
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
    (PublicationBody, ONE | {"priority": "highest"}),
    (PublicationBody, ONE | {"sender": {"username": "x"}}),
    (PublicationBody, ONE | {"sender": {"id": "x", "avatar": "a" * 2049}}),
    (PublicationBody, ONE | {"category": "chat"}),
    (PublicationBody, ONE | {"category": "notification_edited"}),
    (PublicationBody, ONE | {"url": "javascript:alert(1)"}),
    (PublicationBody, ONE | {"push": "sometimes"}),
    (PublicationBody, ONE | {"devices": []}),
    (PublicationBody, ONE | {"devices": ["watch"]}),
    (PublicationBody, ONE | {"devices": ["mobile", "mobile"]}),
    (NotificationEditBody, {}),
    (NotificationEditBody, {"content": None}),
    (NotificationEditBody, {"content": ""}),
    (NotificationEditBody, {"category": "like"}),
    (NotificationEditBody, {"url": "//evil.example"}),
    (PublicationBody, ONE | {"url": "//evil.example"}),
    (PublicationBody, ONE | {"url": "/" + "a" * 2048}),
    (PublicationBody, ONE | {"icon": "data:image/png,x"}),
    (PublicationBody, ONE | {"actions": []}),
    (PublicationBody, ONE | {"actions": [ACTION] * 4}),
    (PublicationBody, ONE | {"actions": [{"label": "Open"}]}),
    (PublicationBody, ONE | {"actions": [ACTION | {"label": "two\nlines"}]}),
    (PublicationBody, ONE | {"actions": [ACTION | {"label": "x" * 65}]}),
    (PublicationBody, ONE | {"actions": [ACTION | {"url": "https://a@b.example"}]}),
    (PublicationBody, ONE | {"actions": [ACTION | {"more": 1}]}),
    (PublicationBody, ONE | {"to": {}}),
    (PublicationBody, ONE | {"to": {"user": None}}),
    (PublicationBody, ONE | {"to": {"user": "bob", "all": True}}),
    (PublicationBody, ONE | {"to": {"user": "bob", "all": None}}),
    (PublicationBody, ONE | {"to": {"users": []}}),
    (PublicationBody, ONE | {"to": {"users": "bob"}}),
    (PublicationBody, ONE | {"to": {"all": False}}),
    (PublicationBody, ONE | {"to": {"user": "\x00"}}),
    (PublicationBody, ONE | {"to": {"user": "b" * 129}}),
    (PublicationBody, ONE | {"to": {"room": "General"}}),
    (PublicationBody, ONE | {"to": {"room": "a", "user": "bob"}}),
    (PublicationBody, ONE | {"to": {"room": "a"}, "group_key": "k"}),
    (PublicationBody, ONE | {"to": {"user": "bob"}, "group_key": "k", "push": "only"}),
    (MarkBody, {}),
    (MarkBody, {"ids": []}),
    (MarkBody, {"ids": ["a"] * (MAX_IDS + 1)}),
    (MarkBody, {"ids": ["a" * 65]}),
    (MarkBody, {"ids": ["a"], "all": True}),
    (MarkBody, {"ids": ["a"], "up_to": 3}),
    (MarkBody, {"ids": ["a"], "all": None}),
    (MarkBody, {"up_to": 3, "category": None}),
    (MarkBody, {"all": True, "category": "like"}),
    (MarkBody, {"all": False}),
    (MarkBody, {"up_to": -1}),
    (MarkBody, {"up_to": 2**63}),
    (MarkBody, {"up_to": 7.5}),
    (MarkBody, {"up_to": "7"}),
    (MarkBody, {"up_to": True}),
    (ReadBody, {"is_read": "true"}),
    (ReadBody, {"is_read": 1}),
    (ReadBody, {"is_read": True, "more": 1}),
]


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


@pytest.mark.parametrize("model", [PublicationBody, NotificationEditBody, MarkBody, ReadBody])
def test_every_field_says_what_it_is(model: type[BaseModel]) -> None:
    assert undescribed(model) == []


WRONG_PUBLISHES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown field": ({"contents": "x"}, ["contents"]),
    "unknown field in to": ({"to": {"user": "bob", "team": "x"}}, ["to.team"]),
    "to is empty text": ({"to": ""}, ["to.user"]),
    "to is a list": ({"to": ["bob"]}, ["to"]),
    "to nobody": ({"to": {}}, ["to"]),
    "to two": ({"to": {"user": "bob", "all": True}}, ["to"]),
    "to is null": ({"to": None}, ["to"]),
    "to all is false": ({"to": {"all": False}}, ["to.all"]),
    "to all is 1": ({"to": {"all": 1}}, ["to.all"]),
    "no users": ({"to": {"users": []}}, ["to.users"]),
    "users is text": ({"to": {"users": "bob"}}, ["to.users"]),
    "a user is a number": ({"to": {"users": ["bob", 7]}}, ["to.users.1"]),
    "a user is empty": ({"to": {"user": ""}}, ["to.user"]),
    "a user is too long": ({"to": {"user": "u" * 129}}, ["to.user"]),
    "a user with a line break": ({"to": {"user": "bob\n"}}, ["to.user"]),
    "category is a number": ({"category": 5}, ["category"]),
    "category with capitals": ({"category": "Like"}, ["category"]),
    "category with a line break": ({"category": "like\n"}, ["category"]),
    "category is empty": ({"category": ""}, ["category"]),
    "category is too long": ({"category": "c" * 65}, ["category"]),
    "content is missing": ({"content": None}, ["content"]),
    "content is a number": ({"content": 1}, ["content"]),
    "content is a list": ({"content": ["a"]}, ["content"]),
    "content is empty": ({"content": ""}, ["content"]),
    "content is too long": ({"content": "x" * 8001}, ["content"]),
    "content with NUL": ({"content": "a\0b"}, ["content"]),
    "content with a control character": ({"content": "a\x1b[31m"}, ["content"]),
    "content with a C1 control": ({"content": "a\x85b"}, ["content"]),
    "title is too long": ({"title": "t" * 201}, ["title"]),
    "title with a line break": ({"title": "a\nb"}, ["title"]),
    "data is a list": ({"data": [1]}, ["data"]),
    "data is text": ({"data": "x"}, ["data"]),
    "sender is text": ({"sender": "alice"}, ["sender"]),
    "sender without id": ({"sender": {"username": "Alice"}}, ["sender.id"]),
    "sender with more": ({"sender": {"id": "a", "is_admin": True}}, ["sender.is_admin"]),
    "priority is no word of ours": ({"priority": "asap"}, ["priority"]),
    "priority is a number": ({"priority": 1}, ["priority"]),
    "category is a frame's": ({"category": "bundle"}, ["category"]),
    "url is a script": ({"url": "javascript:alert(1)"}, ["url"]),
    "icon of another host": ({"icon": "//evil.example/x"}, ["icon"]),
    "an action without a url": ({"actions": [{"label": "Open"}]}, ["actions.0.url"]),
    "too many actions": ({"actions": [ACTION] * 4}, ["actions"]),
    "several": ({"category": "", "content": 1, "x": 1}, ["category", "content", "x"]),
}


async def test_wrong_publish_names_its_fields(site: Site) -> None:
    async with site.unchanged():
        for name, (changes, fields) in WRONG_PUBLISHES.items():
            with case(name):
                refused(await site.send("POST", body=body_with(**changes)), 422, "invalid", *fields)
                # In a batch the same, with its place; and the good one beside it is not published.
                batch = to_json([GOOD, {**GOOD, **changes}]).encode()
                refused(
                    await site.send("POST", body=batch), 422, "invalid", *(f"1.{field}" for field in fields)
                )


WRONG_MARKS: dict[str, tuple[Any, list[str]]] = {
    "nothing": ({}, ["body"]),
    "two at once": ({"all": True, "ids": ["a"]}, ["body"]),
    "all is false": ({"all": False}, ["all"]),
    "no ids": ({"ids": []}, ["ids"]),
    "ids is text": ({"ids": "abc"}, ["ids"]),
    "an id is a number": ({"ids": ["a", 1]}, ["ids.1"]),
    "an id is null": ({"ids": [None]}, ["ids.0"]),
    "an id is too long": ({"ids": ["a" * 65]}, ["ids.0"]),
    "an id with NUL": ({"ids": ["a\0"]}, ["ids.0"]),
    "category is unfit": ({"category": "LIKE"}, ["category"]),
    "up_to is text": ({"up_to": "3"}, ["up_to"]),
    "up_to is true": ({"up_to": True}, ["up_to"]),
    "up_to is a fraction": ({"up_to": 1.5}, ["up_to"]),
    "up_to is negative": ({"up_to": -1}, ["up_to"]),
    "up_to is too large": ({"up_to": 2**63}, ["up_to"]),
    "unknown field": ({"all": True, "before": 3}, ["before"]),
    "a list": ([], ["body"]),
    "null": (None, ["body"]),
    "text": ("all", ["body"]),
}


async def test_errors_about_recipients_and_marks_show_the_shapes(site: Site) -> None:
    shapes = 'must be {"user": id}, {"users": [id, ..]}, {"room": id} or {"all": true}'
    for to in (7, ["bob"], {}, {"user": "bob", "all": True}):
        problem = refused(await site.send("POST", body=body_with(to=to)), 422, "invalid", "to")
        assert problem["errors"][0]["message"] == shapes
        assert problem["detail"] == f"1 field is invalid: `to` {shapes}."
    problem = refused(await site.send("POST", "/read", body=b"[]", user="bob"), 422, "invalid", "body")
    assert problem["errors"][0]["message"].startswith('must be {"ids": [id, ..]}, {"all": true}, ')


async def test_a_text_is_the_recipient(site: Site) -> None:
    answer = await site.send("POST", body=body_with(to="bob", content="hello"))
    assert answer.status_code == 201
    assert (await site.api("bob").pages())[0]["content"] == "hello"


async def test_wrong_mark_names_its_fields(site: Site) -> None:
    async with site.unchanged():
        for name, (body, fields) in WRONG_MARKS.items():
            with case(name):
                for action in ("read", "seen", "unread", "archive", "unarchive"):
                    answer = await site.send("POST", f"/{action}", body=json.dumps(body).encode(), user="bob")
                    refused(answer, 422, "invalid", *fields)


async def test_wrong_single_mark_names_its_fields(site: Site) -> None:
    mine = (await site.api("bob").pages())[0]["id"]
    async with site.unchanged():
        for body, fields in (
            ({}, ["is_read"]),
            ({"is_read": 1}, ["is_read"]),
            ({"is_read": None}, ["is_read"]),
            ({"is_read": "true"}, ["is_read"]),
            ({"is_read": True, "x": 1}, ["x"]),
            ([True], ["body"]),
        ):
            answer = await site.send("PUT", f"/{mine}", body=json.dumps(body).encode(), user="bob")
            refused(answer, 422, "invalid", *fields)
