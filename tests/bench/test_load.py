import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.bare import Bare
from lumen_notify.bench.load import Load, percentile, raise_file_limit
from lumen_notify.bench.publisher import Publisher, PublishFailed
from lumen_notify.bench.wire import LumenWire

SECRET = "a secret of at least thirty-two bytes"


@asynccontextmanager
async def bare_server() -> AsyncIterator[LumenWire]:
    streams: set[Bare] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Bare(streams), "127.0.0.1", 0)
    async with server:
        yield LumenWire("127.0.0.1", server.sockets[0].getsockname()[1], secret=SECRET)


@pytest.mark.parametrize("publishers", [1, 3])
async def test_every_stream_receives_every_publish(publishers: int) -> None:
    async with bare_server() as wire:
        load = Load(wire)
        await load.open(20)
        fan_out = await load.fan_out(publishers=publishers, seconds=30, publishes=12)
        assert fan_out.publishes == 12
        assert fan_out.deliveries == 12 * 20
        assert load.tally.lost == 0
        load.close()


async def test_latency_is_sampled_on_the_streams_asked_for() -> None:
    async with bare_server() as wire:
        load = Load(wire)
        await load.open(20, sample_every=5)
        latency = await load.beat(publishes=3, every_seconds=0)
        assert len(latency.posts_ns) == 3
        assert len(latency.receipts_ns) == 3 * 4
        assert latency.receipts_ns == sorted(latency.receipts_ns)
        assert min(latency.receipts_ns) > 0
        load.close()


async def test_a_refused_publish_raises() -> None:
    async with bare_server() as wire:
        publisher = await Publisher.connect(wire.host, wire.port)
        publisher.close()
        with pytest.raises(PublishFailed):
            await publisher.publish(wire.publish("x"))


def test_a_percentile_is_the_nearest_rank() -> None:
    assert percentile(range(1, 101), 0.5) == 51
    assert percentile(range(1, 101), 0.99) == 100
    assert percentile([7], 0.99) == 7


def test_as_many_files_as_are_free_are_promised() -> None:
    assert raise_file_limit(10) == 10
    assert 0 < raise_file_limit(10_000_000) <= 10_000_000
