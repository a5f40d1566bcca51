"""Reload: an application starts again when its code changes, and its streams end cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from clients import SECRET, EventStream, token
from servers import RunningServer

from .conftest import RunCommand

APPLICATION = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from lumen_notify import Lumen

notify = Lumen()

async def version(request):
    return PlainTextResponse("one")

app = Starlette(
    routes=[Route("/healthz", version), Mount("/", notify.app)], lifespan=notify.lifespan
)
"""


class Reloading(RunningServer):
    """The application, served with --reload."""

    @property
    def command(self) -> list[str]:
        """What Python is called with."""
        return ["-m", "lumen_notify", "serve", "--app", "application:app", "--reload"]


@pytest.fixture
def server(tmp_path: Path, sqlite_url: str) -> Iterator[Reloading]:
    (tmp_path / "application.py").write_text(APPLICATION)
    server = Reloading(tmp_path, database_url=sqlite_url, environ={"LUMEN_JWT_SECRET": SECRET})
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.mark.server
@pytest.mark.slow
async def test_a_change_starts_the_application_again_and_ends_its_streams_cleanly(server: Reloading) -> None:
    stream = await EventStream.open(server.url, token("alice"))
    await stream.wait_for_event("ready")
    path = server.folder / "application.py"
    path.write_text(APPLICATION.replace('"one"', '"two"'))
    later = time.time() + 10
    os.utime(path, (later, later))  # as if it were written later: a clock may be coarse
    closing = await stream.wait_for_event("closing")
    assert closing.data["reason"] == "shutdown"
    await stream.wait_for_end()
    await stream.close()
    # The socket stays open, so the request waits for the new process.
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        assert (await http.get("/healthz")).text == "two"

    stream = await EventStream.open(server.url, token("alice"))
    await stream.wait_for_event("ready")
    for process in (*psutil.Process(server.process.pid).children(), server.process):
        process.send_signal(signal.SIGINT)  # as a terminal does at Ctrl-C
    await stream.wait_for_event("closing")
    await stream.close()
    assert await asyncio.to_thread(server.process.wait, 60) == 0


def test_reload_needs_an_application(run_command: RunCommand) -> None:
    done = run_command("serve", "--reload")
    assert done.returncode == 2
    assert "--reload needs --app." in done.stderr
