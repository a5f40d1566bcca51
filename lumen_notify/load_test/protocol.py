"""Protocol: the HTTP requests that open a stream and publish, for one kind of server.

The load needs to know nothing else about a server, so one load generator drives all of them. Requests are
complete byte strings, made before they are sent.

Not here: sockets (`stream_client`, `publisher`) and what is measured (`load`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from lumen_notify.auth import mint

STAMP = b"sent-at:"
"""Marks the send time within a content, so that a receiver finds it with one search."""

STAMP_DIGITS = 19
TOKEN_TTL_SECONDS = 6 * 3600

EVERYBODY: Mapping[str, Any] = {"all": True}


def stamped_content(sent_at_ns: int) -> str:
    """Return a content of typical length that contains its send time (monotonic, nanoseconds)."""
    return f"liked your photo of the harbour {STAMP.decode()}{sent_at_ns:0{STAMP_DIGITS}d}"


class ServerProtocol(Protocol):
    """The requests for one kind of server, over plain HTTP/1.1."""

    host: str
    port: int
    ready_marker: bytes
    """Part of the first frame of a live stream."""

    def subscribe_request(self, index: int, cursor: str | None) -> bytes:
        """Return the request that opens stream number `index` (from 0), after `cursor` if given."""

    def publish_request(self, content: str) -> bytes:
        """Return the request that publishes `content`."""


class LumenProtocol:
    """The requests for lumen-notify.

    to: the audience of every publish. streams_per_user: consecutive streams that belong to one user.
    publish_token, stream_token: replace tokens made with the secret; with a `stream_token` all streams belong
    to its user.
    """

    ready_marker = b"event: ready"

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
        """Return the user id of stream number `index`."""
        return f"bench-{index // self._streams_per_user}"

    def token(self, index: int) -> str:
        """Return the token of stream number `index`; made once per user."""
        if self._stream_token is not None:
            return self._stream_token
        user = self.user(index)
        token = self._tokens.get(user)
        if token is None:
            token = self._tokens[user] = mint(self._secret, user, ttl_seconds=TOKEN_TTL_SECONDS)
        return token

    def subscribe_request(self, index: int, cursor: str | None) -> bytes:
        """Return a GET of the stream. The cursor is sent as `Last-Event-ID`, as browsers do."""
        resume = f"Last-Event-ID: {cursor}\r\n" if cursor else ""
        return (
            f"GET {self._base_path}/api/v1/notifications/stream?token={self.token(index)} HTTP/1.1\r\n"
            f"Host: {self.host}:{self.port}\r\nAccept: text/event-stream\r\n{resume}\r\n"
        ).encode()

    def publish_request(self, content: str) -> bytes:
        """Return a POST of one notification to the audience."""
        return self.post_request(
            json.dumps({"to": self.to, "category": "bench", "content": content}).encode()
        )

    def post_request(self, body: bytes, path: str = "/notifications", *, user: int | None = None) -> bytes:
        """Return a POST of a JSON body. path: below `/api/v1`.

        user: the index of a stream whose user's token is sent; None sends the publisher's token.
        """
        token = self._publish_token if user is None else self.token(user)
        return (
            f"POST {self._base_path}/api/v1{path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
