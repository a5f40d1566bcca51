"""Connection: one open stream of one user; bounded, ordered, closed when it is too slow.

This is the part that all connections share. How bytes leave is up to the subclass:
`transport.TransportConnection` writes to the TCP connection itself, `fallback.QueueConnection` to a queue
that a response drains.

Promises: chunks leave in the order of `write`, each once. The bytes that wait are bounded: a connection
that would exceed the bound closes as `slow` instead. Nothing is written after the close.

What may wait for one stream, with B = LUMEN_MAX_BACKLOG_BYTES:

| where | at most |
|---|---|
| the connection and its transport together | the larger of B and 16 KiB, plus one write |
| one write | the events of one fan-out or a part of a replay (64 KiB, or a single larger event) |
| the kernel's socket buffers, outside this process | net.ipv4.tcp_wmem, on Linux |

N clients that never read therefore cost at most N * max(B, 80 KiB). Streams that wait for the
same bytes with the same count share them, so the usual cost is far lower.

While nothing waits, chunks are written directly to the socket's file descriptor, past the transport. This
saves a fan-out to 10,000 streams a fifth of its time; `broadcast` explains why it is safe.

Which of two calls wins:

| first | then | effect |
|---|---|---|
| `close` | the peer disconnects | the reason given to `close` counts |
| the peer disconnects | `close` | `gone` counts, nothing is written |
| `close` | `write` | the chunks are dropped; the client has its cursor |
| `close` | `close` | the first reason counts |

A connection that raises ends alone: `fail`.
"""

from __future__ import annotations

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from lumen_notify.deliver.frames import control
from lumen_notify.model import CloseReason, id_text, new_id

CloseCallback = Callable[["Connection", CloseReason], None]

_log = logging.getLogger("lumen_notify.streams")

NO_FD = -1
"""Instead of a file descriptor: chunks must not be written directly now."""


class DirectWriter(Protocol):
    """Writes directly to a connection's file descriptor, and keeps a copy of the number."""

    def direct_fd_changed(self) -> None:
        """Read the connection's `direct_fd` again."""


class Replaying(Protocol):
    """Sends a long replay on a connection, as fast as the peer reads."""

    def on_drained(self) -> None:
        """Go on: few bytes wait for the peer, or the stream has ended."""


def write_direct(fd: int, chunks: bytes) -> bytes:
    """Write chunks to a file descriptor at once; return the rest that the kernel did not take, b"" for none.

    Errors are ignored here: the rest goes to the transport, which hits the same error and reports it.
    """
    try:
        return chunks[os.write(fd, chunks) :]
    except OSError:
        return chunks


class Connection(ABC):
    """One open stream of one user.

    device: as the client stated it, or None. address: the peer's IP address. connected_at, expires_at: in
    ms; the token ends at expires_at. warnings: how often `expiring` was sent. on_close: called once, when the
    stream has ended. direct_fd: the file descriptor that takes chunks at this moment; NO_FD while they must
    go through `enqueue`. direct_writer: notified when direct_fd changes. replaying: the long replay in
    progress, else None. slot: the connection's second in the timer wheel.
    """

    __slots__ = (
        "_id",
        "_on_close",
        "address",
        "close_reason",
        "connected_at",
        "device",
        "direct_fd",
        "direct_writer",
        "expires_at",
        "replaying",
        "slot",
        "user_id",
        "warnings",
    )

    def __init__(
        self,
        *,
        user_id: str,
        device: str | None,
        address: str,
        connected_at: int,
        expires_at: int,
        on_close: CloseCallback,
    ) -> None:
        self._id = new_id.number()  # a third of the memory that the text takes
        self.user_id = user_id
        self.device = device
        self.address = address
        self.connected_at = connected_at
        self.expires_at = expires_at
        self.warnings = 0
        self.slot = 0
        self.direct_fd = NO_FD
        self.direct_writer: DirectWriter | None = None
        self.replaying: Replaying | None = None
        self.close_reason: CloseReason | None = None
        self._on_close = on_close

    @property
    def id(self) -> str:
        """The connection's id, a UUIDv7."""
        return id_text(self._id)

    def has_id(self, number: int) -> bool:
        """Return whether this is the connection's id. number: the 128 bits of a UUID."""
        return self._id == number

    @property
    @abstractmethod
    def backlog_bytes(self) -> int:
        """How many bytes wait here for the peer."""

    @property
    @abstractmethod
    def is_drained(self) -> bool:
        """Whether so few bytes wait for the peer that a replay may go on."""

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait for the peer, here and in the transport."""
        return self.backlog_bytes

    def allow_direct_writes(self, writer: DirectWriter) -> None:
        """Let chunks go directly to the file descriptor from now on; notify `writer` when it changes."""
        self.direct_writer = writer

    def write(self, chunks: bytes) -> None:
        """Send whole chunks, in order. Never waits; does nothing after the end."""
        rest = chunks if self.direct_fd == NO_FD else write_direct(self.direct_fd, chunks)
        if rest:
            self.enqueue(rest)

    @abstractmethod
    def enqueue(self, chunks: bytes) -> None:
        """Take bytes that cannot be written directly: the rest of a write, or whole chunks.

        Closes as `slow` instead of exceeding the bound, but never within a chunk.
        """

    def _drained(self) -> None:
        """Tell the long replay, if one is in progress, that it may go on."""
        if self.replaying is not None:
            self.replaying.on_drained()

    def _set_direct_fd(self, fd: int) -> None:
        self.direct_fd = fd
        if self.direct_writer is not None:
            self.direct_writer.direct_fd_changed()

    def close(self, reason: CloseReason, retry_ms: int | None = None) -> None:
        """Send `closing` and end. retry_ms: when the client reconnects; None for what the reason asks for."""
        if self.close_reason is None:
            self.close_reason = reason
            if retry_ms is None:
                retry_ms = control.retry_ms_after(reason)
            try:
                self._end(control.closing(reason, retry_ms))
            except Exception:  # noqa: BLE001 - it must not stay in the tables of open streams
                _log.exception("Stream %s could not be closed.", self.id)
                self.close_reason = None
                self.fail()
                return
            self._drained()
            self._on_close(self, reason)

    def fail(self) -> None:
        """End after an exception, without a last frame: a chunk may have been written in part. The client
        resumes from its cursor. The caller logs the exception."""
        try:
            self.abort()
        except Exception:  # noqa: BLE001 - its state is unknown
            _log.exception("Stream %s could not be aborted.", self.id)
        self.on_disconnect()

    def on_disconnect(self) -> None:
        """Record that the peer has disconnected."""
        if self.close_reason is None:
            self.close_reason = CloseReason.GONE
            self._drained()
            self._on_close(self, CloseReason.GONE)

    def abort(self) -> None:  # noqa: B027 - a connection without a transport has nothing to drop
        """Drop the bytes of an ended stream that the peer has not accepted yet."""

    @abstractmethod
    def _end(self, last: bytes) -> None:
        """Send the last chunk and end. Waiting bytes are sent before it, unless the peer is too slow."""
