from __future__ import annotations

import json
import logging

import pytest

from lumen_notify.deliver.connection import http_refusal
from lumen_notify.logs import JsonFormatter
from lumen_notify.request_id import REQUEST_ID


def test_refusal_is_a_whole_response_with_a_problem_document() -> None:
    head, _, body = http_refusal.request_timeout(20.0).encode().partition(b"\r\n\r\n")
    status_line, *headers = head.split(b"\r\n")
    assert status_line == b"HTTP/1.1 408 Request Timeout"
    document = json.loads(body)
    request_id = document.pop("request_id")
    assert set(headers) == {
        b"connection: close",
        b"x-request-id: %b" % request_id.encode(),
        b"cache-control: no-store",
        b"content-type: application/problem+json",
        b"cross-origin-resource-policy: same-origin",
        b"x-content-type-options: nosniff",
        b"content-length: %d" % len(body),
    }
    assert document == {
        "type": "urn:lumen-notify:request_timeout",
        "title": "Request took too long",
        "status": 408,
        "code": "request_timeout",
        "detail": "The request did not arrive completely within 20 seconds.",
    }


def test_each_refusal_has_its_status() -> None:
    refusals = {
        refusal.code: int(refusal.status)
        for refusal in (
            http_refusal.bad_request("x"),
            http_refusal.head_too_large(1),
            http_refusal.not_implemented("x"),
            http_refusal.version_not_supported(),
        )
    }
    assert refusals == {
        "bad_request": 400,
        "head_too_large": 431,
        "not_implemented": 501,
        "version_not_supported": 505,
    }


def test_each_refusal_has_an_id_of_its_own_which_its_line_has_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    refusals = [http_refusal.bad_request("x"), http_refusal.bad_request("x")]
    for refusal in refusals:
        refusal.log(None)
    ids = [refusal.response().headers["x-request-id"] for refusal in refusals]
    assert ids[0] != ids[1]
    assert [json.loads(line)["request_id"] for line in caplog.text.splitlines()] == ids
    assert REQUEST_ID.get() is None


@pytest.mark.parametrize(
    ("refusal", "level"),
    [(http_refusal.bad_request("It is odd."), "WARNING"), (http_refusal.request_timeout(20.0), "DEBUG")],
)
def test_odd_connection_is_a_warning_and_a_silent_one_is_not(
    refusal: http_refusal.HttpRefusal, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lumen_notify.http")
    refusal.log(("192.0.2.1", 5))
    refusal.log(None)
    assert [record.levelname for record in caplog.records] == [level] * 2
    assert caplog.messages[0] == f"A request from 192.0.2.1 was refused: {refusal.detail}"
    assert "from unknown was" in caplog.messages[1]
