"""Stream client: one event stream of the load, which only counts frames.

A delivery costs the load one read and one `bytes.count`, so that one core of load can saturate one core of
server. Frames end with an empty line (HTML, section 9.2.6), which may be split between two reads. Chunked
encoding is not decoded: chunk sizes and line ends contain no empty line. (A server that ends a chunk inside
an empty line would be miscounted; none does.)

Not here: the number of streams (`load`) and the request (`protocol`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import cast

from lumen_notify.load_test.protocol import STAMP, STAMP_DIGITS

END = b"\n\n"
WHOLE = (END, END + b"\r\n")
"""The end of a read that contains only complete frames: plain, or chunked."""

MAX_HEAD_BYTES = 65536
NO_GOAL = sys.maxsize
ENDED = "The server closed a stream."


class StreamRefused(Exception):
    """A stream did not open: a status other than 200, an immediate `closing`, or a closed connection."""


class FrameCounter:
    """Counts the frames that a set of streams has received together.

    frames: total, without the first frame of each stream. goal: the lowest total that a caller waits for.
    lost: streams that the server closed. receipts_ns: times from send to receipt, of the sampled streams.
    """

    __slots__ = ("_waiters", "frames", "goal", "lost", "receipts_ns")

    def __init__(self) -> None:
        self.frames = 0
        self.goal = NO_GOAL
        self.lost = 0
        self.receipts_ns: list[int] = []
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    async def wait_for(self, frames: int) -> None:
        """Wait until `frames` have been received in total.

        Raises StreamRefused if the server closes a stream before that.
        """
        if self.frames >= frames:
            return
        if self.lost:
            raise StreamRefused(ENDED)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((frames, waiter))
        self.goal = min(self.goal, frames)
        await waiter

    def wake_waiters(self) -> None:
        """Resume the callers whose goal is reached. Streams call it when `frames` reaches `goal`."""
        for goal, waiter in self._waiters:
            if goal <= self.frames and not waiter.done():
                waiter.set_result(None)
        self._waiters = [(goal, waiter) for goal, waiter in self._waiters if not waiter.done()]
        self.goal = min((goal for goal, _ in self._waiters), default=NO_GOAL)

    def note_lost(self) -> None:
        """Count a stream that the server closed, and fail all waiting callers."""
        self.lost += 1
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(StreamRefused(ENDED))


class StreamClient(asyncio.Protocol):
    """One live stream: counts the ends of frames."""

    __slots__ = ("_ends_in_half", "counter", "transport")

    def __init__(self, transport: asyncio.Transport, counter: FrameCounter) -> None:
        self.transport = transport
        self.counter = counter
        self._ends_in_half = False

    def data_received(self, data: bytes) -> None:
        """Count the frames that end in this read."""
        counter = self.counter
        if data.endswith(WHOLE) and not self._ends_in_half:
            counter.frames += data.count(END)
        else:
            counter.frames += self._count_split(data)
        if counter.frames >= counter.goal:
            counter.wake_waiters()

    def _count_split(self, data: bytes) -> int:
        """Count frames whose end may be split: an odd run of newlines leaves half an end for the next
        read."""
        if self._ends_in_half:
            data = b"\n" + data
        self._ends_in_half = (len(data) - len(data.rstrip(b"\n"))) % 2 == 1
        return data.count(END)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Count the stream as lost, unless we closed it."""
        if not self.transport.is_closing():
            self.counter.note_lost()

    def close(self) -> None:
        """Close the stream at once."""
        self.transport.abort()


class SampledStreamClient(StreamClient):
    """A stream that also records the latency of each frame with a send time."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Record the age of each send time, then count the frames."""
        now_ns = time.perf_counter_ns()
        at = data.find(STAMP)
        while at >= 0:
            at += len(STAMP)
            sent_at_ns = data[at : at + STAMP_DIGITS]
            if len(sent_at_ns) == STAMP_DIGITS and sent_at_ns.isdigit():
                self.counter.receipts_ns.append(now_ns - int(sent_at_ns))
            at = data.find(STAMP, at)
        super().data_received(data)


class OpeningStream(asyncio.Protocol):
    """A stream until its first frame. opened: resolves to the live stream and its first frame."""

    __slots__ = ("_counter", "_is_sampled", "_ready", "_received", "_request", "_transport", "opened")

    def __init__(self, request: bytes, ready: bytes, counter: FrameCounter, *, is_sampled: bool) -> None:
        self._request = request
        self._ready = ready
        self._counter = counter
        self._is_sampled = is_sampled
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[tuple[StreamClient, bytes]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read up to the frame with the ready marker, then hand over to a `StreamClient`."""
        self._received += data
        received = self._received
        head_end = received.find(b"\r\n\r\n")
        if head_end >= 0 and received[9:12] != b"200":
            self._refuse(received[: received.find(b"\r\n")].decode("latin-1"))
            return
        if b"event: closing" in received:
            self._refuse("The server closed the stream at once.")
            return
        ready_at = received.find(self._ready, head_end) if head_end >= 0 else -1
        end = received.find(END, ready_at) if ready_at >= 0 else -1
        if end >= 0:
            self._hand_over(received, head_end, end + len(END))
        elif len(received) > MAX_HEAD_BYTES:
            self._refuse(f"No first frame arrived within {MAX_HEAD_BYTES} bytes.")

    def _hand_over(self, received: bytes, head_end: int, end: int) -> None:
        assert self._transport is not None
        kind = SampledStreamClient if self._is_sampled else StreamClient
        stream = kind(self._transport, self._counter)
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
        """Fail `opened` if it is still pending."""
        self._refuse(f"the connection ended before the first frame: {exc or 'closed'}")
