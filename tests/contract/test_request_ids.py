"""Request ids on the wire: on every response, on both paths of a stream, in the log lines of the request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from clients import BASE, NOTIFICATIONS, token
from log_lines import LogLines, log_lines
from raw_http import RawClient

from .stream_site import STREAM, OpenSite, Site

MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
def log() -> Iterator[LogLines]:
    with log_lines() as lines:
        yield lines


async def test_every_response_has_it(open_site: OpenSite) -> None:
    site = await open_site(cors_origins=("https://app.example",))
    alice = site.bearer("alice")
    preflight = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,x-request-id",
    }
    asked: list[tuple[int, str, str, dict[str, Any]]] = [
        (200, "GET", NOTIFICATIONS, {"headers": alice}),
        (401, "GET", NOTIFICATIONS, {}),
        (422, "POST", NOTIFICATIONS, {"headers": alice, "json": {"a": 1}}),
        (404, "GET", f"{BASE}/nothing", {}),
        (405, "PUT", f"{NOTIFICATIONS}/counts", {"headers": alice}),
        (307, "GET", f"{NOTIFICATIONS}/counts/", {"headers": alice}),
        (200, "HEAD", STREAM, {"headers": alice}),
        (401, "GET", STREAM, {}),
        (200, "OPTIONS", NOTIFICATIONS, {"headers": preflight}),
        (200, "GET", "/", {}),
        (200, "GET", "/client/lumen-notify.js", {}),
        (404, "GET", "/client/nothing.js", {}),
        (200, "GET", "/healthz", {}),
        (200, "GET", "/metrics", {}),
        (200, "GET", "/openapi.json", {}),
    ]
    for number, (status, method, path, more) in enumerate(asked):
        headers = {**more.pop("headers", {}), "X-Request-ID": f"test-{number}"}
        answer = await site.http.request(method, path, headers=headers, **more)
        assert answer.status_code == status, (method, path)
        assert answer.headers.get_list("x-request-id") == [f"test-{number}"], (method, path)
        if answer.headers.get("content-type") == "application/problem+json":
            assert answer.json()["request_id"] == f"test-{number}"
    assert MADE.fullmatch((await site.http.get("/healthz")).headers["x-request-id"])


async def test_pages_of_other_origins_may_read_it(open_site: OpenSite) -> None:
    site = await open_site(cors_origins=("https://app.example",))
    answer = await site.http.get("/healthz", headers={"Origin": "https://app.example"})
    assert "X-Request-ID" in answer.headers["access-control-expose-headers"]


async def test_stream_has_it_and_so_has_the_line_at_its_open(site: Site, log: LogLines) -> None:
    stream = await site.stream("alice", "X-Request-ID: tab-1", device="mobile")
    assert stream.headers["x-request-id"] == "tab-1"
    (opened,) = log.with_part(" opened: ")
    assert opened["request_id"] == "tab-1"
    assert opened["msg"].endswith(" opened: device mobile")


async def test_lines_of_other_tasks_have_no_request(site: Site, log: LogLines) -> None:
    await site.stream("alice", "X-Request-ID: tab-1")
    await site.publish("alice")
    delivered = log.with_part("Delivered the events from ")
    assert delivered
    assert not [line for line in delivered if "request_id" in line]


async def test_failure_is_answered_and_logged_with_one_id(
    site: Site, log: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.lumen._services is not None

    async def fail(_command: object) -> None:
        raise RuntimeError("made up by a test")

    monkeypatch.setattr(site.lumen._services.committer, "submit", fail)
    body = {"to": {"user": "bob"}, "category": "like", "content": "hi"}
    headers = {"Authorization": f"Bearer {token('app', 'notify:publish')}", "X-Request-ID": "shop-1"}
    answer = await site.http.post(NOTIFICATIONS, json=body, headers=headers)
    assert (answer.status_code, answer.json()["request_id"]) == (500, "shop-1")
    assert answer.headers.get_list("x-request-id") == ["shop-1"]
    (line,) = log.with_part(f"POST {NOTIFICATIONS} failed")
    assert line["request_id"] == "shop-1"
    assert line["trace"].endswith("RuntimeError: made up by a test")


async def test_pipelined_requests_have_their_own(site: Site) -> None:
    async with RawClient.connect(site.listening.port) as client:
        for id_ in ("one", "two"):
            client.send(f"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-ID: {id_}\r\n\r\n".encode())
        answers = [await client.answer() for _ in range(2)]
    assert [answer.headers["x-request-id"] for answer in answers] == ["one", "two"]
