"""Fakes: a clock, a transport that buffers as asyncio's do, and a connection that records its chunks."""

from __future__ import annotations

import asyncio
from typing import Any

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.model import CloseReason

HOUR_MS = 3_600_000


class FakeClock:
    """A clock that the test moves. Calling it returns seconds; `ms` returns milliseconds."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds

    def ms(self) -> int:
        return int(self.seconds * 1000)


class FakeTransport(asyncio.Transport):
    """A TCP connection whose peer reads when the test says so.

    room_bytes: how much the kernel takes before bytes wait here. received: what the peer has read. As
    asyncio's transports, it calls `pause_writing` above the high-water mark and `resume_writing` at the low
    one, and `connection_lost` in a later turn of the loop: in `turn`. It stands for its socket, too:
    `write_direct` does what the kernel does. Nothing may be written directly if the transport encrypts.
    """

    def __init__(self, protocol: Any = None, *, room_bytes: int = 0, encrypts: bool = False) -> None:
        super().__init__({"sslcontext": object()} if encrypts else {"socket": self})
        self.protocol = protocol
        self.received = b""
        self.buffer = b""
        self.largest_bytes = 0
        self.is_paused = False
        self._room_bytes = room_bytes
        self._high, self._low = 64 * 1024, 16 * 1024
        self._is_closing = self._is_gone = self._is_lost = False

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high is not None
        self._high, self._low = high, high // 4 if low is None else low
        self._pause_if_full()

    def get_write_buffer_size(self) -> int:
        return len(self.buffer)

    def fileno(self) -> int:
        return 7

    def write_direct(self, fd: int, chunks: bytes) -> bytes:
        """Stand in for `connection.write_direct`."""
        assert (fd, self.get_extra_info("socket")) == (7, self), (
            "plain bytes to an unknown or encrypted socket"
        )
        assert not self.buffer, "sent past bytes that wait"
        assert not self._is_lost, "sent to a file descriptor that the kernel may have reused"
        if self._is_gone:
            return chunks
        assert not self._is_closing, "sent after the close"
        taken = min(self._room_bytes, len(chunks))
        self._room_bytes -= taken
        self.received += chunks[:taken]
        return chunks[taken:]

    def write(self, data: Any) -> None:
        assert data, "an empty write"
        if self._is_gone:
            return  # as asyncio's: `connection_lost` reports it
        assert not self._is_closing, "written after the close"
        taken = min(self._room_bytes, len(data)) if not self.buffer else 0
        self._room_bytes -= taken
        self.received += data[:taken]
        self.buffer += data[taken:]
        self.largest_bytes = max(self.largest_bytes, len(self.buffer))
        self._pause_if_full()

    def _pause_if_full(self) -> None:
        if len(self.buffer) > self._high and not self.is_paused:
            self.is_paused = True
            self.protocol.pause_writing()

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    def abort(self) -> None:
        self._is_closing = self._is_gone = True
        self.buffer = b""

    # Called by the test.

    def peer_reads(self, number_bytes: int) -> None:
        """Let the peer read this many bytes: first those that wait, then those still to come."""
        self._room_bytes += max(0, number_bytes - len(self.buffer))
        self.received += self.buffer[:number_bytes]
        self.buffer = self.buffer[number_bytes:]
        if self.is_paused and len(self.buffer) <= self._low:
            self.is_paused = False
            self.protocol.resume_writing()

    def peer_goes(self) -> None:
        """Let the peer disconnect: the transport closes itself, as after an EOF or a reset."""
        self.abort()

    def turn(self) -> None:
        """Let the loop run once."""
        if self._is_closing and not self.buffer and not self._is_lost:
            self._is_lost = True
            self.protocol.connection_lost(None)


class RecordingConnection(Connection):
    """A connection that records its chunks. is_slow: closes as `slow` at the next write. room_bytes: how much
    the peer takes before `peer_reads`; None for all."""

    __slots__ = ("aborts", "chunks", "is_slow", "last", "room_bytes")

    def __init__(self, user_id: str = "ann", **fields: Any) -> None:
        given: dict[str, Any] = {
            "device": None,
            "address": "192.0.2.1",
            "connected_at": 0,
            "expires_at": HOUR_MS,
            "on_close": _ignore,
        }
        super().__init__(user_id=user_id, **(given | fields))
        self.chunks: list[bytes] = []
        self.last = b""
        self.aborts = 0
        self.is_slow = False
        self.room_bytes: int | None = None

    @property
    def backlog_bytes(self) -> int:
        return 0 if self.room_bytes is None else max(0, sum(map(len, self.chunks)) - self.room_bytes)

    @property
    def is_drained(self) -> bool:
        return not self.backlog_bytes

    def peer_reads(self, number_bytes: int) -> None:
        """Let the peer read this many bytes."""
        assert self.room_bytes is not None
        self.room_bytes += number_bytes
        if self.is_drained:
            self._drained()

    def enqueue(self, chunks: bytes) -> None:
        if self.close_reason is not None:
            return
        if self.is_slow:
            self.close(CloseReason.SLOW)
        else:
            self.chunks.append(chunks)

    def abort(self) -> None:
        self.aborts += 1

    def _end(self, last: bytes) -> None:
        self.last = last


def _ignore(_connection: Connection, _reason: CloseReason) -> None:
    pass


class RecordedCloses:
    """An `on_close` that records the reasons."""

    def __init__(self) -> None:
        self.seen: list[CloseReason] = []

    def __call__(self, _connection: Connection, reason: CloseReason) -> None:
        self.seen.append(reason)
