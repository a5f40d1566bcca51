import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.bare import Bare
from bench.post_load import PostResults, post_concurrently
from lumen_notify.load_test.protocol import LumenProtocol
from lumen_notify.load_test.publisher import PublishFailed

SECRET = "a secret of at least thirty-two bytes"


@asynccontextmanager
async def bare_server() -> AsyncIterator[LumenProtocol]:
    server = await asyncio.get_running_loop().create_server(lambda: Bare(set()), "127.0.0.1", 0)
    async with server:
        yield LumenProtocol("127.0.0.1", server.sockets[0].getsockname()[1], secret=SECRET)


async def test_every_connection_posts_until_the_time_is_over() -> None:
    async with bare_server() as protocol:
        requests = [protocol.publish_request("one"), protocol.publish_request("two")]
        posts = await post_concurrently(protocol.host, protocol.port, requests, connections=3, seconds=0.1)
    assert len(posts.latencies_ns) >= 3
    assert posts.latencies_ns == sorted(posts.latencies_ns)
    assert posts.seconds >= 0.1


class Refusing(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")


async def test_the_first_request_that_is_refused_ends_it() -> None:
    async with await asyncio.get_running_loop().create_server(Refusing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PublishFailed, match="401"):
            await post_concurrently("127.0.0.1", port, [b"POST / HTTP/1.1\r\n\r\n"], connections=2, seconds=5)


def test_a_rate_is_all_answers_over_the_time() -> None:
    posts = PostResults(seconds=2.0, latencies_ns=[1_000_000, 2_000_000, 3_000_000, 4_000_000])
    assert posts.per_second == 2
    assert (posts.latency_ms(0.5), posts.latency_ms(0.99)) == (3, 4)
