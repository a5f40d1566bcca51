import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from bench.bare import Bare
from lumen_notify.auth import mint
from lumen_notify.bench import run, survey
from lumen_notify.bench.process import free_port

SECRET = "a secret of at least thirty-two bytes"


@asynccontextmanager
async def no_stage(text: str, total: float) -> AsyncIterator[Callable[[int], None]]:
    yield lambda _: None


async def surveyed(url: str, **how: object) -> survey.Findings:
    asked = {"secret": None, "token": None, "streams": 20, "seconds": 0.2, "publishers": 2} | how
    return await survey.survey(url, on_stage=no_stage, **asked)  # type: ignore[arg-type]


@pytest.mark.slow
async def test_a_running_server_is_measured_by_its_secret_or_a_token() -> None:
    streams: set[Bare] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Bare(streams), "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for how in ({"secret": SECRET}, {"token": mint(SECRET, "bob", ttl_seconds=60)}):
            found = await surveyed(url, **how)
            assert found.streams == 20
            assert found.single.deliveries == found.single.publishes * 20 > 0
            assert found.several.deliveries == found.several.publishes * 20 > 0
            assert found.latency.receipts_ns


def test_a_running_server_only_reaches_users_of_the_bench() -> None:
    wire = survey._running("http://127.0.0.1:8000/notify/api/v1", SECRET, None, 25)
    assert wire.to == {"users": ["bench-0", "bench-1", "bench-2"]}
    assert wire.user(24) == "bench-2"
    assert wire.publish("x").startswith(b"POST /notify/api/v1/notifications HTTP/1.1\r\n")


def test_a_token_reaches_its_own_user_alone() -> None:
    token = mint(SECRET, "bob", ttl_seconds=60, scopes=("notify:publish",))
    wire = survey._running("http://127.0.0.1:8000", None, token, 10)
    assert wire.to == {"user": "bob"}
    assert wire.token(3) == token


@pytest.mark.parametrize(
    ("url", "how", "said"),
    [
        ("https://example.com", {"secret": SECRET}, "http:// address"),
        ("http://127.0.0.1:1", {}, "secret"),
        ("http://127.0.0.1:1", {"token": "x"}, "no JWT"),
        ("http://127.0.0.1:1", {"secret": SECRET, "streams": 10_001}, "at most 10,000"),
        (f"http://127.0.0.1:{free_port()}", {"secret": SECRET}, "onnect"),
    ],
    ids=["https", "no secret", "no token", "too many", "nobody there"],
)
def test_what_cannot_be_measured_is_said_in_a_line(url: str, how: dict[str, object], said: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    assert run(url, console=console, seconds=0.1, **how) == 1  # type: ignore[arg-type]
    assert said in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.server
def test_a_server_of_its_own_is_started_and_measured(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    assert run(streams=50, seconds=0.3, publishers=2, console=console) == 0
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "deliveries a second, 2 publishers at once" in said
    assert "publish to received" in said
