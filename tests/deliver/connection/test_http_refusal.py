from __future__ import annotations

import json

from lumen_notify.deliver.connection import http_refusal


def test_refusal_is_a_whole_response_with_a_problem_document() -> None:
    head, _, body = http_refusal.request_timeout(20.0).encode().partition(b"\r\n\r\n")
    status_line, *headers = head.split(b"\r\n")
    assert status_line == b"HTTP/1.1 408 Request Timeout"
    assert set(headers) == {
        b"connection: close",
        b"cache-control: no-store",
        b"content-type: application/problem+json",
        b"content-length: %d" % len(body),
    }
    assert json.loads(body) == {
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
