"""Client: the HTTP client for one server, and the text of a failed response."""

from __future__ import annotations

import httpx
import pytest

from lumen_notify.cli.client import CallFailed, failure_text, is_loopback, new_client


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (
            httpx.Response(403, json={"code": "forbidden", "detail": "This needs the scope x."}),
            "403 forbidden: This needs the scope x.",
        ),
        (
            httpx.Response(404, json={"code": "not_found", "detail": "no such room"}),
            "404 not_found: no such room.",
        ),
        (
            httpx.Response(
                422,
                json={
                    "code": "invalid",
                    "detail": "2 fields are wrong",
                    "errors": [
                        {"field": "to", "message": "is missing"},
                        {"field": "title", "message": "is too long"},
                    ],
                },
            ),
            "422 invalid: to is missing; title is too long.",
        ),
        (httpx.Response(502, text="<html>"), "502 Bad Gateway."),
        (httpx.Response(500, json=["not a problem document"]), "500 Internal Server Error."),
        (httpx.Response(500, json={"code": "x"}), "500 Internal Server Error."),
    ],
    ids=["detail", "without full stop", "faults", "html", "list", "incomplete"],
)
def test_a_failed_response_is_described_in_one_sentence(response: httpx.Response, text: str) -> None:
    assert failure_text(response) == text


@pytest.mark.parametrize(
    ("host", "is_so"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False), ("example.com", False)],
)
def test_loopback_hosts_are_recognized(host: str, is_so: bool) -> None:
    assert is_loopback(host) == is_so


def test_the_client_sends_the_token_and_bypasses_proxies_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with new_client("http://127.0.0.1:8000", "abc", read_seconds=1) as client:
        assert client.headers["Authorization"] == "Bearer abc"
        assert not client.trust_env
    with new_client("http://192.0.2.1", "abc", read_seconds=1) as client:
        assert client.trust_env


def test_an_invalid_url_is_reported() -> None:
    with pytest.raises(CallFailed, match="is not a URL"):
        new_client("http://127.0.0.1:x", "abc", read_seconds=1)
