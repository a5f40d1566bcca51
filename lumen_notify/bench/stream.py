"""Stream: one event stream of the load, which counts frames and does nothing else.

A stream costs the load one read and one `bytes.count` per delivery, so that
one core of load can keep one core of server busy. Frames end with an empty
line (HTML, section 9.2.6); a frame end may be split between two reads. Chunked
encoding is not undone: its lengths and line ends contain no empty line. (A server
that ends a chunk inside a frame end would be miscounted; none does.)

Not here: how many streams, and when (`load`); the request (`wire`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import cast

from lumen_notify.bench.wire import STAMP, STAMP_DIGITS

END = b"\n\n"
WHOLE = (END, END + b"\r\n")
"""How a read ends that holds whole frames only: plain, or as a chunk."""

MAX_HEAD_BYTES = 65536
NO_GOAL = sys.maxsize
ENDED = "the server ended a stream"


class StreamRefused(Exception):
    """A stream did not open: another status than 200, a `closing` at once, or the connection ended."""


class Tally:
    """What a set of streams has received. Shared by them; nothing in it is per stream.

    `frames`: since the start, without the first of each stream. `lost`: streams that ended though nobody
    closed them. `receipts_ns`: from sending to receipt, of the sampled streams.
    """

    __slots__ = ("_waiters", "frames", "goal", "lost", "receipts_ns")

    def __init__(self) -> None:
        self.frames = 0
        self.goal = NO_GOAL
        self.lost = 0
        self.receipts_ns: list[int] = []
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    async def reach(self, frames: int) -> None:
        """Wait until `frames` have been received in total.

        Raises: StreamRefused when a stream ends before.
        """
        if self.frames >= frames:
            return
        if self.lost:
            raise StreamRefused(ENDED)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((frames, waiter))
        self.goal = min(self.goal, frames)
        await waiter

    def wake(self) -> None:
        """Let those go on whose goal is reached. Streams call it when `frames` passes `goal`."""
        for goal, waiter in self._waiters:
            if goal <= self.frames and not waiter.done():
                waiter.set_result(None)
        self._waiters = [(goal, waiter) for goal, waiter in self._waiters if not waiter.done()]
        self.goal = min((goal for goal, _ in self._waiters), default=NO_GOAL)

    def lose(self) -> None:
        """Note a stream that ended by itself: whoever waits would wait for ever."""
        self.lost += 1
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(StreamRefused(ENDED))


class Stream(asyncio.Protocol):
    """One live stream: counts frame ends into the tally."""

    __slots__ = ("_is_half", "tally", "transport")

    def __init__(self, transport: asyncio.Transport, tally: Tally) -> None:
        self.transport = transport
        self.tally = tally
        self._is_half = False

    def data_received(self, data: bytes) -> None:
        """Count the frames that end here."""
        tally = self.tally
        if data.endswith(WHOLE) and not self._is_half:
            tally.frames += data.count(END)
        else:
            tally.frames += self._count_split(data)
        if tally.frames >= tally.goal:
            tally.wake()

    def _count_split(self, data: bytes) -> int:
        """Count where a frame end may lie across two reads: an odd run of line ends leaves a half behind."""
        if self._is_half:
            data = b"\n" + data
        self._is_half = (len(data) - len(data.rstrip(b"\n"))) % 2 == 1
        return data.count(END)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Note the end, unless it was ours."""
        if not self.transport.is_closing():
            self.tally.lose()

    def close(self) -> None:
        """End the stream at once."""
        self.transport.abort()


class SampledStream(Stream):
    """A stream that also notes how long each stamped frame took to arrive."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Note the age of each stamp, then count."""
        now_ns = time.perf_counter_ns()
        at = data.find(STAMP)
        while at >= 0:
            at += len(STAMP)
            sent_at_ns = data[at : at + STAMP_DIGITS]
            if len(sent_at_ns) == STAMP_DIGITS and sent_at_ns.isdigit():
                self.tally.receipts_ns.append(now_ns - int(sent_at_ns))
            at = data.find(STAMP, at)
        super().data_received(data)


class Opening(asyncio.Protocol):
    """A stream until its first frame. `opened` then gives (the stream, its first frame)."""

    __slots__ = ("_is_sampled", "_ready", "_received", "_request", "_tally", "_transport", "opened")

    def __init__(self, request: bytes, ready: bytes, tally: Tally, *, is_sampled: bool) -> None:
        self._request = request
        self._ready = ready
        self._tally = tally
        self._is_sampled = is_sampled
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[tuple[Stream, bytes]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read up to the frame that says that the stream is live, then become a `Stream`."""
        self._received += data
        received = self._received
        head_end = received.find(b"\r\n\r\n")
        if head_end >= 0 and received[9:12] != b"200":
            self._refuse(received[: received.find(b"\r\n")].decode("latin-1"))
            return
        if b"event: closing" in received:
            self._refuse("the server closed it at once (closing)")
            return
        ready_at = received.find(self._ready, head_end) if head_end >= 0 else -1
        end = received.find(END, ready_at) if ready_at >= 0 else -1
        if end >= 0:
            self._become_live(received, head_end, end + len(END))
        elif len(received) > MAX_HEAD_BYTES:
            self._refuse(f"no first frame within {MAX_HEAD_BYTES} bytes")

    def _become_live(self, received: bytes, head_end: int, end: int) -> None:
        assert self._transport is not None
        kind = SampledStream if self._is_sampled else Stream
        stream = kind(self._transport, self._tally)
        self._transport.set_protocol(stream)
        if not self.opened.done():
            self.opened.set_result((stream, received[head_end + 4 : end]))
        if len(received) > end:
            stream.data_received(received[end:])

    def _refuse(self, reason: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(StreamRefused(reason))
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits for the first frame."""
        self._refuse(f"the connection ended before the first frame: {exc or 'closed'}")
