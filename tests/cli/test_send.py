"""Send: the request of `lumen-notify send` and its result line, without a server."""

from __future__ import annotations

import json

import httpx
import pytest

from lumen_notify.cli import send as module
from lumen_notify.cli.client import CallFailed
from lumen_notify.cli.send import send

URL = "http://127.0.0.1:8000/api/v1/notifications"


def respond_with(monkeypatch: pytest.MonkeyPatch, response: httpx.Response) -> list[httpx.Request]:
    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return response

    transport = httpx.MockTransport(respond)
    monkeypatch.setattr(module, "new_client", lambda *_, **__: httpx.Client(transport=transport))
    return requests


def test_it_publishes_and_returns_the_id_and_position(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = respond_with(monkeypatch, httpx.Response(201, json={"id": "n-1", "position": 7}))
    line = send(URL, "token", user="alice", text="hi", category="news", title="the title")
    assert line == "sent n-1 to alice at position 7"
    (request,) = requests
    assert json.loads(request.content) == {
        "to": {"user": "alice"},
        "category": "news",
        "content": "hi",
        "title": "the title",
    }


def test_a_link_is_the_url_of_the_notification(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = respond_with(monkeypatch, httpx.Response(201, json={"id": "n-1", "position": 7}))
    send(URL, "token", user="alice", text="hi", category="news", link="/photos/7")
    assert json.loads(requests[0].content)["url"] == "/photos/7"


def test_without_a_title_the_field_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = respond_with(monkeypatch, httpx.Response(201, json={"id": "n-1", "position": 7}))
    send(URL, "token", user="alice", text="hi", category="news", title=None)
    assert "title" not in json.loads(requests[0].content)


def test_a_refusal_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    respond_with(monkeypatch, httpx.Response(403, json={"code": "forbidden", "detail": "No scope."}))
    with pytest.raises(CallFailed, match=r"^Not sent: 403 forbidden: No scope\.$"):
        send(URL, "token", user="alice", text="hi", category="news", title=None)
