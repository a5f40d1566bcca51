"""Lumen inside other programs: it never keeps a process alive, whoever forgets to close it."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
import psutil
import pytest

from clients import NOTIFICATIONS, SECRET, EventStream, token
from lumen_notify.commit.database import Database
from servers import RunningServer

pytestmark = [pytest.mark.server, pytest.mark.slow]

SCRIPT = """
import asyncio
from lumen_notify import Lumen, Settings
from lumen_notify.settings import Secret

async def main():
    notify = Lumen(Settings(database_url={url!r}, jwt_secret=Secret({secret!r})))
    print((await notify.publish("alice", category="like", content="hi")).id)

asyncio.run(main())
"""

APPLICATION = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from lumen_notify import Lumen

notify = Lumen()

async def publish(request):
    content = "x" * int(request.query_params.get("size", 2))
    return PlainTextResponse((await notify.publish("alice", category="like", content=content)).id)

async def healthz(request):
    return PlainTextResponse("ok")

app = Starlette(routes=[Route("/healthz", healthz), Route("/publish", publish), Mount("/", notify.app)])
"""

WARNING = "Opened without a lifespan"


class PlainUvicorn(RunningServer):
    """An application that mounts Lumen without its lifespan, behind uvicorn as everybody starts it."""

    @property
    def command(self) -> list[str]:
        """What Python is called with."""
        return ["-m", "uvicorn", "application:app", "--port", str(self.port)]

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


class OurServer(PlainUvicorn):
    """The same application, behind `lumen-notify serve`."""

    @property
    def command(self) -> list[str]:
        """What Python is called with."""
        return ["-m", "lumen_notify", "serve", "--app", "application:app"]


@pytest.fixture(params=["30"], ids="ping={}".format)
def server(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[PlainUvicorn]:
    """Give the application, started. The parameter: seconds between pings, and between checks of a stream."""
    (tmp_path / "application.py").write_text(APPLICATION)
    environ = {
        "LUMEN_JWT_SECRET": SECRET,
        "LUMEN_PING_SECONDS": request.param,
        "LUMEN_DRAIN_SECONDS": "2",
        "LUMEN_MAX_BACKLOG_BYTES": "65536",
    }
    server = PlainUvicorn(tmp_path, database_url=sqlite_url, environ=environ)
    try:
        yield server.start()
    finally:
        server.kill()


async def test_script_that_publishes_and_never_closes_ends(database_url: str) -> None:
    script = SCRIPT.format(url=database_url, secret=SECRET)
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    database = Database(database_url)
    await database.open()
    try:
        ids = [row[0] for row in await database._writer.run_sql("SELECT id FROM lumen_notification")]
    finally:
        await database.close()
    assert ids == [ended.stdout.strip()]
    assert ended.stderr.count(WARNING) == 1


async def test_application_that_forgot_the_lifespan_ends_on_ctrl_c(server: PlainUvicorn) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        for _ in range(2):
            (await http.get("/publish")).raise_for_status()
        stream = await EventStream.open(server.url, token("alice"))
        await stream.wait_for_event("ready")
        await asyncio.to_thread(server.interrupt)
        await stream.close()
    assert server.log().count(WARNING) == 1


async def test_application_of_our_own_server_that_forgot_the_lifespan_ends_on_ctrl_c(
    tmp_path: Path, sqlite_url: str
) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    server = OurServer(tmp_path, database_url=sqlite_url, environ={"LUMEN_JWT_SECRET": SECRET})
    try:
        server.start()
        async with httpx.AsyncClient(base_url=server.url) as http:
            (await http.get("/publish")).raise_for_status()
        stream = await EventStream.open(server.url, token("alice"))
        await stream.wait_for_event("ready")
        await asyncio.to_thread(server.interrupt)
        await stream.close()
    finally:
        server.kill()
    assert server.process.returncode == 0
    assert server.log().count(WARNING) == 1


class Deaf:
    """A client that opens a stream and never reads."""

    def __init__(self, url: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = url.removeprefix("http://").split(":")
        self.socket.connect((host, int(port)))
        self.port = self.socket.getsockname()[1]
        path = f"{NOTIFICATIONS}/stream?token={token('alice')}"
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def is_connected_to(self, server: RunningServer) -> bool:
        """Whether the server still has a socket for it."""
        sockets = psutil.Process(server.process.pid).net_connections("tcp")
        return any(one.raddr and one.raddr.port == self.port for one in sockets)


async def ended(http: httpx.AsyncClient, reason: str) -> float:
    name = f'lumen_streams_ended_total{{reason="{reason}"}} '
    lines = (await http.get("/metrics")).text.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0.0)


async def flood(http: httpx.AsyncClient) -> None:
    """Publish so much that no buffer of the kernel holds it."""
    answers = await asyncio.gather(*(http.get("/publish?size=8000") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("server", ["3"], indirect=True)
async def test_client_that_never_reads_is_let_go(server: PlainUvicorn) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http, asyncio.timeout(120):
        with Deaf(server.url) as deaf:
            while not await ended(http, "slow"):
                await flood(http)
            while deaf.is_connected_to(server):  # noqa: ASYNC110 - another process is asked
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("server", ["300"], indirect=True)
async def test_client_that_never_reads_does_not_hold_up_the_end(server: PlainUvicorn) -> None:
    with Deaf(server.url) as deaf:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http, asyncio.timeout(120):
            while not await ended(http, "slow"):
                await flood(http)
            assert deaf.is_connected_to(server)
        await asyncio.to_thread(server.interrupt)
