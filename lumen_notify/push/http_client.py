"""HTTP client: requests to providers, bounded in time and size.

Promises: a redirect is an answer like any other; an answer is read up to MAX_ANSWER_BYTES; no request takes
longer than SECONDS; one that fails raises `ConnectionError`, whose reason has no address and no token; a host
that is slow or breaks rules delays no request to another one.

    what happens on a connection                        what follows
    an answer                                           the next requests use it too
    it ends, while no answer has come by it             the request fails
    it ends, after answers have come by it              the request is sent once more, by a new connection
    an answer that is too long, silence, a wrong frame  no new request uses it; it is closed with its last one

So a server may close what is idle, or ask to leave by GOAWAY (RFC 9113, section 6.8), at any time. A request
that it had taken already is then sent twice: each has a collapse key.

By httpcore, not by the client of httpx: that logs addresses, and Web Push and APNs have tokens in theirs.

It speaks HTTP/2 with the extra `lumen-notify[push]`, which APNs needs, else HTTP/1.1. It trusts the
authorities of the package certifi, or those in the file or folder that SSL_CERT_FILE or SSL_CERT_DIR names.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpcore
import httpx

from lumen_notify.model import value
from lumen_notify.version import __version__

SECONDS = 10.0
"""For a whole request: to connect, to send, and to read the answer."""

SILENCE_SECONDS = 8.0
"""After so long without a byte a connection is dead, and httpcore gives it up with all of its requests."""

KEEP_SECONDS = 300.0
"""How long a connection is kept that nobody uses. Apple wants them kept; gateways forget them after 350 s."""

MAX_ANSWER_BYTES = 16 * 1024

MAX_HOSTS = 64
"""Connections to more hosts are closed, those used longest ago first."""

MAX_CONNECTIONS = 16
"""To one host. Over HTTP/2 all requests share one."""

HAS_HTTP2 = importlib.util.find_spec("h2") is not None

_HEADERS = {"accept-encoding": "identity", "user-agent": f"lumen-notify/{__version__}"}

_ENDED = (httpcore.NetworkError, httpcore.ProtocolError)
"""The connection has ended, or was no good: not that it took too long."""

_FAILED = (
    *_ENDED,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
    OSError,
    TimeoutError,
)


@value
class Answer:
    """An answer. headers: by name in lower case. body: its beginning, if it is long."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_seconds(self) -> float | None:
        """How long it asks to wait: Retry-After, in seconds or as a date (RFC 9110, section 10.2.3)."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdecimal():
            return float(text[:9])
        try:
            date = parsedate_to_datetime(text)
            # Without a zone it is GMT (RFC 9110, section 5.6.7).
            return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - time.time())
        except (ValueError, OverflowError):
            return None


class _Connections:
    """Those to one host."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self.pool = pool
        self.requests = 0
        self.has_answered = False
        self.is_retired = False


class HttpClient:
    """Keeps connections. verify: how certificates are checked. network: makes the connections, such as one
    that checks addresses."""

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._verify = verify
        self._network = network
        self._hosts: dict[tuple[bytes, bytes, int | None], _Connections] = {}  # used longest ago first

    async def post(self, url: str, *, headers: Mapping[str, str], content: bytes) -> Answer:
        """Send one POST request. Raises ConnectionError, and what the network refuses."""
        return await self.request("POST", url, headers=headers, content=content)

    async def request(self, method: str, url: str, *, headers: Mapping[str, str], content: bytes) -> Answer:
        """Send one request. Raises ConnectionError, and what the network refuses."""
        try:
            async with asyncio.timeout(SECONDS):
                try:
                    return await self._send(method, _parsed(url), headers, content)
                except _Repeatable:
                    return await self._send(method, _parsed(url), headers, content)
        except (*_FAILED, _Repeatable) as error:
            raise ConnectionError(_reason(error)) from error

    async def close(self) -> None:
        """Close all connections."""
        while self._hosts:
            await self._hosts.popitem()[1].pool.aclose()

    async def _send(
        self, method: str, url: httpcore.URL, headers: Mapping[str, str], content: bytes
    ) -> Answer:
        read_seconds = min(SECONDS, SILENCE_SECONDS)
        timeouts = {"connect": SECONDS, "read": read_seconds, "write": SECONDS, "pool": SECONDS}
        fields = [(name.encode(), text.encode()) for name, text in {**_HEADERS, **headers}.items()]
        async with self._connections(url) as connections:
            try:
                async with connections.pool.stream(
                    method, url, headers=fields, content=content, extensions={"timeout": timeouts}
                ) as answer:
                    body = await _beginning(answer)
            except _ENDED as error:
                if connections.has_answered:
                    raise _Repeatable(error) from error
                raise
            connections.has_answered = True
            if len(body) > MAX_ANSWER_BYTES:
                self._retire(connections)
            return Answer(
                status=answer.status,
                headers={
                    name.decode("latin-1").lower(): text.decode("latin-1") for name, text in answer.headers
                },
                body=body[:MAX_ANSWER_BYTES],
            )

    @contextlib.asynccontextmanager
    async def _connections(self, url: httpcore.URL) -> AsyncIterator[_Connections]:
        """Give the connections to a host, for one request. One that fails leaves its stream open: nothing
        in httpcore resets it."""
        host = (url.scheme, url.host, url.port)
        connections = self._hosts.pop(host, None) or _Connections(self._new_pool())
        self._hosts[host] = connections
        connections.requests += 1
        try:
            yield connections
        except BaseException:
            self._retire(connections)
            raise
        finally:
            connections.requests -= 1
            if connections.is_retired and not connections.requests:
                await connections.pool.aclose()
            await self._close_surplus()

    def _retire(self, connections: _Connections) -> None:
        connections.is_retired = True
        for host in [host for host, one in self._hosts.items() if one is connections]:
            del self._hosts[host]

    async def _close_surplus(self) -> None:
        surplus = len(self._hosts) - MAX_HOSTS
        idle = [host for host, one in self._hosts.items() if not one.requests]
        for pool in [self._hosts.pop(host).pool for host in idle[: max(0, surplus)]]:
            await pool.aclose()

    def _new_pool(self) -> httpcore.AsyncConnectionPool:
        if self._verify is None:
            self._verify = httpx.create_ssl_context()  # takes 40 ms
        return httpcore.AsyncConnectionPool(
            ssl_context=self._verify,
            http2=HAS_HTTP2,
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEP_SECONDS,
            network_backend=self._network,
        )


class _Repeatable(Exception):
    """A connection that had worked has ended."""


def _parsed(url: str) -> httpcore.URL:
    """Raises httpx.InvalidURL."""
    parts = httpx.URL(url)
    return httpcore.URL(scheme=parts.raw_scheme, host=parts.raw_host, port=parts.port, target=parts.raw_path)


async def _beginning(answer: httpcore.Response) -> bytes:
    """Read an answer, up to a little more than its limit."""
    body = b""
    async for chunk in answer.aiter_stream():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            break
    return body


def _reason(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error, _Repeatable) else error
    return type(cause).__name__
