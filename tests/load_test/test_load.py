import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.bare import Bare
from lumen_notify.load_test.load import Load, percentile, raise_file_limit
from lumen_notify.load_test.protocol import LumenProtocol
from lumen_notify.load_test.publisher import Publisher, PublishFailed

SECRET = "a secret of at least thirty-two bytes"


@asynccontextmanager
async def bare_server() -> AsyncIterator[LumenProtocol]:
    streams: set[Bare] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Bare(streams), "127.0.0.1", 0)
    async with server:
        yield LumenProtocol("127.0.0.1", server.sockets[0].getsockname()[1], secret=SECRET)


@pytest.mark.parametrize("publishers", [1, 3])
async def test_every_stream_receives_every_publish(publishers: int) -> None:
    async with bare_server() as protocol:
        load = Load(protocol)
        await load.open(20)
        throughput = await load.measure_throughput(publishers=publishers, seconds=30, publishes=12)
        assert throughput.publishes == 12
        assert throughput.deliveries == 12 * 20
        assert load.counter.lost == 0
        load.close()


async def test_latency_is_sampled_on_the_streams_asked_for() -> None:
    async with bare_server() as protocol:
        load = Load(protocol)
        await load.open(20, sample_every=5)
        latency = await load.measure_latency(publishes=3, every_seconds=0)
        assert len(latency.responses_ns) == 3
        assert len(latency.receipts_ns) == 3 * 4
        assert latency.receipts_ns == sorted(latency.receipts_ns)
        assert min(latency.receipts_ns) > 0
        load.close()


async def test_a_refused_publish_raises() -> None:
    async with bare_server() as protocol:
        publisher = await Publisher.connect(protocol.host, protocol.port)
        publisher.close()
        with pytest.raises(PublishFailed):
            await publisher.publish(protocol.publish_request("x"))


def test_a_percentile_is_the_nearest_rank() -> None:
    assert percentile(range(1, 101), 0.5) == 51
    assert percentile(range(1, 101), 0.99) == 100
    assert percentile([7], 0.99) == 7


def test_as_many_files_as_are_free_are_promised() -> None:
    assert raise_file_limit(10) == 10
    assert 0 < raise_file_limit(10_000_000) <= 10_000_000
