"""The hand-over: a stream takes over uvicorn's TCP connection, and bad requests end. On both loops."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import weakref
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from clients import NOTIFICATIONS, SECRET, eventually, token
from listening import Listening, listen
from lumen_notify import Lumen, Settings
from lumen_notify.auth import PUBLISH
from lumen_notify.cli.listener import listen_at
from lumen_notify.deliver.connection import http_protocol
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.deliver.connection.transport import WRITE_BUFFER_BYTES, TransportConnection
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.settings import Secret
from raw_http import RawClient

WAIT_SECONDS = 20.0

HEALTH = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


def stream_request(user: str = "ann") -> bytes:
    return f"GET {NOTIFICATIONS}/stream?token={token(user)} HTTP/1.1\r\nhost: x\r\n\r\n".encode()


def post_head(*headers: str) -> bytes:
    lines = [f"POST {NOTIFICATIONS} HTTP/1.1", "host: x", f"authorization: Bearer {token('ann', PUBLISH)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


class Site:
    """A Lumen behind a HandoverProtocol.

    protocols: the protocols that are still alive. held_back: an event that requests wait for before they
    reach Lumen, or None; waiting: how many have waited. is_head_held_back: send a response's head with the
    first part of its body, as some middleware does. middleware: wraps Lumen, or None.
    """

    listening: Listening

    def __init__(self, lumen: Lumen) -> None:
        self.lumen = lumen
        self.waiting = self.received_bytes = 0
        self.held_back: asyncio.Event | None = None
        self.is_head_held_back = False
        self.middleware: Callable[[ASGIApp], ASGIApp] | None = None
        self.protocols: weakref.WeakSet[HandoverProtocol] = weakref.WeakSet()
        self._clients: list[RawClient] = []

    @property
    def streams(self) -> StreamRegistry:
        assert self.lumen._services is not None
        return self.lumen._services.streams

    @property
    def connections(self) -> set[Any]:
        """The connections that uvicorn knows."""
        return self.listening.state.connections

    @property
    def requests(self) -> set[asyncio.Task[None]]:
        """The tasks of unfinished requests."""
        return self.listening.state.tasks

    @property
    def stream_connections(self) -> list[TransportConnection]:
        return [one for one in self.connections if isinstance(one, TransportConnection)]

    def protocol(self) -> type[HandoverProtocol]:
        site = self

        class Watched(HandoverProtocol):
            def connection_made(self, transport: Any) -> None:
                site.protocols.add(self)
                super().connection_made(transport)

            def data_received(self, data: bytes) -> None:
                super().data_received(data)
                site.received_bytes += len(data)

        return Watched

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if self.held_back is not None:
            self.waiting += 1
            await self.held_back.wait()
        head: list[Any] = []

        async def hold_head_back(message: Any) -> None:
            if message["type"] == "http.response.start":
                head.append(message)
            else:
                while head:
                    await send(head.pop())
                await send(message)

        app = self.lumen.app if self.middleware is None else self.middleware(self.lumen.app)
        await app(scope, receive, hold_head_back if self.is_head_held_back else send)

    async def client(self) -> RawClient:
        self._clients.append(await RawClient.open(int(self.listening.url.rpartition(":")[2])))
        return self._clients[-1]

    async def stream(self, user: str = "ann") -> RawClient:
        client = await self.client()
        client.send(stream_request(user))
        await client.read(b"event: ready")
        return client

    async def close(self) -> None:
        if self.held_back is not None:
            self.held_back.set()
        for client in self._clients:
            await client.close()


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET), max_backlog_bytes=100_000)
    async with Lumen(settings) as lumen:
        made = Site(lumen)
        async with listen(made.app, made.protocol()) as made.listening:
            yield made
            await made.close()


@pytest.fixture
def request_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set how long a request may take to arrive."""
    return lambda seconds: monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", seconds)


# --------------------------------------------------------------------------------------- the hand-over
async def test_connection_of_a_stream_belongs_to_the_stream_until_its_client_leaves(site: Site) -> None:
    client = await site.stream()
    (connection,) = site.stream_connections
    assert site.connections == {connection}
    assert connection._transport.get_protocol() is connection
    await client.close()
    await eventually(lambda: not site.connections, what="the connection to leave uvicorn's set")
    assert (len(site.streams), connection._transport) == (0, None)


async def test_connection_leaves_uvicorns_set_when_the_server_ends_the_stream(site: Site) -> None:
    client = await site.stream()
    site.streams.start_drain()
    assert (await client.rest()).endswith(b"\r\n0\r\n\r\n")
    await eventually(lambda: not site.connections, what="the connection to leave uvicorn's set")


@pytest.mark.parametrize("behind", [b"", HEALTH[:20]], ids=["alone", "half a request behind"])
async def test_nothing_of_the_request_is_left_and_the_collector_is_not_needed(
    site: Site, behind: bytes
) -> None:
    def requests() -> list[object]:
        kinds = (HttpToolsProtocol, RequestResponseCycle)
        return [
            one
            for one in gc.get_objects()
            if isinstance(one, kinds) or (type(one) is dict and one.get("type") == "http")
        ]

    gc.collect()
    gc.disable()
    try:
        client = await site.client()
        client.send(stream_request() + behind)
        await client.read(b"event: ready")
        await eventually(lambda: not site.requests, what="the request's task to end")
        assert len(site.stream_connections) == 1
        assert not site.protocols
        assert requests() == []
    finally:
        gc.enable()


async def test_frames_leave_at_once_without_waiting_for_more(site: Site) -> None:
    await site.stream()
    (connection,) = site.stream_connections
    tcp_socket = connection._transport.get_extra_info("socket")
    assert tcp_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_request_before_a_stream_on_one_connection_is_answered_first(site: Site) -> None:
    client = await site.client()
    client.send(HEALTH + stream_request())
    received = await client.read(b"event: ready")
    assert received.index(b'{"status":"ok"}') < received.index(b"text/event-stream")
    assert len(site.stream_connections) == 1


@pytest.mark.parametrize(
    ("behind", "is_together"),
    [
        (HEALTH, True),
        (HEALTH * 5, True),
        (HEALTH[:20], True),
        (stream_request("bob"), True),
        (HEALTH, False),
        (b"\x00\xff not HTTP", False),
    ],
    ids=["a request", "five requests", "half a request", "another stream", "later", "no request, later"],
)
async def test_bytes_after_a_stream_request_are_never_answered(
    site: Site, behind: bytes, is_together: bool
) -> None:
    client = await site.client()
    client.send(stream_request() + (behind if is_together else b""))
    await client.read(b"event: ready")
    if not is_together:
        client.send(behind)
    await site.lumen.publish("ann", category="like", content="still here")
    await client.read(b"still here")
    assert len(site.stream_connections) == len(site.streams) == 1
    site.streams.start_drain()
    received = await client.rest()
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.endswith(b"0\r\n\r\n")


async def test_disconnect_of_a_client_that_has_sent_more_is_noticed(site: Site) -> None:
    client = await site.client()
    client.send(stream_request() + HEALTH * 5)
    await client.read(b"event: ready")
    await client.close()
    await eventually(lambda: not site.connections, what="the end")


async def test_client_that_closes_its_half_is_gone(site: Site) -> None:
    client = await site.stream()
    client.writer.write_eof()
    await client.rest()
    await eventually(lambda: not site.connections, what="the end")
    assert site.streams.ended == {"gone": 1}


async def test_client_that_resets_is_gone(site: Site) -> None:
    client = await site.stream()
    client.reset()
    await eventually(lambda: not site.connections, what="the end")
    assert site.streams.ended == {"gone": 1}


async def test_client_that_disconnects_before_its_stream_opens_leaves_nothing_behind(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.held_back = asyncio.Event()
    # With requests behind it uvicorn reads no further, and hears of the reset only at the hand-over.
    for number, behind in enumerate((b"", HEALTH * 3), start=1):
        client = await site.client()
        client.send(stream_request() + behind)
        await eventually(lambda: site.waiting == number, what="the request")  # noqa: B023
        client.reset()
    await eventually(lambda: len(site.connections) == 1, what="uvicorn to notice")
    site.held_back.set()
    await eventually(lambda: not site.requests, what="the requests to end")
    await eventually(lambda: not site.connections, what="the connections to leave uvicorn's set")
    assert len(site.streams) == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_stream_that_could_not_be_handed_over_ends_with_its_client(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.is_head_held_back = True
    client = await site.client()
    client.send(stream_request() + HEALTH * 3)
    await client.read(b"event: ready")
    assert (len(site.streams), site.stream_connections) == (1, [])
    client.reset()
    while len(site.streams):  # with requests behind it uvicorn reads no further: a write finds out
        await site.lumen.publish("ann", category="like", content="hi")
    await eventually(lambda: not site.requests, what="the request to end")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def encoding_at_once(app: ASGIApp) -> ASGIApp:
    """A middleware that compresses each part of a body at once, and says so in the head."""

    async def encoded(scope: Any, receive: Any, send: Any) -> None:
        compressor = zlib.compressobj(wbits=31)

        async def send_encoded(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"Content-Encoding", b"gzip")]
                await send({**message, "headers": headers})
                return
            part = compressor.compress(message.get("body", b""))
            is_last = not message.get("more_body", False)
            part += compressor.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)
            await send({**message, "body": part})

        await app(scope, receive, send_encoded)

    return encoded


@pytest.mark.parametrize("middleware", [encoding_at_once, GZipMiddleware], ids=["at once", "starlette's"])
async def test_stream_behind_a_middleware_that_compresses_is_sent_through_it(
    site: Site, middleware: Callable[[ASGIApp], ASGIApp]
) -> None:
    site.middleware = middleware
    frames: list[str] = []
    async with (
        httpx.AsyncClient(base_url=site.listening.url, trust_env=False, timeout=WAIT_SECONDS) as http,
        http.stream("GET", f"{NOTIFICATIONS}/stream?token={token('ann')}") as answer,
    ):
        assert answer.status_code == 200
        if middleware is encoding_at_once:  # Starlette's leaves streams alone
            assert site.stream_connections == []
        async for line in answer.aiter_lines():
            if line == "event: ready":
                await site.lumen.publish("ann", category="like", content="hi")
                site.streams.start_drain()
            frames.append(line)
    assert [line for line in frames if line.startswith("event: ")] == ["event: ready", "event: closing"]
    assert '"content":"hi"' in "".join(frames)


async def test_head_of_a_stream_behind_a_middleware_that_compresses_has_no_body(site: Site) -> None:
    site.middleware = encoding_at_once
    client = await site.client()
    client.send(stream_request().replace(b"GET", b"HEAD") + HEALTH.replace(b"GET", b"HEAD"))
    async with asyncio.timeout(WAIT_SECONDS):
        while client.received.count(b"\r\n\r\n") < 2:
            client.received += await client.reader.read(65536)
    assert [part[:12] for part in client.received.split(b"\r\n\r\n")] == [b"HTTP/1.1 200"] * 2 + [b""]


async def test_stream_of_http_1_0_has_no_chunks_and_ends_with_its_connection(site: Site) -> None:
    client = await site.client()
    client.send(stream_request().replace(b"HTTP/1.1", b"HTTP/1.0"))
    head, _, _ = (await client.read(b"event: ready")).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert len(site.stream_connections) == 1
    await site.lumen.publish("ann", category="like", content="hi")
    await site.lumen.publish(category="like", content="to all", to={"all": True})
    await client.read(b'"content":"to all"')
    site.streams.start_drain()
    body = (await client.rest()).partition(b"\r\n\r\n")[2]
    assert body.startswith(b"retry: ")
    assert b"\r" not in body
    assert body.endswith(b'event: closing\ndata: {"reason":"shutdown","reconnect":true}\n\n')
    assert [line for line in body.split(b"\n") if line and b": " not in line] == []


async def test_stream_of_a_client_that_has_closed_its_side_ends(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.held_back = asyncio.Event()
    client = await site.client()
    client.send(stream_request())
    client.writer.write_eof()
    await eventually(lambda: site.waiting, what="the request")
    await eventually(lambda: all(one._is_half_closed for one in site.protocols), what="the end")
    site.held_back.set()
    await client.rest()
    await eventually(lambda: not site.connections and not site.requests, what="the request to end")
    assert len(site.streams) == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_stream_whose_offer_of_another_protocol_is_ignored_is_handed_over(site: Site) -> None:
    client = await site.client()
    offer = b"host: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    client.send(stream_request().replace(b"host: x\r\n", offer))
    await client.read(b"event: ready")
    assert len(site.stream_connections) == 1


async def test_stream_that_opens_while_the_server_stops_is_closed_as_shutdown(site: Site) -> None:
    site.held_back = asyncio.Event()
    client = await site.client()
    client.send(stream_request())
    await eventually(lambda: site.protocols, what="the connection")
    await eventually(lambda: all(one.cycle for one in site.protocols), what="the request")
    site.listening.shut_down()
    site.held_back.set()
    received = await client.rest()
    assert b'event: closing\ndata: {"reason":"shutdown","reconnect":true}\n\n' in received
    assert received.endswith(b"0\r\n\r\n")


async def test_client_that_never_reads_is_closed_as_slow_and_then_dropped(site: Site) -> None:
    with socket.socket() as raw:
        # As on a network: small packets, so small buffers in the kernel (loopback's hold megabytes).
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", site.listening.port))
        raw.sendall(stream_request())
        await eventually(lambda: site.streams.of_user("ann"), what="the stream")
        (connection,) = site.stream_connections
        bound = 100_000 + WRITE_BUFFER_BYTES
        for _ in range(200):
            await site.lumen.publish("ann", category="like", content="x" * 7000)
            if site.streams.ended:
                break
            assert connection.backlog_bytes + connection._transport.get_write_buffer_size() <= bound
        assert site.streams.ended == {"slow": 1}
        assert (len(site.streams), connection.backlog_bytes) == (0, 0)
        site.streams.wheel._clock = lambda clock=site.streams.wheel._clock: clock() + 60  # type: ignore[misc]
        site.streams.wheel.tick()
        await eventually(lambda: not site.connections, what="the connection to be dropped")


# ----------------------------------------------------------------------------------- requests that are bad
async def answer_to(site: Site, *parts: bytes) -> bytes:
    client = await site.client()
    for part in parts:
        client.send(part)
    return await client.rest()


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET", HEALTH[:-2], post_head("content-length: 10"), post_head("content-length: 10") + b'{"to":'],
    ids=["nothing", "a method", "half a head", "a head", "half a body"],
)
async def test_request_that_does_not_arrive_completely_is_ended(
    site: Site, request_seconds: Callable[[float], None], caplog: pytest.LogCaptureFixture, begun: bytes
) -> None:
    request_seconds(0.1)
    answer = await answer_to(site, begun)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    await eventually(lambda: not site.connections, what="the connection to leave uvicorn's set")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_request_that_arrives_byte_by_byte_is_ended_at_the_same_time(
    site: Site, request_seconds: Callable[[float], None]
) -> None:
    request_seconds(0.2)
    client = await site.client()
    ended = asyncio.ensure_future(client.rest())
    for byte in b"GET /healthz HTTP/1.1\r\nx-slow: " + b"y" * 10_000:
        client.send(bytes([byte]))
        await asyncio.wait([ended], timeout=0.01)
        if ended.done():
            break
    assert (await ended).startswith(b"HTTP/1.1 408 ")


async def test_empty_lines_between_requests_do_not_keep_a_connection(
    site: Site, request_seconds: Callable[[float], None]
) -> None:
    client = await site.client()
    client.send(HEALTH)
    await client.read(b'{"status":"ok"}')
    request_seconds(0.1)
    client.send(b"\r\n")
    await client.rest()
    assert b"408 Request Timeout" in client.received


async def test_request_in_time_is_answered_and_the_connection_stays(
    site: Site, request_seconds: Callable[[float], None]
) -> None:
    request_seconds(5)
    client = await site.client()
    for number in range(1, 4):
        client.send(HEALTH[:10])
        await asyncio.sleep(0)
        client.send(HEALTH[10:])
        await client.read(b'{"status":"ok"}' * 1)
        await eventually(lambda: not any(one._timeout for one in site.protocols), what="the time-out to stop")
        assert client.received.count(b"HTTP/1.1 200") == number
        client.received = client.received.replace(b'{"status":"ok"}', b"")


LONG = b"y" * (http_protocol.MAX_HEAD_BYTES + 1)


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((b"GET /healthz HTTP/1.1\r\nx-long: ", LONG), b"431 "),
        ((b"GET /", LONG), b"431 "),
        ((b"GET /healthz HTTP/1.1\r\n" + b"x: y\r\n" * 6000,), b"431 "),
        ((b"GET /healthz HTTP/1.1\r\nx-long: " + LONG + b"\r\n\r\n",), b"431 "),
        ((b"GET /" + LONG + b" HTTP/1.1\r\n\r\n",), b"431 "),
        ((post_head("transfer-encoding: chunked") + b"2\r\n{}\r\n0\r\nx-trailer: ", LONG), b"431 "),
        ((post_head("transfer-encoding: chunked") + b"2;" + LONG,), b"431 "),
    ],
    ids=[
        "a header",
        "a path",
        "headers",
        "a whole head",
        "a whole path",
        "a trailer",
        "a chunk's extension",
    ],
)
async def test_head_of_more_than_32_kib_is_refused(
    site: Site, parts: tuple[bytes, ...], status: bytes
) -> None:
    client = await site.client()
    for number in range(1, 1 + len(parts)):
        client.send(parts[number - 1])
        sent_bytes = sum(map(len, parts[:number]))
        await eventually(
            lambda: site.received_bytes >= sent_bytes or not site.connections,  # noqa: B023
            what="the server to read",
        )
    received = await client.rest()
    assert received.startswith(b"HTTP/1.1 " + status) or not received, "or the kernel has dropped the answer"
    await eventually(lambda: not site.connections, what="the connection to leave uvicorn's set")


async def test_limit_of_the_head_does_not_apply_to_the_body(site: Site) -> None:
    body = b'{"to": {"user": "ann"}, "category": "like", "content": "hi"}'.ljust(60_000)
    pieces = [body[:30], body[30:20_000], body[20_000:40_000], body[40_000:]]
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    for parts in (
        [post_head(f"content-length: {len(body)}"), *pieces],
        [post_head(f"content-length: {len(body)}") + body],
        [post_head("transfer-encoding: chunked"), *chunks, b"0\r\n\r\n"],
        [post_head("transfer-encoding: chunked") + b"".join(chunks) + b"0\r\n\r\n"],
    ):
        client = await site.client()
        already = site.received_bytes
        for part in parts:
            client.send(part)
            already += len(part)
            await eventually(lambda: site.received_bytes == already, what="the server to read")  # noqa: B023
        await client.read(b"HTTP/1.1 201")


async def test_offer_of_another_protocol_is_ignored_and_not_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = await site.client()
    client.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert b"200 OK" in await client.read(b"\r\n\r\n")
    assert "WebSocket" not in caplog.text
    assert "upgrade" not in caplog.text


async def test_trailers_are_not_headers(site: Site) -> None:
    client = await site.client()
    head = f"POST {NOTIFICATIONS} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    trailer = f"authorization: Bearer {token('ann', PUBLISH)}\r\n\r\n".encode()
    client.send(head + b"2\r\n{}\r\n0\r\n" + trailer)
    await client.read(b"HTTP/1.1 401")


async def test_client_that_pipelines_too_many_requests_is_refused(site: Site) -> None:
    site.held_back = asyncio.Event()
    client = await site.client()
    client.send(HEALTH * 2000)
    await eventually(lambda: site.received_bytes == len(HEALTH) * 2000, what="the server to read")
    gc.collect()
    cycles = [one for one in gc.get_objects() if isinstance(one, RequestResponseCycle)]
    assert len(cycles) <= http_protocol.MAX_PIPELINED + 1
    site.held_back.set()
    await client.rest()
    await eventually(lambda: not site.connections, what="the connection to leave uvicorn's set")


async def test_pipelined_requests_up_to_the_limit_are_answered_in_order(site: Site) -> None:
    client = await site.client()
    for path in range(http_protocol.MAX_PIPELINED):
        client.send(f"GET /healthz?{path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    async with asyncio.timeout(WAIT_SECONDS):
        while client.received.count(b'{"status":"ok"}') < http_protocol.MAX_PIPELINED:
            client.received += await client.reader.read(65536)


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is Linux's")
@pytest.mark.parametrize(("ping_seconds", "silent_ms"), [(30, 30_000), (0.5, 5_000)])
def test_connections_inherit_how_long_a_peer_may_be_silent(ping_seconds: float, silent_ms: int) -> None:
    with (
        listen_at("127.0.0.1", 0, ping_seconds) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == silent_ms
