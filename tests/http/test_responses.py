"""Responses: JSON in UTF-8 that no cache keeps, and field types that describe what is sent."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import TypeAdapter
from starlette.responses import Response

from lumen_notify.http.responses import PositiveInt, Time, answer, answer_text
from lumen_notify.model import rfc3339, to_json


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


def test_json_has_no_line_breaks_for_any_reader() -> None:
    text = "a\x85b\u2028c\u2029d\r\n\v\f\x1c\x1d\x1e"
    for response in (answer({"text": text}), answer_text(to_json({"text": text}))):
        body = bytes(response.body).decode()
        assert body.splitlines() == [body]
        assert json.loads(body) == {"text": text}


@pytest.mark.parametrize(
    ("field", "sent", "never"),
    [(PositiveInt, 1, 0), (Time, rfc3339(0), "yesterday")],
    ids=["positive number", "time"],
)
def test_a_field_is_described_as_it_is_sent(field: Any, sent: Any, never: Any) -> None:
    schema = TypeAdapter(field).json_schema()
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert validator.is_valid(sent)
    assert not validator.is_valid(never)
