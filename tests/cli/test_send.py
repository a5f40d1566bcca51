"""Send: the request of `lumen-notify send` and its result line, without a server."""

from __future__ import annotations

import json

import httpx
import pytest

from lumen_notify.cli.client import CallFailed
from lumen_notify.cli.send import send
from lumen_notify.client import Client

PUBLISHED = {"id": "n-1", "recipients": 1, "position": 7, "status": "sent"}


def client_of(response: httpx.Response, requests: list[httpx.Request]) -> Client:
    """Return a client that gets this response."""

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return response

    http = httpx.Client(transport=httpx.MockTransport(respond))
    return Client("http://127.0.0.1:8000", token="abc", http=http)


def test_it_publishes_and_returns_the_id_and_position() -> None:
    requests: list[httpx.Request] = []
    client = client_of(httpx.Response(201, json=PUBLISHED), requests)
    line = send(client, user="alice", text="hi", category="news", title="the title")
    assert line == "sent n-1 to alice at position 7"
    assert json.loads(requests[0].content) == {
        "to": {"user": "alice"},
        "category": "news",
        "content": "hi",
        "title": "the title",
    }
    assert requests[0].headers["idempotency-key"]


def test_a_link_is_the_url_of_the_notification() -> None:
    requests: list[httpx.Request] = []
    client = client_of(httpx.Response(201, json=PUBLISHED), requests)
    send(client, user="alice", text="hi", category="news", link="/photos/7")
    assert json.loads(requests[0].content)["url"] == "/photos/7"


def test_without_a_title_the_field_is_left_out() -> None:
    requests: list[httpx.Request] = []
    client = client_of(httpx.Response(201, json=PUBLISHED), requests)
    send(client, user="alice", text="hi", category="news", title=None)
    assert "title" not in json.loads(requests[0].content)


def test_a_refusal_is_reported() -> None:
    client = client_of(httpx.Response(403, json={"code": "forbidden", "detail": "No scope."}), [])
    with pytest.raises(CallFailed, match=r"^Not sent: forbidden: No scope\.$"):
        send(client, user="alice", text="hi", category="news", title=None)
