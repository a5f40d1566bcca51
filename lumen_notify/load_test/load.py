"""Load: many streams and a few publishers against one server, on one core.

    load = Load(protocol)
    await load.open(10_000)
    throughput = await load.measure_throughput(publishers=1, seconds=5)
    latency = await load.measure_latency(publishes=10, every_seconds=1)
    load.close()

Publishes are a closed loop: a publisher sends its next request after the response to its last, and with K
publishers at most 2 K notifications are in flight, that is, not yet received by *every* stream. So a server
gains nothing by responding early and delivering late, and no backlog grows without bound. With a limit of K
the server would be idle a third of the time, while the load still reads.

Not here: the requests (`protocol`), the cost of the server (`process`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field

from lumen_notify.load_test.protocol import ServerProtocol, stamped_content
from lumen_notify.load_test.publisher import Publisher
from lumen_notify.load_test.stream_client import FrameCounter, OpeningStream, StreamClient
from lumen_notify.model import value

STREAMS_PER_SOURCE = 20_000
"""Streams per local loopback address: the default range of ephemeral ports has 28,232."""

SPARE_FILES = 200
MAX_PUBLISHES = 100_000

OnProgress = Callable[[int], None]


def raise_file_limit(streams: int) -> int:
    """Raise the limit of open files to `streams` connections; return how many of them are possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = streams + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # raising the hard limit requires a privilege
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            return streams
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return streams if soft == resource.RLIM_INFINITY else min(streams, soft - SPARE_FILES)


def percentile(ordered: Sequence[int], share: float) -> int:
    """Return the percentile `share` (0 to 1) of an ascending sequence, by nearest rank."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@value
class Throughput:
    """The result of publishing as fast as all streams receive.

    seconds: from the first request to the last receipt. load_busy: CPU share of one core that the load used;
    near 1.0 the load was the limit.
    """

    publishes: int
    deliveries: int
    seconds: float
    load_busy: float

    @property
    def deliveries_per_second(self) -> float:
        """Frames received per second, by all streams together."""
        return self.deliveries / self.seconds


@value
class Latency:
    """Times from a publish to its response (`responses_ns`) and to its frames (`receipts_ns`). Ascending."""

    responses_ns: list[int] = field(repr=False)
    receipts_ns: list[int] = field(repr=False)


class Load:
    """The open streams to one server. first: the number of the first one, if other processes have those
    before."""

    def __init__(self, protocol: ServerProtocol, *, first: int = 0) -> None:
        self.protocol = protocol
        self._first = first
        self.counter = FrameCounter()
        self.streams: list[StreamClient] = []

    async def open(
        self,
        count: int,
        *,
        concurrency: int = 100,
        cursor: str | None = None,
        sample_every: int = 10,
        within_seconds: float = 300,
        on_progress: OnProgress | None = None,
    ) -> float:
        """Open `count` more streams; return the seconds until all are live.

        concurrency: streams that open at the same time. sample_every: every n-th stream measures latency.
        Raises StreamRefused, TimeoutError.
        """
        before = self._first + len(self.streams)
        indexes = iter(range(before, before + count))
        started = time.perf_counter()
        with first_error():
            async with asyncio.timeout(within_seconds), asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, count)):
                    group.create_task(self._open_each(indexes, cursor, sample_every, on_progress))
        return time.perf_counter() - started

    async def _open_each(
        self, indexes: Iterator[int], cursor: str | None, sample_every: int, on_progress: OnProgress | None
    ) -> None:
        for index in indexes:
            stream, _ = await self._open_one(index, cursor, is_sampled=index % sample_every == 0)
            self.streams.append(stream)
            if on_progress is not None:
                on_progress(1)

    async def _open_one(
        self, index: int, cursor: str | None, *, is_sampled: bool
    ) -> tuple[StreamClient, bytes]:
        protocol = self.protocol
        opening = OpeningStream(
            protocol.subscribe_request(index, cursor),
            protocol.ready_marker,
            self.counter,
            is_sampled=is_sampled,
        )
        source = None
        if index >= STREAMS_PER_SOURCE and protocol.host.startswith("127."):
            source = (f"127.0.0.{1 + index // STREAMS_PER_SOURCE}", 0)
        await asyncio.get_running_loop().create_connection(
            lambda: opening, protocol.host, protocol.port, local_addr=source
        )
        return await opening.opened

    async def first_frame(self, index: int) -> bytes:
        """Open a stream, return its first frame, which contains a cursor, and close the stream."""
        stream, frame = await self._open_one(index, None, is_sampled=False)
        stream.close()
        return frame

    def close(self) -> None:
        """Close all streams."""
        for stream in self.streams:
            stream.close()
        self.streams.clear()

    async def measure_throughput(
        self, *, publishers: int, seconds: float, publishes: int = MAX_PUBLISHES
    ) -> Throughput:
        """Publish with `publishers` connections for `seconds`, or `publishes` times if that is sooner.

        Raises PublishFailed, StreamRefused, TimeoutError.
        """
        counter, stream_count = self.counter, len(self.streams)
        connections = [await self._publisher() for _ in range(publishers)]
        base = counter.frames
        sent = 0

        async def publish_each(publisher: Publisher) -> None:
            nonlocal sent
            while sent < publishes and time.perf_counter() < ends_at:
                sent += 1
                content = stamped_content(time.perf_counter_ns())
                await publisher.publish(self.protocol.publish_request(content))
                await counter.wait_for(base + (sent - 2 * publishers + 1) * stream_count)

        try:
            with gc_disabled(), first_error():
                started, busy = time.perf_counter(), time.process_time()
                ends_at = started + seconds
                async with asyncio.timeout(seconds * 4 + 30):
                    async with asyncio.TaskGroup() as group:
                        for publisher in connections:
                            group.create_task(publish_each(publisher))
                    await counter.wait_for(base + sent * stream_count)
                elapsed = time.perf_counter() - started
                busy = time.process_time() - busy
        finally:
            for publisher in connections:
                publisher.close()
        return Throughput(
            publishes=sent, deliveries=counter.frames - base, seconds=elapsed, load_busy=busy / elapsed
        )

    async def measure_latency(self, *, publishes: int, every_seconds: float) -> Latency:
        """Publish `publishes` times, every `every_seconds`; 0 publishes again once all streams have
        received."""
        counter, stream_count = self.counter, len(self.streams)
        publisher = await self._publisher()
        base = counter.frames
        counter.receipts_ns.clear()
        responses_ns: list[int] = []
        try:
            with gc_disabled():
                for done in range(publishes):
                    async with asyncio.timeout(every_seconds + 30):
                        pause = asyncio.create_task(asyncio.sleep(every_seconds))
                        sent_at_ns = time.perf_counter_ns()
                        await publisher.publish(self.protocol.publish_request(stamped_content(sent_at_ns)))
                        responses_ns.append(time.perf_counter_ns() - sent_at_ns)
                        await counter.wait_for(base + (done + 1) * stream_count)
                        await pause
        finally:
            publisher.close()
        return Latency(responses_ns=sorted(responses_ns), receipts_ns=sorted(counter.receipts_ns))

    async def _publisher(self) -> Publisher:
        return await Publisher.connect(self.protocol.host, self.protocol.port)


@contextlib.contextmanager
def first_error() -> Iterator[None]:
    """Raise only the first error of an exception group: all streams fail alike."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


@contextlib.contextmanager
def gc_disabled() -> Iterator[None]:
    """Disable the garbage collector, so that it does not scan all streams during a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
