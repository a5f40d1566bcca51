"""Problems: every error is answered with its status and a full sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from lumen_notify import errors
from lumen_notify.http import problems
from lumen_notify.model import to_json


def document(error: errors.LumenError) -> tuple[int, Any]:
    response = problems.refused(Request({"type": "http"}), error)
    return response.status_code, json.loads(bytes(response.body))


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (errors.Invalid("x"), 422, "Request is invalid"),
        (errors.Unauthenticated("x", code="token_expired"), 401, "Token has expired"),
        (errors.Forbidden("x"), 403, "Scope is missing"),
        (errors.Forbidden("x", code="muted"), 403, "Muted in the room"),
        (errors.NotFound("x"), 404, "Not found"),
        (errors.Conflict("x", code="room_taken"), 409, "Room id is taken"),
        (errors.TooLarge("x"), 413, "Body is too large"),
        (errors.RateLimited("x", retry_after_seconds=7, limit="x"), 429, "Rate limit is exceeded"),
        (errors.DatabaseUnavailable("x"), 503, "Database is unavailable"),
        (errors.Misconfigured([("A", "x")]), 500, "Internal Server Error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_has_its_status_and_title(error: errors.LumenError, status: int, title: str) -> None:
    answered, problem = document(error)
    assert answered == problem["status"] == status
    assert problem["title"] == title
    assert problem["type"] == f"urn:lumen-notify:{problem['code']}"


def test_problems_are_compact_json_as_all_responses_are() -> None:
    response = problems.refused(Request({"type": "http"}), errors.Invalid("It is wrong."))
    assert bytes(response.body) == to_json(json.loads(bytes(response.body))).encode()


def test_unknown_path_and_method_are_named() -> None:
    scope = {"type": "http", "method": "PUT", "path": "/api/v1/nope" + "x" * 1000, "headers": []}
    not_found = json.loads(bytes(problems.not_routed(Request(scope), HTTPException(404)).body))
    assert (not_found["code"], not_found["title"]) == ("path_not_found", "Path does not exist")
    shown = ("/api/v1/nope" + "x" * 1000)[:200]
    assert not_found["detail"] == f"The path {shown} does not exist. /openapi.json lists all paths."
    error = HTTPException(405, headers={"Allow": "GET, POST"})
    refused = json.loads(bytes(problems.not_routed(Request(scope), error).body))
    assert refused["detail"] == "This path does not support PUT, only GET, POST."


def test_detail_of_a_single_field_names_it() -> None:
    _, problem = document(errors.Invalid("must be another user", field="to"))
    assert problem["detail"] == "`to` must be another user."
    assert problem["errors"] == [{"field": "to", "message": "must be another user"}]


def test_detail_of_several_fields_names_the_first_of_them() -> None:
    faults = [errors.Fault(field=name, message="is required") for name in ("a", "b")]
    _, problem = document(errors.Invalid("2 fields are invalid.", faults=faults))
    assert problem["detail"] == "2 fields are invalid: `a` is required; `b` is required."
    assert [fault["field"] for fault in problem["errors"]] == ["a", "b"]


def test_detail_of_very_many_fields_names_five() -> None:
    faults = [errors.Fault(field=str(number), message="is required") for number in range(20)]
    _, problem = document(errors.Invalid.of(faults, number=30))
    texts = "; ".join(f"`{number}` is required" for number in range(5))
    assert problem["detail"] == f"30 fields are invalid: {texts}; and so on."
    assert len(problem["errors"]) == 20
