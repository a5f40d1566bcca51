"""HTTP as it is on the wire: what the application sees of it, and what the client gets. On both loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from clients import eventually
from listening import Listening, listen
from lumen_notify.deliver.connection import http_protocol
from lumen_notify.deliver.connection.handover import HandoverProtocol
from raw_http import RawClient

HELLO = b"POST /hello HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello"
GET = b"GET /next HTTP/1.1\r\nhost: x\r\n\r\n"

SMUGGLED = b"DELETE /smuggled HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"


@dataclass
class Recorder:
    """An application that records the requests that it sees. seen: (method, path, body). gate: what a
    response waits for. disconnects: how many requests were told that their client has gone."""

    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    hosts: list[bytes] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    disconnects: int = 0
    listening: Listening = None  # type: ignore[assignment]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more_body = True
        while more_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects += 1
                return
            body += message["body"]
            more_body = message["more_body"]
        self.seen.append((scope["method"], scope["path"], body))
        self.hosts.append(dict(scope["headers"]).get(b"host", b""))
        await self.gate.wait()
        headers = [(b"content-length", b"%d" % len(scope["path"]))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.fixture
async def site() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    recorder.gate.set()
    async with listen(recorder, HandoverProtocol) as recorder.listening:
        yield recorder
        recorder.gate.set()


def post(*headers: bytes, body: bytes = b"hello", version: bytes = b"1.1") -> bytes:
    lines = [b"POST /hello HTTP/" + version, b"host: x", *headers, b"", b""]
    return b"\r\n".join(lines) + body


def chunked(body: bytes) -> bytes:
    return post(b"transfer-encoding: chunked", body=body)


# ------------------------------------------------------------------------ requests that mean one thing only
OF_LENGTH = b"content-length: 5"
OF_CHUNKS = b"transfer-encoding: chunked"
IN_CHUNKS = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"

GOOD = {
    "a length": post(OF_LENGTH),
    "chunks": chunked(IN_CHUNKS),
    "a chunk with an extension": chunked(b'5;a="b";c\r\nhello\r\n0;d\r\n\r\n'),
    "a chunk whose size has zeros before it": chunked(b"00000000000000000005\r\nhello\r\n0\r\n\r\n"),
    "a coding in capitals": post(b"Transfer-Encoding: Chunked", body=IN_CHUNKS),
    "a trailer": chunked(b"5\r\nhello\r\n0\r\nhost: y\r\n\r\n"),
    "spaces around a value": post(b"content-length: \t 5 \t "),
    "empty lines before it": b"\r\n\r\n" + post(OF_LENGTH),
    "an absolute target": post(OF_LENGTH).replace(b" /hello", b" http://y:80/hello"),
    "an offer without Upgrade": post(b"connection: upgrade", OF_LENGTH),
    "an offer without Connection": post(b"upgrade: websocket", OF_LENGTH),
    **{
        f"an offer of {word}, with {kind}": post(
            *headers, b"connection: " + option, b"upgrade: " + offer, body=body
        )
        for word, option, offer in (
            ("anything", b"Upgrade", b"anything"),
            ("h2c", b"Upgrade, HTTP2-Settings", b"h2c"),
            ("a WebSocket", b"keep-alive, upgrade", b"websocket"),
        )
        for kind, headers, body in (
            ("a length", (OF_LENGTH,), b"hello"),
            ("chunks", (OF_CHUNKS,), IN_CHUNKS),
        )
    },
}


@pytest.mark.parametrize("request_", GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize("cut", [0, 1, -1, -4], ids=["at once", "byte by byte", "but one", "but four"])
async def test_request_is_seen_whole_and_the_next_one_behind_it(
    site: Recorder, request_: bytes, cut: int
) -> None:
    async with RawClient.connect(site.listening.port) as client:
        if cut == 1:
            for byte in request_:
                client.send(bytes([byte]))
                await asyncio.sleep(0)
        elif cut:
            client.send(request_[:cut])
            await asyncio.sleep(0.01)
            client.send(request_[cut:])
        else:
            client.send(request_)
        client.send(GET)
        assert [(await client.answer()).body for _ in range(2)] == [b"/hello", b"/next"]
        assert site.seen == [("POST", "/hello", b"hello"), ("GET", "/next", b"")]


async def test_host_of_an_absolute_target_is_that_of_the_request(site: Recorder) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(
            GET.replace(b" /next", b" HTTP://there:8000/next") + GET.replace(b" /next", b" http://[::1]")
        )
        assert [(await client.answer()).status for _ in range(2)] == [200, 200]
    assert site.hosts == [b"there:8000", b"[::1]"]
    assert [path for _, path, _ in site.seen] == ["/next", "/"]


async def test_offer_that_closes_the_connection_is_read_whole(site: Recorder) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(post(b"connection: close, upgrade", b"upgrade: x", OF_LENGTH) + SMUGGLED)
        (answer,) = await client.answers()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert site.seen == [("POST", "/hello", b"hello")]


# ------------------------------------------------------------------------------ requests that mean two things
def smuggling(*headers: bytes) -> bytes:
    return post(*headers, body=b"0\r\n\r\n" + SMUGGLED)


BAD = {
    # Which length?
    "a length and chunks": (smuggling(OF_LENGTH, OF_CHUNKS), 400),
    "chunks and a length": (smuggling(OF_CHUNKS, OF_LENGTH), 400),
    "two lengths": (post(OF_LENGTH, b"content-length: 6"), 400),
    "the same length twice": (post(OF_LENGTH, OF_LENGTH), 400),
    "a list of lengths": (post(b"content-length: 5, 5"), 400),
    "a length with a sign": (post(b"content-length: +5"), 400),
    "a negative length": (post(b"content-length: -5"), 400),
    "a length in hexadecimal": (post(b"content-length: 0x5"), 400),
    "a length with a space in it": (post(b"content-length: 5 0"), 400),
    "an empty length": (post(b"content-length:"), 400),
    "a length beyond 64 bits": (post(b"content-length: 18446744073709551621"), 400),
    # Which coding?
    "a coding with a vertical tab": (smuggling(b"transfer-encoding:\x0bchunked"), 400),
    "a coding in quotes": (smuggling(b'transfer-encoding: "chunked"'), 501),
    "an unknown coding": (smuggling(b"transfer-encoding: xchunked"), 501),
    "a coding with a parameter": (smuggling(b"transfer-encoding: chunked;q=1"), 501),
    "identity": (smuggling(b"transfer-encoding: identity", OF_LENGTH), 400),
    "another coding before chunks": (smuggling(b"transfer-encoding: gzip, chunked"), 501),
    "another coding after chunks": (smuggling(b"transfer-encoding: chunked, gzip"), 400),
    "another coding on a line of its own": (smuggling(OF_CHUNKS, b"transfer-encoding: identity"), 400),
    "chunks twice": (smuggling(b"transfer-encoding: chunked, chunked"), 400),
    "an empty coding": (smuggling(b"transfer-encoding:"), 400),
    "a coding in HTTP/1.0": (post(OF_CHUNKS, body=b"0\r\n\r\n" + SMUGGLED, version=b"1.0"), 400),
    # Where does a header end?
    "a space before the colon": (smuggling(b"transfer-encoding : chunked"), 400),
    "a tab before the colon": (smuggling(b"transfer-encoding\t: chunked"), 400),
    "a space before the name": (smuggling(b" transfer-encoding: chunked"), 400),
    "a folded value": (smuggling(b"transfer-encoding:\r\n chunked"), 400),
    "a folded header before it": (smuggling(b"x: y\r\n z", OF_CHUNKS), 400),
    "a bare line feed": (smuggling(b"x: y\ntransfer-encoding: chunked"), 400),
    "a bare carriage return": (smuggling(b"x: y\rtransfer-encoding: chunked"), 400),
    "a NUL in a value": (post(b"x: y\x00z", OF_LENGTH), 400),
    "a NUL in a name": (post(b"x\x00: y", OF_LENGTH), 400),
    "a name without a colon": (post(b"x", OF_LENGTH), 400),
    "a header without a name": (post(b": x", OF_LENGTH), 400),
    "only line feeds": (post(OF_LENGTH).replace(b"\r\n", b"\n"), 400),
    # Where does a chunk end?
    "a chunk of 0x5": (chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), 400),
    "a chunk with a sign": (chunked(b"+5\r\nhello\r\n0\r\n\r\n"), 400),
    "a negative chunk": (chunked(b"-5\r\nhello\r\n0\r\n\r\n"), 400),
    "a space after the size": (chunked(b"5 \r\nhello\r\n0\r\n\r\n"), 400),
    "no size": (chunked(b"\r\nhello\r\n0\r\n\r\n"), 400),
    "a size beyond 64 bits": (chunked(b"FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"), 400),
    "a line feed after the size": (chunked(b"5\nhello\r\n0\r\n\r\n"), 400),
    "a carriage return after the size": (chunked(b"5\rhello\r\n0\r\n\r\n"), 400),
    "a line feed in an extension": (chunked(b"5;a\nb\r\nhello\r\n0\r\n\r\n"), 400),
    "a line end in a quoted extension": (chunked(b'5;a="\r\n"\r\nhello\r\n0\r\n\r\n'), 400),
    "a chunk that is longer than its size": (chunked(b"5\r\nhelloX0\r\n\r\n"), 400),
    "a chunk that is shorter than its size": (chunked(b"5\r\nhell\r\n0\r\n\r\n"), 400),
    "a line feed after the chunk": (chunked(b"5\r\nhello\n0\r\n\r\n"), 400),
    "a folded trailer": (chunked(b"5\r\nhello\r\n0\r\nx: y\r\n z\r\n\r\n"), 400),
    "a length in the trailer": (chunked(b"5\r\nhello\r\n0\r\ncontent-length: 50\r\n\r\n"), 400),
    # Which request?
    "no host": (GET.replace(b"host: x\r\n", b""), 400),
    "two hosts": (post(b"host: y", OF_LENGTH), 400),
    "the same host twice": (post(b"host: x", OF_LENGTH), 400),
    "a host with a path": (GET.replace(b"host: x", b"host: x/y"), 400),
    "a host with a user": (GET.replace(b"host: x", b"host: x@y"), 400),
    "a list of hosts": (GET.replace(b"host: x", b"host: x y"), 400),
    "a host with a comma and a space": (GET.replace(b"host: x", b"host: x, y"), 400),
    "a port that is no number": (GET.replace(b"host: x", b"host: x:http"), 400),
    "two hosts in HTTP/1.0": (post(b"host: y", OF_LENGTH, version=b"1.0"), 400),
    "a target without a path": (GET.replace(b"/next", b"next"), 400),
    "a target with a fragment": (GET.replace(b"/next", b"/next#x"), 400),
    "a target with a space": (GET.replace(b"/next", b"/next x"), 400),
    "a target of two lines": (GET.replace(b"/next", b"/next\r\nx"), 400),
    "the target of a proxy": (GET.replace(b"/next", b"ftp://x/"), 400),
    "a star": (GET.replace(b"/next", b"*"), 400),
    "a tunnel": (b"CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n" + SMUGGLED, 501),
    "a tunnel to a path": (b"CONNECT / HTTP/1.1\r\nhost: x\r\n\r\n" + SMUGGLED, 501),
    "a method in small letters": (GET.replace(b"GET", b"get"), 400),
    "a space before the method": (b" " + GET, 400),
    "HTTP/0.9": (b"GET /next\r\n\r\n", 505),
    "HTTP/1.2": (GET.replace(b"1.1", b"1.2"), 400),
    "HTTP/2.0": (GET.replace(b"1.1", b"2.0"), 505),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
}


@pytest.mark.parametrize(("request_", "status"), BAD.values(), ids=BAD.keys())
async def test_request_that_means_two_things_is_refused_and_nothing_behind_it_is_read(
    site: Recorder, request_: bytes, status: int
) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(request_ + SMUGGLED)
        (answer,) = await client.answers()
    assert answer.status == status
    assert answer.problem["status"] == status
    assert answer.headers["connection"] == "close"
    assert site.seen == []


@pytest.mark.parametrize(("request_", "status"), BAD.values(), ids=BAD.keys())
async def test_request_that_means_two_things_takes_nothing_from_the_one_before_it(
    site: Recorder, request_: bytes, status: int
) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(HELLO + request_ + SMUGGLED)
        first, second = await client.answers()
    assert (first.status, second.status) == (200, status)
    assert site.seen == [("POST", "/hello", b"hello")]


async def test_nothing_is_read_behind_a_request_that_closes_the_connection(site: Recorder) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(post(OF_LENGTH, b"connection: close") + SMUGGLED)
        (answer,) = await client.answers()
    assert answer.status == 200
    assert site.seen == [("POST", "/hello", b"hello")]


# ------------------------------------------------------------------------------------------ order and ends
async def test_bytes_behind_a_request_do_not_change_its_response(site: Recorder) -> None:
    site.gate.clear()
    async with RawClient.connect(site.listening.port) as client:
        client.send(HELLO + b"\x00junk")
        await eventually(lambda: site.seen, what="the request")
        client.send(b"more junk" * 1000)
        site.gate.set()
        first, second = await client.answers()
    assert (first.status, first.body, second.status) == (200, b"/hello", 400)


async def test_pipelined_requests_are_answered_in_order_before_the_one_that_is_refused(
    site: Recorder,
) -> None:
    site.gate.clear()
    async with RawClient.connect(site.listening.port) as client:
        client.send(HELLO + GET + HELLO + b"GET")
        await eventually(lambda: site.seen, what="the first request")
        client.send(b" / HTTP/1.1\r\n\r\n" + SMUGGLED)
        site.gate.set()
        answers = await client.answers()
    assert [answer.body for answer in answers[:3]] == [b"/hello", b"/next", b"/hello"]
    assert [answer.status for answer in answers] == [200, 200, 200, 400]


async def test_more_pipelined_requests_than_the_limit_are_refused_after_the_others(site: Recorder) -> None:
    site.gate.clear()
    async with RawClient.connect(site.listening.port) as client:
        client.send(GET * 2000)
        await eventually(lambda: site.seen, what="the first request")
        site.gate.set()
        answers = await client.answers()
    assert [answer.status for answer in answers] == [200] * (http_protocol.MAX_PIPELINED + 1) + [400]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("rest", [b"", GET[:10], HELLO[:-1]], ids=["", "half a head", "half a body"])
async def test_client_that_closes_its_side_gets_its_responses(
    site: Recorder, count: int, rest: bytes
) -> None:
    site.gate.clear()
    async with RawClient.connect(site.listening.port) as client:
        client.send(HELLO * count + rest)
        client.end()
        await eventually(lambda: site.seen, what="the first request")
        site.gate.set()
        answers = await client.answers()
    assert [answer.status for answer in answers] == [200] * count
    assert answers[-1].headers["connection"] == "close"
    assert len(site.seen) == count


async def test_client_that_closes_its_side_within_its_request_has_disconnected(site: Recorder) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(HELLO[:-1])
        client.end()
        assert await client.rest() == b""
    await eventually(lambda: site.disconnects == 1, what="the application to be told")
    assert site.seen == []


async def test_client_without_a_request_that_closes_its_side_is_closed(site: Recorder) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(GET)
        assert (await client.answer()).status == 200
        client.end()
        assert await client.rest() == b""


async def test_refusal_arrives_though_the_client_still_sends(site: Recorder) -> None:
    async with RawClient.connect(site.listening.port) as client:
        client.send(b"junk" + b"x" * 2_000_000)
        (answer,) = await client.answers()
    assert answer.status == 400


async def test_refused_connection_closes_though_the_client_does_not(
    site: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.1)
    async with RawClient.connect(site.listening.port) as client:
        client.send(b"junk")
        assert (await client.answer()).status == 400
        await eventually(lambda: not site.listening.state.connections, what="the connection to close")


async def test_websocket_goes_to_the_servers_own_protocol_if_it_has_one(site: Recorder) -> None:
    taken: list[bytes] = []

    class WebSocket(asyncio.Protocol):
        def __init__(self, **_: Any) -> None:
            pass

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            taken.append(data)
            self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")

    site.listening.config.ws_protocol_class = WebSocket
    async with RawClient.connect(site.listening.port) as client:
        client.send(b"GET /chat HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n")
        assert (await client.answer()).status == 101
    assert taken == [b"GET /chat HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"]
    assert site.seen == []
