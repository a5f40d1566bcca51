"""Stream measurements: one function per set-up. Each starts one server, measures it and stops it.

A function returns values by name; `page` uses the names.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from bench import compared_servers
from bench.cpu_usage import ServerCpu, measure_undisturbed
from bench.size import Size
from lumen_notify.load_test.load import Load, percentile
from lumen_notify.load_test.process import ServerProcess
from lumen_notify.load_test.protocol import stamped_content
from lumen_notify.load_test.publisher import Publisher

Values = Mapping[str, float]

WARM_UP_STREAMS = 100
WARM_UP_SECONDS = 0.5
SETTLE_SECONDS = 1.0
STORM_MISSED = 10
STORM_CONCURRENCY = 2000
"""Streams that open at the same time in a storm. Below the listen backlog of 2,048: beyond it the kernel
drops connects, which clients repeat a second later, whatever the server."""

DEVICES = 5
_ID = re.compile(rb"^id: (.+)$", re.MULTILINE)


async def wide(name: str, size: Size) -> Values:
    """Memory, deliveries and latency with 10,000 streams of 10,000 users."""
    async with compared_servers.start(name, size) as (server, protocol):
        load = Load(protocol)
        values = await open_streams(load, server, size.wide)
        values |= await measure_throughput(load, server, 1, size)
        if name != "nchan-own":
            values |= await _measure_latency(load, server, size)
        _check_nothing_lost(load)
        return values


async def many(name: str, size: Size) -> Values:
    """Deliveries with 1,000 streams and 8 concurrent publishers."""
    async with compared_servers.start(name, size) as (server, protocol):
        load = Load(protocol)
        values = await open_streams(load, server, size.many)
        values |= await measure_throughput(load, server, size.publishers, size)
        _check_nothing_lost(load)
        return values


async def storm(name: str, size: Size) -> Values:
    """All streams reconnect at once with a cursor, after missing a few notifications."""
    async with compared_servers.start(name, size) as (server, protocol):
        load = Load(protocol)
        await load.open(size.wide)
        publisher = await Publisher.connect(protocol.host, protocol.port)
        await publisher.publish(protocol.publish_request(stamped_content(0)))
        await load.counter.wait_for(size.wide)
        match = _ID.search(await load.first_frame(0))
        assert match is not None, "the first frame has no id"
        cursor = match[1].decode()
        for _missed in range(STORM_MISSED):
            await publisher.publish(protocol.publish_request(stamped_content(0)))
        await load.counter.wait_for(size.wide * (1 + STORM_MISSED))
        publisher.close()

        async def reconnect() -> Values:
            nonlocal load
            load = Load(protocol)
            cpu = ServerCpu(server)
            ready = await load.open(size.wide, cursor=cursor, concurrency=STORM_CONCURRENCY)
            async with asyncio.timeout(30):
                await load.counter.wait_for(size.wide * STORM_MISSED)
            return {"ready_seconds": ready, "reconnect_cpu_us": cpu.us_per(size.wide)}

        async def disconnect() -> Values:
            load.close()
            await asyncio.sleep(SETTLE_SECONDS)
            return {}

        values = await measure_undisturbed(server, size, reconnect, prepare=disconnect)
        await asyncio.sleep(SETTLE_SECONDS)
        _check_nothing_lost(load)
        values["surplus_frames"] = load.counter.frames - size.wide * STORM_MISSED
        return values


async def few(name: str, size: Size) -> Values:
    """One user on five devices: the latency of single publishes, to the response and to the receipt."""
    async with compared_servers.start(name, size, streams_per_user=DEVICES) as (server, protocol):
        load = Load(protocol)
        await load.open(DEVICES, sample_every=1)
        await load.measure_latency(publishes=20, every_seconds=0)

        async def publish_sequentially() -> Values:
            latency = await load.measure_latency(publishes=size.messages, every_seconds=0)
            return {
                "post_p50_ms": percentile(latency.responses_ns, 0.5) / 1e6,
                "receipt_p50_ms": percentile(latency.receipts_ns, 0.5) / 1e6,
            }

        values = await measure_undisturbed(server, size, publish_sequentially)
        _check_nothing_lost(load)
        return values


async def open_streams(load: Load, server: ServerProcess, count: int) -> dict[str, float]:
    """Open the streams after a warm-up, so that memory that is allocated once is not counted."""
    warm_up = Load(load.protocol)
    await warm_up.open(WARM_UP_STREAMS)
    await warm_up.measure_throughput(publishers=1, seconds=1, publishes=3)
    warm_up.close()
    await asyncio.sleep(SETTLE_SECONDS)
    before = server.memory_bytes() or 0
    cpu = ServerCpu(server)
    seconds = await load.open(count)
    open_cpu_us = cpu.us_per(count)
    await asyncio.sleep(SETTLE_SECONDS)
    after = server.memory_bytes() or 0
    return {
        "memory_bytes": (after - before) / count,
        "opened_per_second": count / seconds,
        "open_cpu_us": open_cpu_us,
    }


async def measure_throughput(
    load: Load, server: ServerProcess, publishers: int, size: Size, database: int | None = None
) -> dict[str, float]:
    """Measure deliveries after a warm-up. database: the process id of the server's database, if any."""
    await load.measure_throughput(publishers=publishers, seconds=WARM_UP_SECONDS)

    async def deliver() -> Values:
        cpu = ServerCpu(server)
        throughput = await load.measure_throughput(publishers=publishers, seconds=size.seconds)
        return {
            "deliveries_per_second": throughput.deliveries_per_second,
            "delivery_cpu_us": cpu.us_per(throughput.deliveries),
        }

    return await measure_undisturbed(server, size, deliver, database=database)


async def _measure_latency(load: Load, server: ServerProcess, size: Size) -> dict[str, float]:
    async def publish_every_second() -> Values:
        latency = await load.measure_latency(publishes=size.latency_publishes, every_seconds=1.0)
        return {
            "receipt_p50_ms": percentile(latency.receipts_ns, 0.5) / 1e6,
            "receipt_p99_ms": percentile(latency.receipts_ns, 0.99) / 1e6,
        }

    values = await measure_undisturbed(server, size, publish_every_second)
    return {name: value for name, value in values.items() if name.startswith("receipt")} | {
        "others_busy_latency": values["others_busy"]
    }


def _check_nothing_lost(load: Load) -> None:
    if load.counter.lost:
        raise RuntimeError(f"The server closed {load.counter.lost} streams.")
