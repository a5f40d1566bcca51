"""Lumen inside other programs: it never keeps a process alive, whoever forgets to close it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from clients import SECRET, EventStream, token
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
    return PlainTextResponse((await notify.publish("alice", category="like", content="hi")).id)

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
        self.process.wait(15)


@pytest.fixture
def server(tmp_path: Path, sqlite_url: str) -> Iterator[PlainUvicorn]:
    """Give the application, started."""
    (tmp_path / "application.py").write_text(APPLICATION)
    server = PlainUvicorn(tmp_path, database_url=sqlite_url, environ={"LUMEN_JWT_SECRET": SECRET})
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
        ids = [row[0] for row in await database._writer.run_sql("SELECT id FROM notification")]
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
