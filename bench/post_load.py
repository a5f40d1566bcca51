"""Post load: many connections that POST concurrently; each sends its next request after its last response.

    results = await post_concurrently(host, port, requests, connections=64, seconds=5)
    results.per_second, results.latency_ms(0.99)

Not here: the requests (`write_measurements`), one connection (`lumen_notify.load_test.publisher`).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lumen_notify.load_test.load import first_error, gc_disabled, percentile
from lumen_notify.load_test.publisher import Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResults:
    """The 2xx responses. seconds: first request to last response. latencies_ns: one per response,
    ascending."""

    seconds: float
    latencies_ns: list[int] = field(repr=False)

    @property
    def per_second(self) -> float:
        """Responses per second, of all connections together."""
        return len(self.latencies_ns) / self.seconds

    def latency_ms(self, share: float) -> float:
        """Return the latency percentile `share` (0 to 1)."""
        return percentile(self.latencies_ns, share) / 1e6


async def post_concurrently(
    host: str, port: int, requests: Sequence[bytes], *, connections: int, seconds: float
) -> PostResults:
    """Send the requests in rotation, over all connections, for `seconds`.

    Raises PublishFailed, TimeoutError.
    """
    publishers = [await Publisher.connect(host, port) for _ in range(connections)]
    rotation = itertools.cycle(requests)
    latencies_ns: list[int] = []
    try:
        with gc_disabled(), first_error():
            started = time.perf_counter()
            async with asyncio.timeout(seconds + 30), asyncio.TaskGroup() as group:
                for publisher in publishers:
                    group.create_task(_post_each(publisher, rotation, started + seconds, latencies_ns))
            elapsed = time.perf_counter() - started
    finally:
        for publisher in publishers:
            publisher.close()
    return PostResults(seconds=elapsed, latencies_ns=sorted(latencies_ns))


async def _post_each(
    publisher: Publisher, rotation: Iterator[bytes], ends_at: float, latencies_ns: list[int]
) -> None:
    ends_at_ns = int(ends_at * 1e9)
    sent_at_ns = time.perf_counter_ns()
    while sent_at_ns < ends_at_ns:
        await publisher.publish(next(rotation))
        responded_at_ns = time.perf_counter_ns()
        latencies_ns.append(responded_at_ns - sent_at_ns)
        sent_at_ns = responded_at_ns
