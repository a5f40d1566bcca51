"""Workers: several processes of one server (`serve --workers`), which publish, stream, die and are replaced.

The rules of the parent are in `tests/cli/workers`, with fake workers. Here, real ones serve.
"""

from __future__ import annotations

import asyncio
import re
import signal
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from cryptography import x509

from certificates import make_certificate
from clients import SECRET, Api, EventStream, eventually, token
from conftest import StartServer
from servers import RunningServer, wait_until

from .crowd import figures
from .test_crashes import living

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.postgresql, pytest.mark.timeout(300)]

WITHIN_SECONDS = 90.0

APPLICATION = """
from starlette.applications import Starlette
from starlette.routing import Mount
from lumen_notify import Lumen

notify = Lumen()
app = Starlette(routes=[Mount("/", notify.app)], lifespan=notify.lifespan)
"""


def start(start_server: StartServer, url: str, *arguments: str, workers: int = 2) -> RunningServer:
    """Start a server; return it once all of its workers serve."""
    server = start_server(
        "--workers",
        str(workers),
        *arguments,
        database_url=url,
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_DRAIN_SECONDS="20",
        LUMEN_COUNT_SAMPLE_SECONDS="0.05",
    )
    wait_until(lambda: "serving at" in server.log(), within_seconds=WITHIN_SECONDS, what="all workers")
    return server


def workers_of(server: RunningServer) -> list[psutil.Process]:
    return list(psutil.Process(server.process.pid).children())


def counters(server: RunningServer) -> dict[str, float]:
    return {
        name: value
        for name, value in figures(server).items()
        if re.search(r"_total|_count|_bucket|_sum", name)
    }


async def open_on_all_workers(server: RunningServer, user: str, workers: int) -> list[EventStream]:
    """Open streams of a user until each worker has some."""
    streams: list[EventStream] = []
    while not streams or figures(server)["lumen_channels"] < workers:  # a user counts once on each worker
        streams += [await EventStream.open(server.url, token(user)) for _ in range(3)]
        assert len(streams) < 60
    return streams


@asynccontextmanager
async def connecting(server: RunningServer) -> AsyncIterator[list[float]]:
    """Ask on a new connection every 20 ms. Gives the seconds of each answer; raises if one failed."""
    seconds: list[float] = []
    host, port = "127.0.0.1", server.port

    async def one() -> None:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert (await asyncio.wait_for(reader.read(), WITHIN_SECONDS)).startswith(b"HTTP/1.1 200 ")
        finally:
            writer.close()
        seconds.append(time.monotonic() - began)

    async def run(group: asyncio.TaskGroup) -> None:
        while True:
            group.create_task(one())
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(group))
        yield seconds
        task.cancel()


async def test_killed_and_replaced_workers_lose_nothing_and_refuse_no_connection(
    start_server: StartServer, postgresql_url: str
) -> None:
    server = start(start_server, postgresql_url)
    async with living(server) as life:
        await life.publish_more(20)
        before = counters(server)
        workers_of(server)[0].kill()
        await life.until(lambda: server.log().count(" is ready: ") == 3, "a new worker")
        await life.publish_more(20)
        after = counters(server)
        assert all(after[name] >= value for name, value in before.items()), "counters never go back"

        old = {process.pid for process in workers_of(server)}
        async with connecting(server) as answered:
            await asyncio.sleep(0)
            server.process.send_signal(signal.SIGHUP)
            await life.until(lambda: "replaced 2 workers" in server.log(), "new workers")
            await life.publish_more(20)
        assert len(answered) > 50
        assert not old & {process.pid for process in workers_of(server)}
        assert all(reader.connects >= 2 for reader in life.readers)
    assert "Traceback" not in server.log()


async def test_workers_deliver_what_any_of_them_commits_answer_for_all_and_drain_together(
    start_server: StartServer, postgresql_url: str
) -> None:
    server = start(start_server, postgresql_url, workers=3)
    streams = await open_on_all_workers(server, "ann", workers=3)
    for number in range(12):  # each on a connection of its own, and so on any worker
        async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
            await Api(http, "bob").post(
                "", {"to": {"user": "ann"}, "category": "like", "content": str(number)}
            )
    for stream in streams:
        await stream.wait_for_event("message", 12)
        frames = [frame for frame in stream.frames if frame.event == "message"]
        assert [frame.data["data"]["content"] for frame in frames] == [str(number) for number in range(12)]
        assert [frame.data["unread_count"] for frame in frames] == list(range(1, 13))

    for _ in range(6):
        found = figures(server)
        assert found["lumen_workers_answering"] == 3
        assert found["lumen_streams"] == len(streams)
        assert found["lumen_channels"] == 3
        assert found["lumen_deliveries_total"] == 3 * 12
        assert found["lumen_position"] == 12
        assert found['lumen_events_committed_total{kind="notification"}'] == 12
        assert found['lumen_streams_by_device{device="unknown"}'] == len(streams)
        assert found["lumen_commit_to_write_seconds_count"] >= 1

    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    for process in workers_of(server):
        process.send_signal(signal.SIGTERM)  # as systemd does by default
    for stream in streams:
        closing = await stream.wait_for_event("closing")
        assert closing.data == {"reason": "shutdown", "reconnect": True}
        await stream.wait_for_end()
        assert stream.is_whole
        await stream.close()
    assert await asyncio.to_thread(server.process.wait, WITHIN_SECONDS) == 0
    assert time.monotonic() - began < 20
    assert "Traceback" not in server.log()
    lines = server.log().splitlines()
    assert {one for line in lines for one in re.findall(r" logger=\S+ worker=(\d+) msg=", line)} == {
        "1",
        "2",
        "3",
    }
    assert any(" logger=lumen_notify.workers msg=" in line for line in lines), "the parent has no number"


async def test_workers_end_when_their_parent_is_killed(
    start_server: StartServer, postgresql_url: str, tmp_path: Path
) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "application.py").write_text(APPLICATION)
    server = start(start_server, postgresql_url, "--app", "application:app")
    streams = await open_on_all_workers(server, "ann", workers=2)
    workers = workers_of(server)
    server.process.kill()  # not `server.kill`, which ends its children too
    await asyncio.to_thread(server.process.wait)
    for stream in streams:
        await stream.wait_for_event("closing")
        await stream.close()
    await eventually(
        lambda: not any(process.is_running() and process.status() != "zombie" for process in workers),
        what="the end of the workers",
        within_seconds=WITHIN_SECONDS,
    )
    server.start()  # the port is free


def test_an_application_on_sqlite_is_refused_in_one_line(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    server = RunningServer(
        tmp_path,
        database_url=sqlite_url,
        environ={"LUMEN_JWT_SECRET": SECRET},
        arguments=["--workers", "2", "--app", "application:app"],
    )
    with server.log_path.open("ab") as log:
        assert server._spawn(log.fileno()).wait(WITHIN_SECONDS) == 2
    assert server.log().splitlines()[-1].startswith("--workers: is 2, but SQLite serves one process")


def test_replaced_workers_have_the_renewed_certificate(
    start_server: StartServer, postgresql_url: str, tmp_path: Path
) -> None:
    first = make_certificate(tmp_path)
    server = start(start_server, postgresql_url, *first.arguments)

    def certificates() -> set[int]:
        found = [ssl.get_server_certificate(("127.0.0.1", server.port)) for _ in range(8)]
        return {x509.load_pem_x509_certificate(one.encode()).serial_number for one in found}

    assert certificates() == {first.serial}
    second = make_certificate(tmp_path)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "replaced 2" in server.log(), within_seconds=WITHIN_SECONDS, what="new workers")
    assert certificates() == {second.serial}
    make_certificate(tmp_path, begins_in_days=-2, ends_in_days=-1)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "was not replaced" in server.log(), within_seconds=WITHIN_SECONDS, what="the problem")
    assert "has expired" in server.log()
    assert certificates() == {second.serial}
