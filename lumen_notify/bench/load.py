"""Load: many streams and a few publishers against one server, from one core.

    load = Load(wire)
    await load.open(10_000)
    fan_out = await load.fan_out(publishers=1, seconds=5)
    latency = await load.beat(publishes=10, every_seconds=1)
    load.close()

Publishes are a closed loop: a publisher sends its next when its last has been answered and, with K
publishers, at most 2 K notifications are on the way, which means: not yet received by *every* stream. So
a server cannot look fast by answering early and delivering later, no backlog grows without bound, and the
server is not idle while the load still reads (with K it would be, a third of the time).

Not here: how a server is spoken to (`wire`), what its process costs (`process`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field

from lumen_notify.bench.publisher import Publisher
from lumen_notify.bench.stream import Opening, Stream, Tally
from lumen_notify.bench.wire import Wire, stamped
from lumen_notify.model import value

STREAMS_PER_SOURCE = 20_000
"""How many streams leave from one loopback address: the usual range of ports has 28,232."""

SPARE_FILES = 200
MAX_PUBLISHES = 100_000

OnProgress = Callable[[int], None]


def raise_file_limit(streams: int) -> int:
    """Let this process (and its children) hold `streams` connections. Return how many it can hold at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = streams + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # raising the hard limit needs a privilege
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            return streams
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return streams if soft == resource.RLIM_INFINITY else min(streams, soft - SPARE_FILES)


def percentile(ordered: Sequence[int], share: float) -> int:
    """Return the value below which `share` (0 to 1) of an ascending sequence lies: nearest rank."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@value
class FanOut:
    """Publishes as fast as they are received everywhere. `seconds`: first request to last receipt.

    `load_busy`: the share of one core that the load itself took; near 1.0 the load was the limit.
    """

    publishes: int
    deliveries: int
    seconds: float
    load_busy: float

    @property
    def deliveries_per_second(self) -> float:
        """Frames received by all streams together, per second."""
        return self.deliveries / self.seconds


@value
class Latency:
    """Times from sending a publish: `posts_ns` to its answer, `receipts_ns` to a frame. Ascending."""

    posts_ns: list[int] = field(repr=False)
    receipts_ns: list[int] = field(repr=False)


class Load:
    """The streams that are open to one server."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.tally = Tally()
        self.streams: list[Stream] = []

    async def open(
        self,
        count: int,
        *,
        at_once: int = 100,
        cursor: str | None = None,
        sample_every: int = 10,
        within_seconds: float = 300,
        on_progress: OnProgress | None = None,
    ) -> float:
        """Open `count` more streams; return the seconds until the last one was live.

        `at_once`: at most so many are on the way to their first frame. `sample_every`: each so manieth stream
        measures latency. Raises: StreamRefused, TimeoutError.
        """
        before = len(self.streams)
        indexes = iter(range(before, before + count))
        started = time.perf_counter()
        with first_error():
            async with asyncio.timeout(within_seconds), asyncio.TaskGroup() as group:
                for _ in range(min(at_once, count)):
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

    async def _open_one(self, index: int, cursor: str | None, *, is_sampled: bool) -> tuple[Stream, bytes]:
        wire = self.wire
        opening = Opening(wire.subscribe(index, cursor), wire.ready, self.tally, is_sampled=is_sampled)
        source = None
        if index >= STREAMS_PER_SOURCE and wire.host.startswith("127."):
            source = (f"127.0.0.{1 + index // STREAMS_PER_SOURCE}", 0)
        await asyncio.get_running_loop().create_connection(
            lambda: opening, wire.host, wire.port, local_addr=source
        )
        return await opening.opened

    async def first_frame(self, index: int) -> bytes:
        """Open a stream, return its first frame and close it: where a cursor is learnt."""
        stream, frame = await self._open_one(index, None, is_sampled=False)
        stream.close()
        return frame

    def close(self) -> None:
        """End all streams."""
        for stream in self.streams:
            stream.close()
        self.streams.clear()

    async def fan_out(self, *, publishers: int, seconds: float, publishes: int = MAX_PUBLISHES) -> FanOut:
        """Publish with `publishers` connections for `seconds`, or `publishes` times, whichever ends first.

        Raises: PublishFailed, StreamRefused, TimeoutError.
        """
        tally, count = self.tally, len(self.streams)
        connections = [await self._publisher() for _ in range(publishers)]
        base = tally.frames
        sent = 0

        async def publish_each(publisher: Publisher) -> None:
            nonlocal sent
            while sent < publishes and time.perf_counter() < ends_at:
                sent += 1
                await publisher.publish(self.wire.publish(stamped(time.perf_counter_ns())))
                await tally.reach(base + (sent - 2 * publishers + 1) * count)

        try:
            with quiet_collector(), first_error():
                started, busy = time.perf_counter(), time.process_time()
                ends_at = started + seconds
                async with asyncio.timeout(seconds * 4 + 30):
                    async with asyncio.TaskGroup() as group:
                        for publisher in connections:
                            group.create_task(publish_each(publisher))
                    await tally.reach(base + sent * count)
                elapsed = time.perf_counter() - started
                busy = time.process_time() - busy
        finally:
            for publisher in connections:
                publisher.close()
        return FanOut(
            publishes=sent, deliveries=tally.frames - base, seconds=elapsed, load_busy=busy / elapsed
        )

    async def beat(self, *, publishes: int, every_seconds: float) -> Latency:
        """Publish `publishes` times, one every so many seconds; 0: the next when the last is everywhere."""
        tally, count = self.tally, len(self.streams)
        publisher = await self._publisher()
        base = tally.frames
        tally.receipts_ns.clear()
        posts_ns: list[int] = []
        try:
            with quiet_collector():
                for done in range(publishes):
                    async with asyncio.timeout(every_seconds + 30):
                        pause = asyncio.create_task(asyncio.sleep(every_seconds))
                        sent_at_ns = time.perf_counter_ns()
                        await publisher.publish(self.wire.publish(stamped(sent_at_ns)))
                        posts_ns.append(time.perf_counter_ns() - sent_at_ns)
                        await tally.reach(base + (done + 1) * count)
                        await pause
        finally:
            publisher.close()
        return Latency(posts_ns=sorted(posts_ns), receipts_ns=sorted(tally.receipts_ns))

    async def _publisher(self) -> Publisher:
        return await Publisher.connect(self.wire.host, self.wire.port)


@contextlib.contextmanager
def first_error() -> Iterator[None]:
    """Raise the first of a group of errors alone: what one stream says, all would say."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


@contextlib.contextmanager
def quiet_collector() -> Iterator[None]:
    """Keep the garbage collector from walking the streams in the middle of a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
