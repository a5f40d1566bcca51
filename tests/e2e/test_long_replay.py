"""A client that has missed thousands of events catches up: by HTTP, the library and the command line. What
cannot be served is answered by `reset`, which says why."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from clients import SECRET, Api, EventStream, position_of
from conftest import StartServer
from lumen_notify.client import CaughtUpFrame, Client, NotificationFrame, ReadyFrame
from servers import RunningServer, wait_until

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(240)]

NUMBER = 3000
MOST = 2500
"""The longest replay."""

MISSED = NUMBER - 1000
"""A long one."""


@contextlib.asynccontextmanager
async def busy_server(start_server: StartServer, url: str, **environ: str) -> AsyncIterator[RunningServer]:
    """Start a server on which NUMBER notifications were published to ann."""
    server = start_server(
        database_url=url,
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_MAX_REPLAY_EVENTS=str(MOST),
        LUMEN_REPLAY_EVENTS="300",
        **environ,
    )
    async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http:
        for begin in range(0, NUMBER, 500):
            await Api(http, "app").post(
                "",
                [
                    {"to": {"user": "ann"}, "category": "like", "content": str(number)}
                    for number in range(begin, begin + 500)
                ],
            )
        yield server


async def cursor_of(server: RunningServer, api: Api) -> str:
    """Return the newest cursor."""
    stream = await EventStream.open(server.url, api.token)
    cursor = (await stream.wait_for_event("ready")).id
    await stream.close()
    assert cursor is not None
    return cursor


async def reset_reason(server: RunningServer, api: Api, cursor: str) -> str:
    stream = await EventStream.open(server.url, api.token, cursor=cursor)
    ready = await stream.wait_for_event("ready")
    reset = await stream.wait_for_event("reset")
    assert (ready.data["recovered"], ready.data["replayed"], reset.id) == (False, 0, ready.id)
    await stream.close()
    return str(reset.data["reason"])


async def test_long_replay_reaches_http_the_library_and_the_command_line(
    start_server: StartServer, database_url: str, tmp_path: Path
) -> None:
    expected = [str(number) for number in range(NUMBER - MISSED, NUMBER)]
    async with (
        busy_server(start_server, database_url) as server,
        httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http,
    ):
        ann = Api(http, "ann")
        epoch = (await cursor_of(server, ann)).split("-")[0]
        since = f"{epoch}-{NUMBER - MISSED}"

        stream = await EventStream.open(server.url, ann.token, cursor=since)
        caught_up = await stream.wait_for_event("caught_up")
        missed = [frame for frame in stream.frames if frame.event == "message"]
        assert [frame.data["data"]["content"] for frame in missed] == expected
        assert (caught_up.data["replayed"], caught_up.data["unread_count"]) == (MISSED, NUMBER)
        await stream.close()

        path = tmp_path / "tail.txt"
        command = (sys.executable, "-m", "lumen_notify", "tail", "ann", "--since", since)
        environ = {**os.environ, "LUMEN_PORT": str(server.port), "LUMEN_JWT_SECRET": SECRET}
        with path.open("wb") as output:
            tail = await asyncio.create_subprocess_exec(*command, stdout=output, env=environ)
            last = f"caught up, {MISSED} replayed: {NUMBER} unread"
            wait_until(lambda: last in path.read_text(), within_seconds=60, what="tail to catch up")
            tail.send_signal(signal.SIGINT)
            await tail.wait()
        assert path.read_text().count("like") == MISSED

        # The client blocks, and the server is another process.
        contents: list[str] = []
        with Client(server.url, token=ann.token) as client, client.stream(cursor=since) as frames:
            for frame in frames:
                if isinstance(frame, ReadyFrame):
                    assert (frame.recovered, frame.replayed) == (True, None)
                if isinstance(frame, NotificationFrame):
                    contents.append(frame.notification.content)
                if isinstance(frame, CaughtUpFrame):
                    break
            assert (contents, frame.data["replayed"]) == (expected, MISSED)
            assert frames.cursor == frame.cursor


async def test_each_reset_says_why(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    async with (
        busy_server(start_server, f"sqlite:///{path}") as server,
        httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http,
    ):
        ann = Api(http, "ann")
        newest = await cursor_of(server, ann)
        epoch, position = newest.split("-")[0], position_of(newest)
        assert await reset_reason(server, ann, f"other-{position}") == "epoch"
        assert await reset_reason(server, ann, f"{epoch}-{position + 1}") == "ahead"
        assert await reset_reason(server, ann, f"{epoch}-{position}-000000") == "diverged"
        assert await reset_reason(server, ann, f"{epoch}-10-000000") == "diverged"
        assert await reset_reason(server, ann, f"{epoch}-0") == "too_many"
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as database, database:
            database.execute("DELETE FROM lumen_event WHERE position < 2000")  # as retention does
            database.execute("UPDATE lumen_log_head SET floor = 2000")
        assert await reset_reason(server, ann, f"{epoch}-1999") == "trimmed"
        stream = await EventStream.open(server.url, ann.token, cursor=f"{epoch}-2000")
        assert (await stream.wait_for_event("caught_up")).data["replayed"] == NUMBER - 2000
        await stream.close()
