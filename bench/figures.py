"""Figures: what is measured, one function per set-up. Each starts one subject, measures, stops it.

A function returns a name -> value dict; the names are the keys of `report`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from bench import subjects
from bench.size import Size
from bench.watch import undisturbed
from lumen_notify.bench.load import Load, percentile
from lumen_notify.bench.process import Server
from lumen_notify.bench.publisher import Publisher
from lumen_notify.bench.wire import stamped

Values = Mapping[str, float]

WARM_UP_STREAMS = 100
WARM_UP_SECONDS = 0.5
SETTLE_SECONDS = 1.0
STORM_MISSED = 10
STORM_AT_ONCE = 2000
"""Connects on the way in a storm: below the 2,048 that a listening socket queues, past which the kernel drops
them and clients repeat a second later, whatever the server."""

DEVICES = 5
_ID = re.compile(rb"^id: (.+)$", re.MULTILINE)


async def wide(name: str, size: Size) -> Values:
    """Memory, deliveries and latency at 10,000 streams of as many users."""
    async with subjects.start(name, size) as (server, wire):
        load = Load(wire)
        values = await _open(load, server, size.wide)
        values |= await _fan_out(load, server, 1, size)
        if name != "nchan-own":
            values |= await _beat(load, server, size)
        _nothing_lost(load)
        return values


async def many(name: str, size: Size) -> Values:
    """Deliveries at 1,000 streams with 8 publishers at once."""
    async with subjects.start(name, size) as (server, wire):
        load = Load(wire)
        values = await _open(load, server, size.many)
        values |= await _fan_out(load, server, size.publishers, size)
        _nothing_lost(load)
        return values


async def storm(name: str, size: Size) -> Values:
    """All streams come back at once with a cursor, having missed a few notifications."""
    async with subjects.start(name, size) as (server, wire):
        load = Load(wire)
        await load.open(size.wide)
        publisher = await Publisher.connect(wire.host, wire.port)
        await publisher.publish(wire.publish(stamped(0)))
        await load.tally.reach(size.wide)
        found = _ID.search(await load.first_frame(0))
        assert found is not None, "the first frame carries no id"
        cursor = found[1].decode()
        for _missed in range(STORM_MISSED):
            await publisher.publish(wire.publish(stamped(0)))
        await load.tally.reach(size.wide * (1 + STORM_MISSED))
        publisher.close()

        async def come_back() -> Values:
            nonlocal load
            load = Load(wire)
            ready = await load.open(size.wide, cursor=cursor, at_once=STORM_AT_ONCE)
            async with asyncio.timeout(30):
                await load.tally.reach(size.wide * STORM_MISSED)
            return {"ready_seconds": ready}

        async def go_away() -> Values:
            load.close()
            await asyncio.sleep(SETTLE_SECONDS)
            return {}

        values = await undisturbed(server, size, come_back, prepare=go_away)
        await asyncio.sleep(SETTLE_SECONDS)
        _nothing_lost(load)
        values["surplus_frames"] = load.tally.frames - size.wide * STORM_MISSED
        return values


async def few(name: str, size: Size) -> Values:
    """One user on five devices: what a single publish takes, to its answer and to its receipt."""
    async with subjects.start(name, size, streams_per_user=DEVICES) as (server, wire):
        load = Load(wire)
        await load.open(DEVICES, sample_every=1)
        await load.beat(publishes=20, every_seconds=0)

        async def converse() -> Values:
            latency = await load.beat(publishes=size.messages, every_seconds=0)
            return {
                "post_p50_ms": percentile(latency.posts_ns, 0.5) / 1e6,
                "receipt_p50_ms": percentile(latency.receipts_ns, 0.5) / 1e6,
            }

        values = await undisturbed(server, size, converse)
        _nothing_lost(load)
        return values


async def _open(load: Load, server: Server, count: int) -> dict[str, float]:
    """Open the streams after a few others have come and gone, so that what is loaded once is not counted."""
    warm_up = Load(load.wire)
    await warm_up.open(WARM_UP_STREAMS)
    await warm_up.fan_out(publishers=1, seconds=1, publishes=3)
    warm_up.close()
    await asyncio.sleep(SETTLE_SECONDS)
    before = server.memory_bytes() or 0
    seconds = await load.open(count)
    await asyncio.sleep(SETTLE_SECONDS)
    after = server.memory_bytes() or 0
    return {"memory_bytes": (after - before) / count, "opened_per_second": count / seconds}


async def _fan_out(load: Load, server: Server, publishers: int, size: Size) -> dict[str, float]:
    await load.fan_out(publishers=publishers, seconds=WARM_UP_SECONDS)

    async def deliver() -> Values:
        fan_out = await load.fan_out(publishers=publishers, seconds=size.seconds)
        return {"deliveries_per_second": fan_out.deliveries_per_second}

    return await undisturbed(server, size, deliver)


async def _beat(load: Load, server: Server, size: Size) -> dict[str, float]:
    async def listen() -> Values:
        latency = await load.beat(publishes=size.beats, every_seconds=1.0)
        return {
            "receipt_p50_ms": percentile(latency.receipts_ns, 0.5) / 1e6,
            "receipt_p99_ms": percentile(latency.receipts_ns, 0.99) / 1e6,
        }

    values = await undisturbed(server, size, listen)
    return {name: value for name, value in values.items() if name.startswith("receipt")} | {
        "others_busy_beat": values["others_busy"]
    }


def _nothing_lost(load: Load) -> None:
    if load.tally.lost:
        raise RuntimeError(f"{load.tally.lost} streams were closed by the server")
