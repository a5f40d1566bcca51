"""Problems: every error is answered with its status and a full sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request

from lumen_notify import errors
from lumen_notify.http import problems


def document(error: errors.LumenError) -> tuple[int, Any]:
    response = problems.refused(Request({"type": "http"}), error)
    return response.status_code, json.loads(bytes(response.body))


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (errors.Invalid("x"), 422, "Invalid"),
        (errors.Unauthenticated("x"), 401, "Unauthenticated"),
        (errors.Forbidden("x"), 403, "Forbidden"),
        (errors.NotFound("x"), 404, "Not found"),
        (errors.Conflict("x"), 409, "Conflict"),
        (errors.TooLarge("x"), 413, "Too large"),
        (errors.RateLimited("x", retry_after_seconds=7, limit="x"), 429, "Rate limited"),
        (errors.DatabaseUnavailable("x"), 503, "Database unavailable"),
        (errors.Misconfigured([("A", "x")]), 500, "Misconfigured"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_has_its_status_and_title(error: errors.LumenError, status: int, title: str) -> None:
    answered, problem = document(error)
    assert answered == problem["status"] == status
    assert problem["title"] == title
    assert problem["type"] == f"urn:lumen-notify:{problem['code']}"


def test_detail_of_a_single_field_names_it() -> None:
    _, problem = document(errors.Invalid("must be another user", field="to"))
    assert problem["detail"] == "`to` must be another user."
    assert problem["errors"] == [{"field": "to", "message": "must be another user"}]


def test_detail_of_several_fields_is_the_text_of_the_error() -> None:
    faults = [errors.Fault(field=name, message="is required") for name in ("a", "b")]
    _, problem = document(errors.Invalid("2 fields are invalid.", faults=faults))
    assert problem["detail"] == "2 fields are invalid."
    assert [fault["field"] for fault in problem["errors"]] == ["a", "b"]
