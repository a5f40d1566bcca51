"""Calls: what is sent. `test_client.py` sends it to a real server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lumen_notify.client import calls
from lumen_notify.errors import Invalid


def body(call: calls.Call[Any]) -> object:
    return json.loads(call.content or b"null")


def test_what_is_not_given_is_not_sent() -> None:
    call = calls.publish(
        "bob", category="like", content="hi", to=None, sender=None, idempotency_key="k", fields={}
    )
    assert body(call) == {"to": {"user": "bob"}, "category": "like", "content": "hi"}
    assert call.headers["idempotency-key"] == "k"
    page = calls.notifications(cursor=None, limit=20, unread=True, category=None, archived=None)
    assert page.params == {"limit": "20", "unread": "true"}


def test_every_call_may_be_repeated() -> None:
    given = {"category": "like", "content": "hi", "to": None, "sender": None, "idempotency_key": None}
    for call in (
        calls.publish("bob", **given, fields={}),  # type: ignore[arg-type]
        calls.publish_many([], idempotency_key=None),
        calls.send("tea", "hi", client_id=None, fields={}),
        calls.mark_read(None, category=None, up_to=None, everything=True),
        calls.counts(),
    ):
        assert call.is_repeatable


def test_any_other_request_is_repeatable_by_its_method() -> None:
    repeatable = {
        method: calls.request(method, "/rooms", read=str).is_repeatable
        for method in ("GET", "PUT", "DELETE", "POST", "PATCH")
    }
    assert repeatable == {"GET": True, "PUT": True, "DELETE": True, "POST": False, "PATCH": False}


def test_a_mark_without_a_choice_is_refused() -> None:
    with pytest.raises(Invalid, match="everything=True"):
        calls.mark_read(None, category=None, up_to=None, everything=False)


def test_no_ids_are_a_choice() -> None:
    assert body(calls.mark_read([], category=None, up_to=None, everything=False)) == {"ids": []}


def test_times_may_be_datetimes() -> None:
    call = calls.request("POST", "/x", read=str, body={"at": datetime(2026, 1, 31, tzinfo=UTC)})
    assert body(call) == {"at": "2026-01-31T00:00:00+00:00"}


@pytest.mark.parametrize(
    "value", [float("nan"), object(), "\udcff", {1, 2}], ids=["nan", "object", "surrogate", "set"]
)
def test_a_body_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(Invalid, match="cannot be sent as JSON"):
        calls.request("POST", "/x", read=str, body={"data": value})
