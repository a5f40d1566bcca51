"""Posts: many connections that post at once, each its next request when its last was answered.

    posts = await post_at_once(host, port, requests, connections=64, seconds=5)
    posts.per_second, posts.p99_ms

Not here: what is posted (`writes`), one connection (`lumen_notify.bench.publisher`).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lumen_notify.bench.load import first_error, percentile, quiet_collector
from lumen_notify.bench.publisher import Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """What was answered 2xx. seconds: first request to last answer. latencies_ns: ascending, one each."""

    seconds: float
    latencies_ns: list[int] = field(repr=False)

    @property
    def per_second(self) -> float:
        """Answers per second, of all connections together."""
        return len(self.latencies_ns) / self.seconds

    def latency_ms(self, share: float) -> float:
        """Return the time within which `share` (0 to 1) of the requests were answered."""
        return percentile(self.latencies_ns, share) / 1e6


async def post_at_once(
    host: str, port: int, requests: Sequence[bytes], *, connections: int, seconds: float
) -> Posts:
    """Post with all connections for `seconds`; they take the requests in turn, and again from the first.

    Raises: PublishFailed, TimeoutError.
    """
    publishers = [await Publisher.connect(host, port) for _ in range(connections)]
    turns = itertools.cycle(requests)
    latencies_ns: list[int] = []
    try:
        with quiet_collector(), first_error():
            started = time.perf_counter()
            async with asyncio.timeout(seconds + 30), asyncio.TaskGroup() as group:
                for publisher in publishers:
                    group.create_task(_post_each(publisher, turns, started + seconds, latencies_ns))
            elapsed = time.perf_counter() - started
    finally:
        for publisher in publishers:
            publisher.close()
    return Posts(seconds=elapsed, latencies_ns=sorted(latencies_ns))


async def _post_each(
    publisher: Publisher, turns: Iterator[bytes], ends_at: float, latencies_ns: list[int]
) -> None:
    ends_at_ns = int(ends_at * 1e9)
    sent_at_ns = time.perf_counter_ns()
    while sent_at_ns < ends_at_ns:
        await publisher.publish(next(turns))
        answered_at_ns = time.perf_counter_ns()
        latencies_ns.append(answered_at_ns - sent_at_ns)
        sent_at_ns = answered_at_ns
