"""Instance measurements: what several workers and several instances cost; one function per set-up."""

from __future__ import annotations

import asyncio
import time

from bench import instances
from bench.cpu_usage import ServerCpu, measure_undisturbed
from bench.post_load import PostResults, post_concurrently
from bench.size import Size
from bench.stream_measurements import Values, measure_throughput, open_streams
from bench.write_measurements import CONCURRENCY, WARM_UP_SECONDS, message_requests
from lumen_notify.load_test.load import Load, gc_disabled, percentile
from lumen_notify.load_test.protocol import stamped_content
from lumen_notify.load_test.publisher import Publisher

PUBLISHES_PER_SECOND = 50
WARM_UP_PUBLISHES = 10


async def workers(name: str, size: Size) -> Values:
    """Memory and deliveries of all workers together, with one publisher to everyone."""
    async with instances.start(name, size) as started:
        (server,) = started.servers
        load = Load(server.protocol())
        values = await open_streams(load, server.process, size.wide)
        return values | await measure_throughput(load, server.process, 1, size, started.database_pid)


async def across(name: str, size: Size) -> Values:
    """Latency from a publish to one instance, and from its response, to the receipt at another instance."""
    async with instances.start(name, size) as started:
        first, second = started.servers
        load = Load(second.protocol())
        await load.open(1, sample_every=1)
        publisher = await Publisher.connect(first.protocol().host, first.process.port)
        protocol = first.protocol()

        async def publish(number: int) -> Values:
            counter = load.counter
            counter.receipts_ns.clear()
            goal = counter.frames + number
            responses_ns: list[int] = []
            due = time.perf_counter()
            with gc_disabled():
                for _ in range(number):
                    await asyncio.sleep(due - time.perf_counter())
                    due += 1 / PUBLISHES_PER_SECOND
                    sent_at_ns = time.perf_counter_ns()
                    await publisher.publish(protocol.publish_request(stamped_content(sent_at_ns)))
                    responses_ns.append(time.perf_counter_ns() - sent_at_ns)
                async with asyncio.timeout(30):
                    await counter.wait_for(goal)
            # Both are in the order of the publishes: there is one publisher and one stream.
            receipts_ns = list(counter.receipts_ns)
            after_ns = sorted(
                max(0, receipt - response)
                for receipt, response in zip(receipts_ns, responses_ns, strict=True)
            )
            receipts_ns.sort()
            return {
                "commit_to_receipt_p50_ms": percentile(after_ns, 0.5) / 1e6,
                "commit_to_receipt_p99_ms": percentile(after_ns, 0.99) / 1e6,
                "receipt_p50_ms": percentile(receipts_ns, 0.5) / 1e6,
                "receipt_p99_ms": percentile(receipts_ns, 0.99) / 1e6,
            }

        await publish(WARM_UP_PUBLISHES)
        publishes = max(1, round(2 * size.seconds * PUBLISHES_PER_SECOND))
        values = await measure_undisturbed(
            started, size, lambda: publish(publishes), database=started.database_pid
        )
        publisher.close()
        load.close()
        return values


async def send_to_instances(name: str, size: Size) -> Values:
    """Send messages to rooms, to all instances at once, with the same number of connections in all."""
    async with instances.start(name, size) as started:
        protocols = [server.protocol() for server in started.servers]
        requests = await message_requests(protocols[0])

        async def post(seconds: float) -> list[PostResults]:
            return await asyncio.gather(
                *(
                    post_concurrently(
                        protocol.host,
                        protocol.port,
                        requests,
                        connections=CONCURRENCY // len(protocols),
                        seconds=seconds,
                    )
                    for protocol in protocols
                )
            )

        async def write() -> Values:
            cpu = ServerCpu(started)
            results = await post(size.seconds)
            latencies_ns = sorted(one for result in results for one in result.latencies_ns)
            return {
                "writes_per_second": sum(result.per_second for result in results),
                "write_cpu_us": cpu.us_per(len(latencies_ns)),
                "write_p99_ms": percentile(latencies_ns, 0.99) / 1e6,
            }

        await post(WARM_UP_SECONDS)
        return await measure_undisturbed(started, size, write, database=started.database_pid)
