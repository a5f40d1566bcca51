"""A database that is restored from an older copy, under a running server and at a restart.

The copy is made and put back as an administrator does: for SQLite by its backup interface (or the file is
replaced while the server is stopped), for PostgreSQL with the files of a server that is stopped.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from clients import SECRET, Api, EventStream, Refusal
from conftest import StartServer
from servers import PostgreSQL, RunningServer, temporary

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(240)]


class Restorable(ABC):
    """A database with one copy."""

    url: str

    @abstractmethod
    def copy(self) -> None:
        """Copy the database."""

    @abstractmethod
    def restore(self) -> None:
        """Bring the database back to the copy."""


class RestorableFile(Restorable):
    """A SQLite file."""

    def __init__(self, folder: Path) -> None:
        self._path, self._copy = folder / "live.db", folder / "copy.db"
        self.url = f"sqlite:///{self._path}"

    def copy(self) -> None:
        self._backup(self._path, self._copy)

    def restore(self) -> None:
        self._backup(self._copy, self._path)

    def replace(self) -> None:
        """Put the copy in the place of the file, whoever has it open."""
        self._copy.replace(self._path)
        for suffix in ("-wal", "-shm"):  # they belong to the old one
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _backup(self, source: Path, target: Path) -> None:
        with (
            contextlib.closing(sqlite3.connect(source)) as read,
            contextlib.closing(sqlite3.connect(target, timeout=30)) as written,
        ):
            read.backup(written)


class RestorableServer(Restorable):
    """A PostgreSQL whose files are replaced while it is stopped."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._data, self._copy = server.folder / "pgdata", server.folder / "copy"
        self.url = server.create_database()

    def copy(self) -> None:
        self._server.stop()
        self._run("cp", "-a", str(self._data), str(self._copy))
        self._server.start()

    def restore(self) -> None:
        self._server.stop()
        shutil.rmtree(self._data)
        self._run("mv", str(self._copy), str(self._data))
        self._server.start()

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def restorable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Restorable]:
    if request.param == "sqlite":
        yield RestorableFile(tmp_path)
        return
    with temporary(PostgreSQL()) as server:
        yield RestorableServer(server)


async def publish(api: Api, *contents: str) -> None:
    for content in contents:
        await api.post("", {"to": {"user": "ann"}, "category": "like", "content": content})


def server_on(start_server: StartServer, restorable: Restorable) -> RunningServer:
    return start_server(database_url=restorable.url, LUMEN_JWT_SECRET=SECRET)


async def reset_reason(url: str, api: Api, cursor: str) -> tuple[str, int]:
    """Resume from a cursor that cannot be served; return the reason and the count."""
    stream = await EventStream.open(url, api.token, cursor=cursor)
    reset = await stream.wait_for_event("reset")
    assert not next(frame for frame in stream.frames if frame.event == "ready").data["recovered"]
    await stream.close()
    return reset.data["reason"], reset.data["unread_count"]


@pytest.mark.parametrize("has_gone_on", [False, True], ids=["shorter", "gone on"])
async def test_restored_database_is_noticed_by_a_running_server(
    start_server: StartServer, restorable: Restorable, has_gone_on: bool
) -> None:
    server = server_on(start_server, restorable)
    async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http:
        ann, app = Api(http, "ann"), Api(http, "app")
        await publish(app, "one", "two")
        stream = await EventStream.open(server.url, ann.token)
        early = (await stream.wait_for_event("ready")).id
        restorable.copy()
        await publish(app, "three", "four", "five")
        await stream.wait_for(lambda: stream.frames[-1].position == 5, what="three events")
        lost = stream.frames[-1].id
        assert early is not None
        assert lost is not None

        restorable.restore()
        if has_gone_on:
            await publish(app, "other", "others", "more", "much more")
        closing = await stream.wait_for_event("closing")
        assert closing.data == {"reason": "shutdown", "reconnect": True}
        await stream.close()

        expected = ("diverged", 6) if has_gone_on else ("ahead", 2)
        assert await reset_reason(server.url, ann, lost) == expected
        stream = await EventStream.open(server.url, ann.token, cursor=early)
        ready = await stream.wait_for_event("ready")
        assert ready.data["recovered"]
        assert ready.data["replayed"] == (4 if has_gone_on else 0)
        await publish(app, "new")
        await stream.wait_for(
            lambda: any((frame.data.get("data") or {}).get("content") == "new" for frame in stream.frames),
            what="what is published after it",
        )
        await stream.close()
    assert server.log().count("The log does not continue after") == 1


async def test_restored_database_is_noticed_at_a_restart(
    start_server: StartServer, restorable: Restorable
) -> None:
    server = server_on(start_server, restorable)
    async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http:
        ann, app = Api(http, "ann"), Api(http, "app")
        await publish(app, "one", "two")
        restorable.copy()
        await publish(app, "three", "four", "five")
        stream = await EventStream.open(server.url, ann.token)
        lost = (await stream.wait_for_event("ready")).id
        assert lost is not None
        await stream.close()
    server.stop()
    restorable.restore()
    server.start()
    async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http:
        ann, app = Api(http, "ann"), Api(http, "app")
        assert await reset_reason(server.url, ann, lost) == ("ahead", 2)
        await publish(app, "other", "others", "more", "much more")
        assert await reset_reason(server.url, ann, lost) == ("diverged", 6)


async def test_file_that_is_replaced_under_a_running_server_takes_no_more_writes(
    start_server: StartServer, tmp_path: Path
) -> None:
    """SQLite would go on with the old file, which is gone after a restart."""
    restorable = RestorableFile(tmp_path)
    server = server_on(start_server, restorable)
    async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http:
        ann, app = Api(http, "ann"), Api(http, "app")
        await publish(app, "one")
        restorable.copy()
        await publish(app, "two", "three")
        stream = await EventStream.open(server.url, ann.token)
        lost = (await stream.wait_for_event("ready")).id
        assert lost is not None
        await stream.close()
        restorable.replace()
        with pytest.raises(Refusal) as caught:
            await publish(app, "lost")
        assert (caught.value.status, caught.value.problem["code"]) == (503, "database_unavailable")
        assert (await http.get("/readyz")).status_code == 503
    server.stop()
    server.start()
    async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http:
        ann, app = Api(http, "ann"), Api(http, "app")
        assert await reset_reason(server.url, ann, lost) == ("ahead", 1)
        await publish(app, "new")
