"""Wire: the bytes that open a stream and the bytes that publish, per kind of server.

Everything that the load generator has to know about a server is here, so that
one load drives any of them. Requests are made whole and ahead of time: the
generator writes bytes and waits for bytes.

Not here: sockets (`stream`, `publisher`), what is measured (`load`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from lumen_notify.auth import mint

STAMP = b"sent-at:"
"""What stands before the time of sending in a content, so that a receiver finds it with one search."""

STAMP_DIGITS = 19
TOKEN_TTL_SECONDS = 6 * 3600

EVERYBODY: Mapping[str, Any] = {"all": True}


def stamped(sent_at_ns: int) -> str:
    """Return a content of ordinary length that carries its time of sending (monotonic, nanoseconds)."""
    return f"liked your photo of the harbour {STAMP.decode()}{sent_at_ns:0{STAMP_DIGITS}d}"


class Wire(Protocol):
    """How one kind of server is spoken to. Plain HTTP/1.1."""

    host: str
    port: int
    ready: bytes
    """Stands in the frame after which a stream is live."""

    def subscribe(self, index: int, cursor: str | None) -> bytes:
        """Return the request that opens the stream `index` (from 0), resuming after `cursor`, if any."""

    def publish(self, content: str) -> bytes:
        """Return the request that publishes `content`."""


class LumenWire:
    """Our own wire, design section 4. Each stream is its own user's, or `streams_per_user` share one.

    `to`: the audience of every publish. `publish_token`, `stream_token`: given where the secret is not known;
    with a `stream_token` all streams are that user's.
    """

    ready = b"event: ready"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        secret: str = "",
        to: Mapping[str, Any] = EVERYBODY,
        streams_per_user: int = 1,
        base_path: str = "",
        publish_token: str | None = None,
        stream_token: str | None = None,
    ) -> None:
        self.host, self.port = host, port
        self.to = to
        self._base_path = base_path
        self._secret = secret
        self._streams_per_user = streams_per_user
        self._stream_token = stream_token
        self._publish_token = publish_token or mint(
            secret, "bench-publisher", ttl_seconds=TOKEN_TTL_SECONDS, scopes=("notify:publish",)
        )
        self._tokens: dict[str, str] = {}

    def user(self, index: int) -> str:
        """Return the user of the stream `index`."""
        return f"bench-{index // self._streams_per_user}"

    def token(self, index: int) -> str:
        """Return the token of the stream `index`: made once per user."""
        if self._stream_token is not None:
            return self._stream_token
        user = self.user(index)
        token = self._tokens.get(user)
        if token is None:
            token = self._tokens[user] = mint(self._secret, user, ttl_seconds=TOKEN_TTL_SECONDS)
        return token

    def subscribe(self, index: int, cursor: str | None) -> bytes:
        """Return a GET of the stream. The cursor goes into `Last-Event-ID`, as a browser does it."""
        resume = f"Last-Event-ID: {cursor}\r\n" if cursor else ""
        return (
            f"GET {self._base_path}/api/v1/notifications/stream?token={self.token(index)} HTTP/1.1\r\n"
            f"Host: {self.host}:{self.port}\r\nAccept: text/event-stream\r\n{resume}\r\n"
        ).encode()

    def publish(self, content: str) -> bytes:
        """Return a POST of one notification to the audience."""
        return self.post(json.dumps({"to": self.to, "category": "bench", "content": content}).encode())

    def post(self, body: bytes, path: str = "/notifications", *, user: int | None = None) -> bytes:
        """Return a POST of JSON: one notification or a list of them, or to another path below the API's.

        user: whose token, by the index of his stream; None for the publisher's.
        """
        token = self._publish_token if user is None else self.token(user)
        return (
            f"POST {self._base_path}/api/v1{path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
