"""The contract of the stream over real HTTP, which both paths keep.

- `handover`: uvicorn with our protocol, the stream owns the TCP connection;
- `sse-starlette`: uvicorn with its own protocol, the same frames go through a response.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clients import SECRET, Frame, eventually, token
from lumen_notify import Lumen, Settings
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.deliver.frames.control import RESTART_RETRY_MS, RETRY_MS, STAY_AWAY_MS
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import CountsSnapshot
from lumen_notify.settings import Secret

from .stream_site import PATHS, STREAM, OpenSite, Site, Stream


# --------------------------------------------------------------------------------------- the first frames
async def test_paths_are_what_they_are_called(site: Site, protocol: type[HttpToolsProtocol]) -> None:
    await site.stream("ann")
    assert len(site.handed_over) == (protocol is HandoverProtocol)


async def test_head_is_sent_at_once_and_the_first_frame_when_the_counts_are_known(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, may_load = CountLoader.load, asyncio.Event()

    async def wait_and_load(self: CountLoader, user_id: str) -> CountsSnapshot:
        await may_load.wait()
        return await load(self, user_id)

    monkeypatch.setattr(CountLoader, "load", wait_and_load)
    stream = await site.ask(f"{STREAM}?token={token('ann')}")
    assert (stream.status, stream.payload) == (200, "")
    may_load.set()
    ready = await stream.wait_for_event("ready")
    assert stream.frames[0] is ready
    assert ready.retry_ms is not None
    assert RETRY_MS[0] <= ready.retry_ms <= RETRY_MS[1]


async def test_answer_has_the_headers_of_a_stream(site: Site) -> None:
    headers = (await site.stream("ann")).headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-store, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers


async def test_stream_is_live_after_ready(site: Site) -> None:
    await site.publish("ann", content="before")
    stream = await site.stream("ann")
    ready = await stream.wait_for_event("ready")
    assert (ready.data["unread_count"], ready.data["recovered"], ready.data["replayed"]) == (1, False, 0)
    await site.publish("ann", "bob", content="for two")
    await site.publish(content="for all")
    await site.publish("bob", content="for another")
    await site.api("ann").post("/read", {"all": True})
    read = await stream.wait_for_event("read")
    messages = [frame for frame in stream.frames if frame.event == "message"]
    assert [frame.data["data"]["content"] for frame in messages] == ["for two", "for all"]
    assert [frame.data["unread_count"] for frame in messages] == [2, 3]
    assert read.data["unread_count"] == 0
    assert [frame.position for frame in [ready, *messages, read]] == [1, 2, 3, 5]  # one for a list


@pytest.mark.parametrize("by", ["header", "last_event_id", "lastEventId"])
async def test_stream_resumes_after_the_last_event_id_that_the_client_hands_back(site: Site, by: str) -> None:
    stream = await site.stream("ann")
    await site.publish("ann", content="seen")
    cursor = (await stream.wait_for_event("message")).id
    assert cursor is not None
    await stream.close()
    for number in range(3):
        await site.publish("ann", content=f"missed {number}")
    query, headers = ("", [f"Last-Event-ID: {cursor}"]) if by == "header" else (f"&{by}={cursor}", [])
    again = await site.ask(f"{STREAM}?token={token('ann')}{query}", *headers)
    await again.wait_for_event("message", 3)
    ready, *missed = again.frames
    assert (ready.id, ready.data["recovered"], ready.data["replayed"]) == (None, True, 3)
    assert [frame.data["data"]["content"] for frame in missed] == ["missed 0", "missed 1", "missed 2"]
    assert {frame.data["unread_count"] for frame in missed} == {4}


async def test_cursor_that_cannot_be_served_is_answered_by_reset_in_band(site: Site) -> None:
    await site.publish("ann")
    stream = await site.stream("ann", last_event_id="elsewhere-17")
    reset = await stream.wait_for_event("reset")
    ready = await stream.wait_for_event("ready")
    assert reset.id == ready.id
    assert (reset.data["unread_count"], ready.data["recovered"]) == (1, False)
    await site.publish("ann", content="live")
    await stream.wait_for_event("message")


async def test_head_gets_the_headers_and_opens_nothing(site: Site) -> None:
    headers = (await site.stream("ann")).headers
    answer = await site.http.head(STREAM, headers=site.bearer("ann"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == headers["content-type"]
    assert answer.content == b""
    assert (await site.http.get("/healthz")).status_code == 200
    assert (await site.metrics())["lumen_streams"] == 1


# ------------------------------------------------------------------------------------------------- time
async def test_ping_comes_after_a_second_of_silence_with_the_newest_id(open_site: OpenSite) -> None:
    site = await open_site(ping_seconds=1)
    stream = await site.stream("ann")
    await site.publish("bob")
    ping = await stream.wait_for_event("ping")
    assert ping.position == 1
    assert ping.data == {}


async def test_stream_whose_token_ends_is_warned_and_then_closed_for_good(site: Site) -> None:
    stream = await site.stream("ann", ttl_seconds=100)
    site.pass_seconds(50)
    assert 50 <= (await stream.wait_for_event("expiring")).data["seconds"] <= 60
    assert not stream.has_ended
    site.pass_seconds(61)
    await stream.wait_for_end()
    assert stream.is_whole
    closing = stream.frames[-1]
    assert (closing.event, closing.data) == ("closing", {"reason": "expired", "reconnect": False})
    _is_a_day(closing)


async def test_renewed_stream_goes_on_without_a_reconnect(site: Site) -> None:
    stream = await site.stream("ann", ttl_seconds=100)
    site.pass_seconds(60)
    await stream.wait_for_event("expiring")
    answer = await site.http.post(f"{STREAM}/renew", headers=site.bearer("ann", 500))
    assert answer.json().keys() == {"expires_at"}
    site.pass_seconds(60)
    await site.publish("ann", content="still here")
    await stream.wait_for_event("message")
    assert not stream.has_ended


# ------------------------------------------------------------------------------------------ credentials
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 401, "token_missing"),
        ("?token=garbage", 401, "token_invalid"),
        ("?ticket=garbage", 401, "token_invalid"),
        ("?token=EXPIRED", 401, "token_expired"),
        ("?token=GOOD&device=toaster", 422, "invalid"),
    ],
)
async def test_refusal_is_a_plain_problem_document_so_that_an_eventsource_stops(
    site: Site, query: str, status: int, code: str
) -> None:
    expired = token("ann", ttl_seconds=-1000)
    target = STREAM + query.replace("EXPIRED", expired).replace("GOOD", token("ann"))
    answer = await site.http.get(target)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == code
    assert (await site.metrics())["lumen_streams"] == 0


async def test_wrong_method_is_refused(site: Site) -> None:
    answer = await site.http.put(STREAM, headers=site.bearer("ann"))
    assert answer.status_code == 405


async def test_ticket_opens_a_stream_and_its_cookie_the_native_reconnect_after_the_ticket_is_over(
    site: Site,
) -> None:
    made = await site.http.post(f"{STREAM}/tickets", headers=site.bearer("ann"))
    target = f"{STREAM}?ticket={made.json()['ticket']}"
    stream = await site.ask(target)
    ready = await stream.wait_for_event("ready")
    set_cookie = stream.headers["set-cookie"]
    assert set_cookie.endswith("; HttpOnly; SameSite=Strict"), "the browser knows the path, behind any prefix"
    cookie = set_cookie.partition(";")[0]
    await stream.close()
    await site.publish("ann", content="missed")
    site.pass_seconds(61)

    again = await site.ask(target, f"Cookie: {cookie}", f"Last-Event-ID: {ready.id}")
    assert (await again.wait_for_event("message")).data["data"]["content"] == "missed"
    assert "set-cookie" not in again.headers
    by_cookie_alone = await site.ask(STREAM, f"Cookie: {cookie}")
    await by_cookie_alone.wait_for_event("ready")
    assert (await site.ask(target)).status == 401

    other = await site.http.post(f"{STREAM}/tickets", headers=site.bearer("bob"))
    others = await site.ask(f"{STREAM}?ticket={other.json()['ticket']}")
    others_cookie = others.headers["set-cookie"].partition(";")[0]
    assert (await site.ask(target, f"Cookie: {others_cookie}")).status == 401, (
        "a cookie is valid for its own user only"
    )


async def test_renewal_gives_the_next_native_reconnect_a_cookie(site: Site) -> None:
    made = await site.http.post(f"{STREAM}/tickets", headers=site.bearer("ann", 90))
    target = f"{STREAM}?ticket={made.json()['ticket']}"
    stream = await site.ask(target)
    await stream.wait_for_event("ready")
    first = stream.headers["set-cookie"].partition(";")[0]
    site.pass_seconds(60)
    renewed = await site.http.post(f"{STREAM}/renew", headers=site.bearer("ann", 500))
    second = renewed.headers["set-cookie"].partition(";")[0]
    site.pass_seconds(60)
    assert (await site.ask(target, f"Cookie: {first}")).status == 401
    # The browser has both: they belong to different folders.
    again = await site.ask(target, f"Cookie: {second}; {first}")
    await again.wait_for_event("ready")


async def test_cookie_is_ended_on_request(site: Site) -> None:
    cookie = {"Cookie": "lumen_stream=a"}
    ended = await site.http.delete(STREAM, headers=cookie, follow_redirects=True)
    assert (ended.status_code, ended.content) == (204, b"")
    for response in (*ended.history, ended):
        assert response.headers["set-cookie"].startswith("lumen_stream=; Max-Age=0;")
    assert [str(one.url.path) for one in (*ended.history, ended)] == [STREAM, f"{STREAM}/renew"]


async def test_stream_has_its_cors_headers_and_a_refusal_too(open_site: OpenSite) -> None:
    site = await open_site(cors_origins=("https://app.example",))
    stream = await site.stream("ann", "Origin: https://app.example")
    refused = await site.ask(STREAM, "Origin: https://app.example")
    for one in (stream, refused):
        assert one.headers["access-control-allow-origin"] == "https://app.example"
        assert one.headers["access-control-allow-credentials"] == "true"
        assert one.headers["access-control-expose-headers"] == "Retry-After, X-Request-ID"
    assert (stream.status, refused.status) == (200, 401)
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,cache-control,last-event-id",
    }
    preflight = await site.http.options(STREAM, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-credentials"] == "true"
    stranger = await site.stream("ann", "Origin: https://elsewhere.example")
    assert "access-control-allow-origin" not in stranger.headers


# ----------------------------------------------------------------------------------------------- devices
async def test_mark_on_one_device_is_seen_on_the_others_at_once(site: Site) -> None:
    await site.publish("ann", "bob")
    devices = [await site.stream("ann", device=device) for device in ("mobile", "desktop", "tablet")]
    bob = await site.stream("bob")
    await site.api("ann").post("/read", {"all": True})
    reads = [await stream.wait_for_event("read") for stream in devices]
    assert [frame.data["unread_count"] for frame in reads] == [0, 0, 0]
    assert len({frame.id for frame in reads}) == 1
    await site.publish("bob")
    await bob.wait_for_event("message")
    assert "read" not in bob.events


async def test_users_list_their_own_connections(site: Site) -> None:
    mobile, plain = await site.stream("ann", device="mobile"), await site.stream("ann")
    await site.stream("bob", device="desktop")
    listed = (await site.http.get("/api/v1/connections", headers=site.bearer("ann"))).json()
    assert [item["device"] for item in listed["items"]] == ["mobile", None]
    assert [item["id"] for item in listed["items"]] == [
        (await stream.wait_for_event("ready")).data["connection_id"] for stream in (mobile, plain)
    ]
    await mobile.close()
    await eventually(lambda: _streams(site) == 2, what="the end of a stream")
    listed = (await site.http.get("/api/v1/connections", headers=site.bearer("ann"))).json()
    assert [item["device"] for item in listed["items"]] == [None]


def _is_a_day(closing: Frame) -> None:
    """Assert that a plain EventSource, which comes back whatever it is told, stays away for long."""
    assert closing.retry_ms is not None
    assert STAY_AWAY_MS[0] <= closing.retry_ms <= STAY_AWAY_MS[1]


def _streams(site: Site) -> int:
    assert site.lumen._services is not None
    return len(site.lumen._services.streams)


# -------------------------------------------------------------------------------------------------- ends
async def test_oldest_stream_of_a_user_over_the_limit_is_replaced(open_site: OpenSite) -> None:
    site = await open_site(max_streams_per_user=2)
    first, second, third = [await site.stream("ann") for _ in range(3)]
    await first.wait_for_end()
    assert first.is_whole
    assert first.frames[-1].data == {"reason": "replaced", "reconnect": False}
    _is_a_day(first.frames[-1])
    await site.publish("ann")
    for stream in (second, third):
        await stream.wait_for_event("message")


@pytest.mark.parametrize("limit", ["max_streams", "max_streams_per_address"])
async def test_stream_beyond_the_limit_is_a_200_that_says_overloaded_and_when_to_come_back(
    open_site: OpenSite, limit: str
) -> None:
    site = await open_site(**{limit: 1})
    first = await site.stream("ann")
    refused = await site.ask(f"{STREAM}?token={token('bob')}")
    await refused.wait_for_end()
    assert (refused.status, refused.is_whole) == (200, True)
    (closing,) = refused.frames
    assert closing.data == {"reason": "overloaded", "reconnect": True}
    assert closing.retry_ms is not None
    assert RETRY_MS[0] <= closing.retry_ms <= RETRY_MS[1]
    await first.close()
    await eventually(lambda: _streams(site) == 0, what="the end of the first")
    await site.stream("bob")


async def test_database_that_is_down_is_a_200_that_says_overloaded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: CountLoader, user_id: str) -> CountsSnapshot:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(CountLoader, "load", fail)
    stream = await site.ask(f"{STREAM}?token={token('ann')}")
    await stream.wait_for_end()
    assert (stream.status, stream.is_whole) == (200, True)
    assert stream.frames[-1].data == {"reason": "overloaded", "reconnect": True}
    assert stream.frames[-1].retry_ms is not None
    assert _streams(site) == 0


async def test_client_that_does_not_read_is_closed_as_slow_and_misses_nothing(
    open_site: OpenSite,
) -> None:
    site = await open_site(max_backlog_bytes=60_000)
    reading = await site.stream("bob")
    with socket.socket() as raw:
        # As on a network: small packets, so small buffers in the kernel (loopback's hold megabytes).
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", site.listening.port))
        raw.sendall(f"GET {STREAM}?token={token('ann')} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        await eventually(lambda: _streams(site) == 2, what="the stream")
        published = 0
        while _streams(site) == 2:
            await site.publish(content=f"{published} {'x' * 7000}")
            published += 1
            assert published < 100
    assert site.lumen._services is not None
    assert site.lumen._services.streams.ended == {"slow": 1}
    await reading.wait_for_event("message", published)
    again = await site.stream("ann")
    assert (await again.wait_for_event("ready")).data["unread_count"] == published
    listed = await site.api("ann").pages()
    assert len(listed) == published


async def test_nothing_is_left_of_streams_whose_clients_have_disconnected(site: Site) -> None:
    streams = [await site.stream(user) for user in ("ann", "ann", "bob")]
    before = await site.metrics()
    assert (before["lumen_streams"], before["lumen_channels"]) == (3, 2)
    for stream in streams:
        await stream.close()
    await eventually(lambda: _streams(site) == 0, what="the streams to end")
    after = await site.metrics()
    assert (after["lumen_streams"], after["lumen_channels"], after["lumen_backlog_bytes"]) == (0, 0, 0)
    await eventually(lambda: not site.listening.state.tasks, what="the requests to end")


class Server(uvicorn.Server):
    """uvicorn's server for a test's process: it handles SIGTERM, and does not raise it again at the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = signal.signal(signal.SIGTERM, self.handle_exit)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


async def test_shutdown_of_the_server_ends_each_stream_in_good_order_with_a_retry_of_its_own(
    sqlite_url: str, protocol: type[HttpToolsProtocol]
) -> None:
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET), drain_seconds=5)
    async with Lumen(settings) as lumen:
        config = uvicorn.Config(lumen.app, http=protocol, lifespan="off", log_config=None, ws="none")
        server = Server(config)
        with socket.socket(proto=socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            running = asyncio.create_task(server.serve([listener]))
            streams = [await Stream.ask(url, f"{STREAM}?token={token('ann')}") for _ in range(10)]
            for stream in streams:
                await stream.wait_for_event("ready")
            server.should_exit = True
            for stream in streams:
                await stream.wait_for_end()
            await asyncio.wait_for(running, 20)
        for stream in streams:
            await stream.close()
    for stream in streams:
        assert stream.is_whole
        assert stream.frames[-1].event == "closing"
        assert stream.frames[-1].data == {"reason": "shutdown", "reconnect": True}
    retries = {stream.frames[-1].retry_ms for stream in streams}
    assert all(RESTART_RETRY_MS[0] <= (retry or 0) <= RESTART_RETRY_MS[1] for retry in retries)
    assert len(retries) > 3


# -------------------------------------------------------------------------------------------- both paths
async def test_frames_are_alike_byte_for_byte_on_both_paths(tmp_path: Any) -> None:
    texts: list[list[str]] = []
    for name, protocol in PATHS.items():
        async with Site.open(f"sqlite:///{tmp_path}/{name}.db", protocol, max_streams_per_user=3) as site:
            texts.append([_normal(text) for text in await _story(site)])
    assert texts[0] == texts[1]
    assert sum(map(len, texts[0])) > 2000


async def _story(site: Site) -> list[str]:
    """Make each kind of frame happen; return what each stream got, and the head of one response."""
    first = await site.stream("ann", ttl_seconds=200)
    await site.publish("ann", content="a\nb\u2028c \U0001f514 <b>")
    await site.publish()
    await site.api("ann").post("/read", {"category": "like"})
    await first.wait_for_event("read")
    cursor = (await first.wait_for_event("message")).id
    assert cursor is not None
    site.pass_seconds(31)
    await first.wait_for_event("ping")
    resumed = await site.stream("ann", last_event_id=cursor)
    await resumed.wait_for_event("read")
    reset = await site.stream("ann", last_event_id="elsewhere-1")
    await reset.wait_for_event("reset")
    site.pass_seconds(120)
    await first.wait_for_event("expiring")
    site.pass_seconds(61)
    await first.wait_for_end()
    streams = [first, resumed, reset]
    streams += [await site.stream("ann") for _ in range(2)]
    await resumed.wait_for_end()
    head = sorted(f"{name}: {value}" for name, value in first.headers.items())
    return ["\n".join(head), *(stream.payload for stream in streams)]


def _normal(text: str) -> str:
    """Replace ids, times and random numbers by fixed texts."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"^id: [0-9a-z]{8}-(\d+)(-[0-9a-f]{6})?$", r"id: EPOCH-\1", text, flags=re.MULTILINE)
    text = re.sub(r'"seconds":\d+', '"seconds":N', text)
    return re.sub(r"^retry: \d+$", "retry: N", text, flags=re.MULTILINE)


class HoldingBack:
    """A middleware that sends a response's head with the first part of its body, as compression does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            if held:
                await send(held.pop())
            await send(message)

        await self._app(scope, receive, hold)


async def test_application_that_mounts_us_gets_the_same_stream(
    open_site: OpenSite, protocol: type[HttpToolsProtocol]
) -> None:
    site = await open_site(lambda lumen: Starlette(routes=[Mount("/notify", lumen.app)]))
    ticket = (await site.http.post(f"/notify{STREAM}/tickets", headers=site.bearer("ann"))).json()["ticket"]
    stream = await site.ask(f"/notify{STREAM}?ticket={ticket}")
    await stream.wait_for_event("ready")
    assert "set-cookie" in stream.headers
    await site.lumen.publish("ann", category="like", content="mounted")
    await stream.wait_for_event("message")
    assert len(site.handed_over) == (protocol is HandoverProtocol)


async def test_middleware_that_holds_the_head_back_gets_a_response_instead(open_site: OpenSite) -> None:
    site = await open_site(lambda lumen: HoldingBack(Starlette(routes=[Mount("/notify", lumen.app)])))
    stream = await site.ask(f"/notify{STREAM}?token={token('ann')}")
    await stream.wait_for_event("ready")
    assert site.handed_over == []
    await site.lumen.publish("ann", category="like", content="through a middleware")
    await stream.wait_for_event("message")
    assert _streams(site) == 1
    await stream.close()
    await eventually(lambda: _streams(site) == 0, what="the end")
