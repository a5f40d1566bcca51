"""Outages of a database file: each is answered, logged once at its beginning and end, and seen by /readyz."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from clients import NOTIFICATIONS, SECRET, token
from lumen_notify.auth import PUBLISH
from servers import PostgreSQL, RunningServer, run_sql

pytestmark = [pytest.mark.server, pytest.mark.slow]

OUTAGE = 'lumen_outage{what="writes"}'

BODY = {"to": {"user": "alice"}, "category": "like", "content": "x" * 4000}

APPLICATION = """
from starlette.applications import Starlette
from starlette.routing import Mount
from lumen_notify import Lumen

notify = Lumen()
app = Starlette(routes=[Mount("/", notify.app)], lifespan=notify.lifespan)
"""

Breaking = Callable[[RunningServer, Path], AbstractContextManager[None]]


@contextlib.contextmanager
def full_disk(_server: RunningServer, folder: Path) -> Iterator[None]:
    """Fill the file system of a folder."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    yield
    filler.unlink()


@contextlib.contextmanager
def file_size_limit(server: RunningServer, _folder: Path) -> Iterator[None]:
    """Let no write of the server's process to a file pass."""
    process = psutil.Process(server.process.pid)
    _, hard = process.rlimit(resource.RLIMIT_FSIZE)
    process.rlimit(resource.RLIMIT_FSIZE, (0, hard))
    yield
    process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))


@contextlib.contextmanager
def locked_file(_server: RunningServer, folder: Path) -> Iterator[None]:
    """Hold the lock of a database in another process's place."""
    connection = sqlite3.connect(folder / "lumen.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a file system of 4 MiB. Skips where the test may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def publisher(server: RunningServer) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token('app', PUBLISH)}"}
    return httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60)


async def metric(http: httpx.AsyncClient, name: str) -> float:
    lines = (await http.get("/metrics")).text.splitlines()
    return next(float(line.removeprefix(name)) for line in lines if line.startswith(f"{name} "))


async def readiness(http: httpx.AsyncClient) -> tuple[int, Any]:
    answer = await http.get("/readyz")
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("breaking", "words", "code"),
    [
        (full_disk, "database or disk is full", "database_unavailable"),
        (file_size_limit, "disk I/O error", "database_unavailable"),
        (locked_file, "database is locked", "database_busy"),
    ],
)
async def test_outage_is_answered_logged_once_and_seen_by_readiness(
    start_server: Any, small_disk: Path, breaking: Breaking, words: str, code: str
) -> None:
    server = start_server(
        database_url=f"sqlite:///{small_disk / 'lumen.db'}",
        LUMEN_JWT_SECRET=SECRET,
    )
    async with publisher(server) as http:
        assert (await http.post(NOTIFICATIONS, json=BODY)).status_code == 201
        assert (await readiness(http))[0] == 200
        with breaking(server, small_disk):
            answer = await http.post(NOTIFICATIONS, json=BODY)
            assert (answer.status_code, answer.json()["code"]) == (503, code)
            answer = await http.post(NOTIFICATIONS, json=BODY)
            assert (answer.status_code, answer.json()["code"]) == (503, code)
            assert await metric(http, OUTAGE) == 1
            status, problem = await readiness(http)
            assert status == 503
            assert code == "database_busy" or words in problem["detail"]
        await eventually_ready(http)
        assert (await http.post(NOTIFICATIONS, json=BODY)).status_code == 201
        assert await metric(http, OUTAGE) == 0
        counts = await http.get(
            f"{NOTIFICATIONS}/counts", headers={"authorization": f"Bearer {token('alice')}"}
        )
    assert counts.json()["unread_count"] == 2, "nothing of the refused ones was written"
    log = server.log()
    if breaking is not file_size_limit:  # it is a limit for the file with the log, too
        assert log.count(f"writes: failing: {words}") == log.count("writes: failing") == 1, log
    assert log.count("writes: working again after") == 1, log


def serve(database_url: str) -> subprocess.CompletedProcess[str]:
    """Run a server that is expected not to start."""
    return subprocess.run(
        [sys.executable, "-m", "lumen_notify", "serve"],
        env={**os.environ, "LUMEN_DATABASE_URL": database_url, "LUMEN_JWT_SECRET": SECRET, "LUMEN_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_read_only_server_is_answered_logged_once_and_seen_by_readiness(
    start_server: Any, postgresql: PostgreSQL
) -> None:
    def set_read_only(value: str) -> None:
        run_sql(postgresql.url(), f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        postgresql.reload()

    url = postgresql.create_database()
    server = start_server(database_url=url, LUMEN_JWT_SECRET=SECRET)
    async with publisher(server) as http:
        set_read_only("on")

        async def is_refused() -> bool:
            answer = await http.post(NOTIFICATIONS, json=BODY)
            return (answer.status_code, answer.json().get("code")) == (503, "database_unavailable")

        await until(is_refused)
        assert (await readiness(http))[0] == 503
        assert await metric(http, OUTAGE) == 1
        listed = await http.get(NOTIFICATIONS)
        assert listed.status_code == 200, "reads go on"
        done = await asyncio.to_thread(serve, url)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("lumen-notify: PostgreSQL at the socket")
        assert "takes no writes" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        set_read_only("off")
        await eventually_ready(http)
        assert (await http.post(NOTIFICATIONS, json=BODY)).status_code == 201
    # Of the first statement that failed, of any of the writers.
    failures = re.findall(r"writes: failing: (.*?)\"", server.log())
    assert len(failures) == 1
    assert re.fullmatch(r"cannot execute [A-Z ]+ in a read-only transaction", failures[0]), failures
    assert server.log().count("writes: working again after") == 1


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Ask until the answer is yes."""
    async with asyncio.timeout(60):
        while not await is_so():  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(0.1)


async def eventually_ready(http: httpx.AsyncClient) -> None:
    """Ask for readiness until it is there: the result of a write counts for some seconds."""

    async def is_ready() -> bool:
        return (await readiness(http))[0] == 200

    await until(is_ready)


async def test_readiness_alone_notices_a_write_that_cannot_pass(start_server: Any, sqlite_url: str) -> None:
    server = start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET)
    async with publisher(server) as http:
        with file_size_limit(server, Path()):

            async def is_not_ready() -> bool:
                return (await readiness(http))[0] == 503

            await until(is_not_ready)
        await eventually_ready(http)


def test_read_only_disk_is_told_at_the_start_in_one_line(sqlite_url: str, small_disk: Path) -> None:
    shutil.copy(sqlite_url.removeprefix("sqlite:///"), small_disk / "lumen.db")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = serve(f"sqlite:///{small_disk / 'lumen.db'}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        f"lumen-notify: {small_disk} is on a read-only file system."
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--app", "application:app")], ids=["alone", "mounted"])
async def test_sigterm_while_the_file_is_locked_answers_the_writes_that_wait(
    start_server: Any, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "application.py").write_text(APPLICATION)
    server = start_server(
        *arguments,
        database_url=f"sqlite:///{tmp_path / 'lumen.db'}",
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_DRAIN_SECONDS="4",
    )
    async with publisher(server) as http:
        with locked_file(server, tmp_path):
            posts = [asyncio.create_task(http.post(NOTIFICATIONS, json=BODY)) for _ in range(5)]

            async def writes_wait() -> bool:
                return await metric(http, "lumen_longest_wait_seconds") > 0

            await until(writes_wait)
            began_at = time.monotonic()
            status = await asyncio.to_thread(server.stop, within_seconds=60)
            seconds = time.monotonic() - began_at
            answers = await asyncio.gather(*posts)
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(503, "draining")}
    assert status == 0
    assert seconds < 4 + 5, "the drain time, and what a busy machine takes"
    connection = sqlite3.connect(tmp_path / "lumen.db")
    assert connection.execute("SELECT count(*) FROM lumen_event").fetchone() == (0,)
    connection.close()
