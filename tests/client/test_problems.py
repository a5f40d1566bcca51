"""Problems: each error that the server can answer comes back as the same error."""

from __future__ import annotations

from email.utils import formatdate
from time import time
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from lumen_notify import errors
from lumen_notify.client.problems import error_of, retry_after_seconds, unreachable
from lumen_notify.errors import Fault, Invalid, LumenError, RateLimited, ServerError, Unavailable
from lumen_notify.http.problems import STATUSES, refused

REQUEST = httpx.Request("GET", "http://x.example/api/v1/rooms")
RAISED = {
    Invalid: Invalid.of([Fault(field="to", message="is required"), Fault(field="title", message="is long")]),
    RateLimited: RateLimited("Too many.", retry_after_seconds=7, limit="messages"),
}


def response(status: int, **named: Any) -> httpx.Response:
    return httpx.Response(status, request=REQUEST, **named)


@pytest.mark.parametrize("kind", [kind for kind, _ in STATUSES], ids=lambda kind: kind.__name__)
def test_an_error_of_the_server_comes_back_as_it_was(kind: type[LumenError]) -> None:
    raised = RAISED.get(kind) or kind("It is so.", code="exactly_so")
    answer = refused(Request({"type": "http", "headers": []}), raised)
    error = error_of(response(answer.status_code, content=bytes(answer.body), headers=dict(answer.headers)))
    assert type(error) is kind
    assert (str(error), error.code) == (str(raised), raised.code)
    if isinstance(error, Invalid) and isinstance(raised, Invalid):
        assert error.faults == raised.faults
    if isinstance(error, RateLimited):
        assert (error.retry_after_seconds, error.limit) == (7, "messages")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, ServerError), (502, Unavailable), (504, Unavailable), (405, errors.Refused), (301, ServerError)],
)
def test_a_response_without_a_problem_document_has_the_error_of_its_status(
    status: int, kind: type[LumenError]
) -> None:
    for named in ({"text": "<html>"}, {"json": ["x"]}, {"json": {"errors": "x"}}):
        error = error_of(response(status, **named))
        assert type(error) is kind
        assert error.message.startswith(f"http://x.example/api/v1/rooms answers {status} ")


@pytest.mark.parametrize("text", ["", "soon", "-1", "²"])
def test_without_a_usable_retry_after_no_wait_is_asked(text: str) -> None:
    assert retry_after_seconds(response(429, headers={"retry-after": text.encode()})) == 0


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after_seconds(response(429, headers={"retry-after": "7"})) == 7
    date = formatdate(time() + 100, usegmt=True)
    assert 50 < retry_after_seconds(response(429, headers={"retry-after": date})) <= 100


def test_a_transport_error_without_a_text_is_named() -> None:
    assert unreachable("http://x", httpx.ReadTimeout("")).message == "http://x does not answer: ReadTimeout."
