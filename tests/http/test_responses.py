"""Responses: JSON in UTF-8 that no cache keeps, and field types that describe what is sent."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from pydantic import TypeAdapter
from starlette.responses import Response

from lumen_notify.http.responses import PositiveInt, Time, answer, answer_text
from lumen_notify.model import new_id, rfc3339
from lumen_notify.model.events.fields import Count, Position, Seq, Uuid


def headers(response: Response) -> dict[str, str]:
    return dict(response.headers)


def test_a_value_is_answered_as_json() -> None:
    response = answer({"name": "\u00c4nn", "seq": 7}, 201)
    body = '{"name":"\u00c4nn","seq":7}'.encode()
    assert (response.status_code, response.body) == (201, body)
    assert headers(response) == {
        "content-length": str(len(body)),
        "content-type": "application/json",
        "cache-control": "no-store",
    }


def test_text_that_is_json_is_answered_as_it_is() -> None:
    response = answer_text('{ "b": 1, "a": "\u00c4" }')
    assert (response.status_code, response.body) == (200, '{ "b": 1, "a": "\u00c4" }'.encode())
    assert headers(response) == headers(answer({})) | {"content-length": str(len(response.body))}


@pytest.mark.parametrize(
    ("field", "sent", "never"),
    [
        (Count, 0, -1),
        (PositiveInt, 1, 0),
        (Position, 0, -1),
        (Seq, 1, 0),
        (Time, rfc3339(0), "yesterday"),
        (Uuid, new_id(), "7"),
    ],
    ids=["count", "positive number", "position", "seq", "time", "uuid"],
)
def test_a_field_is_described_as_it_is_sent(field: Any, sent: Any, never: Any) -> None:
    schema = TypeAdapter(field).json_schema()
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert validator.is_valid(sent)
    assert not validator.is_valid(never)
