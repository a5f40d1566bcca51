"""HTTP client: requests to providers, bounded in time and size.

Promises: a redirect is an answer like any other; an answer is read up to MAX_ANSWER_BYTES; no request takes
longer than SECONDS; one that fails raises `ConnectionError`, whose reason has no address and no token.

It speaks HTTP/2 with the extra `lumen-notify[push]`, which APNs needs, else HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import importlib.util
import ssl
from collections.abc import Mapping

import httpx

from lumen_notify.model import value

SECONDS = 10.0
"""For a whole request: to connect, to send, and to read the answer."""

MAX_ANSWER_BYTES = 16 * 1024

MAX_CONNECTIONS = 32
"""To all hosts together. Over HTTP/2 many requests share one."""

HAS_HTTP2 = importlib.util.find_spec("h2") is not None


@value
class Answer:
    """An answer. headers: by name in lower case. body: its beginning, if it is long."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Keeps connections. verify: how certificates are checked, by default by the system's authorities.
    transport: of a test, or one that checks addresses."""

    def __init__(
        self, *, verify: ssl.SSLContext | bool = True, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx.AsyncClient(
            http2=HAS_HTTP2,
            verify=verify,
            transport=transport,
            timeout=SECONDS,
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
            trust_env=False,
        )

    async def post(self, url: str, *, headers: Mapping[str, str], content: bytes) -> Answer:
        """Send one POST request. Raises ConnectionError."""
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._client.stream("POST", url, headers=dict(headers), content=content) as answer,
            ):
                body = b""
                async for chunk in answer.aiter_raw(MAX_ANSWER_BYTES):
                    body += chunk
                    if len(body) >= MAX_ANSWER_BYTES:
                        break
                return Answer(
                    status=answer.status_code, headers=dict(answer.headers), body=body[:MAX_ANSWER_BYTES]
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise ConnectionError(f"{type(error).__name__}") from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
