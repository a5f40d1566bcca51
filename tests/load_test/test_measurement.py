import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bench.bare import Bare
from lumen_notify.auth import mint
from lumen_notify.load_test import measurement

SECRET = "a secret of at least thirty-two bytes"


@asynccontextmanager
async def no_stage(text: str, total: float) -> AsyncIterator[Callable[[int], None]]:
    yield lambda _: None


async def measure(url: str, **options: object) -> measurement.Measurement:
    arguments = {"secret": None, "token": None, "streams": 20, "seconds": 0.2, "publishers": 2} | options
    return await measurement.measure(url, on_stage=no_stage, **arguments)  # type: ignore[arg-type]


async def test_a_running_server_is_measured_by_its_secret_or_a_token() -> None:
    streams: set[Bare] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Bare(streams), "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for options in ({"secret": SECRET}, {"token": mint(SECRET, "bob", ttl_seconds=60)}):
            measured = await measure(url, **options)
            assert measured.streams == 20
            assert measured.single.deliveries == measured.single.publishes * 20 > 0
            assert measured.several.deliveries == measured.several.publishes * 20 > 0
            assert measured.latency.receipts_ns


def test_a_running_server_only_publishes_to_users_of_the_load() -> None:
    protocol = measurement._protocol("http://127.0.0.1:8000/notify/api/v1", SECRET, None, 25)
    assert protocol.to == {"users": ["bench-0", "bench-1", "bench-2"]}
    assert protocol.user(24) == "bench-2"
    assert protocol.publish_request("x").startswith(b"POST /notify/api/v1/notifications HTTP/1.1\r\n")


def test_a_token_only_publishes_to_its_own_user() -> None:
    token = mint(SECRET, "bob", ttl_seconds=60, scopes=("notify:publish",))
    protocol = measurement._protocol("http://127.0.0.1:8000", None, token, 10)
    assert protocol.to == {"user": "bob"}
    assert protocol.token(3) == token
