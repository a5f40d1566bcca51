"""A database that goes back under several instances: all of them notice, whatever they did meanwhile.

The database goes back in two ways: a base backup is put in its place, and a replica that lacks the newest
events is promoted and takes over its address.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from clients import SECRET, Api, EventStream, Refusal
from conftest import StartServer
from servers import PLAIN_ENVIRONMENT, PostgreSQL, RunningServer, as_somebody, postgresql_program, temporary

pytestmark = [
    pytest.mark.slow,
    pytest.mark.server,
    pytest.mark.postgresql,
    pytest.mark.timeout(240),
]

KEPT, LOST, NEW = ["kept 1", "kept 2"], ["lost 1", "lost 2", "lost 3"], ["new 1", "new 2", "new 3", "new 4"]


class Replaced:
    """A PostgreSQL that another one takes the place of. address: a link to the folder with the socket of the
    one that is reached. is_replica: whether the other one follows it until it is promoted."""

    def __init__(self, server: PostgreSQL, *, is_replica: bool) -> None:
        self._server = server
        self._other = PostgreSQL()
        self._is_replica = is_replica
        self.address = Path(f"{server.folder}-address")
        self._point_to(server)
        database = server.create_database()
        self.url = database.replace(f"host={server.folder}", f"host={self.address}")

    def copy(self) -> None:
        """Copy the database as it is now; a replica stops to follow it."""
        data = self._other.folder / "pgdata"
        command = ["pg_basebackup", "-h", str(self._server.folder), "-U", "postgres", "-D", str(data)]
        command += ["--checkpoint=fast", "--wal-method=stream", "--no-sync"]
        command += ["--write-recovery-conf"] if self._is_replica else []
        subprocess.run(
            [postgresql_program(command[0]), *command[1:]],
            check=True,
            cwd=self._other.folder,
            env=PLAIN_ENVIRONMENT,
            **as_somebody(),
        )
        if self._is_replica:
            self._other.start()
            self._other.stop()

    def replace(self) -> None:
        """Let the copy take over."""
        self._server.kill()
        self._other.start()
        if self._is_replica:
            data = str(self._other.folder / "pgdata")
            subprocess.run(
                [postgresql_program("pg_ctl"), "promote", "-w", "-D", data],
                check=True,
                cwd=self._other.folder,
                env=PLAIN_ENVIRONMENT,
                stdout=subprocess.DEVNULL,
                **as_somebody(),
            )
        self._point_to(self._other)

    def close(self) -> None:
        self._other.kill()
        shutil.rmtree(self._other.folder, ignore_errors=True)
        self.address.unlink()

    def _point_to(self, server: PostgreSQL) -> None:
        self.address.unlink(missing_ok=True)
        self.address.symlink_to(server.folder)


@pytest.fixture(params=[False, True], ids=["a base backup", "a promoted replica"])
def replaced(request: pytest.FixtureRequest) -> Iterator[Replaced]:
    with (
        temporary(PostgreSQL()) as server,
        contextlib.closing(Replaced(server, is_replica=request.param)) as replaced,
    ):
        yield replaced


class Instance:
    """A running server, with the requests of ann and of the application, and a stream of ann's."""

    def __init__(self, server: RunningServer, http: httpx.AsyncClient) -> None:
        self.server = server
        self.ann, self.app = Api(http, "ann"), Api(http, "app")
        self.stream: EventStream

    async def open_stream(self, cursor: str | None = None) -> None:
        self.stream = await EventStream.open(self.server.url, self.ann.token, cursor=cursor)

    async def publish(self, *contents: str) -> None:
        """Publish to ann; again while the database is away."""
        for content in contents:
            status = 503
            async with asyncio.timeout(60):
                while status == 503:
                    status = await self._publish(content)
            assert status == 201

    async def _publish(self, content: str) -> int:
        try:
            await self.app.post("", {"to": {"user": "ann"}, "category": "like", "content": content})
        except Refusal as refusal:
            await asyncio.sleep(0.1)
            return refusal.status
        return 201

    @property
    def contents(self) -> list[str]:
        """What the stream has got."""
        return [frame.data["data"]["content"] for frame in self.stream.frames if frame.event == "message"]

    async def got(self, contents: list[str]) -> None:
        await self.stream.wait_for(lambda: self.contents[-len(contents) :] == contents, what=f"{contents}")


@contextlib.asynccontextmanager
async def three_instances(start_server: StartServer, url: str) -> AsyncIterator[list[Instance]]:
    async with contextlib.AsyncExitStack() as stack:
        instances = []
        for _ in range(3):
            server = start_server(database_url=url, LUMEN_JWT_SECRET=SECRET)
            http = httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False)
            instances.append(Instance(server, await stack.enter_async_context(http)))
        yield instances
        for instance in instances:
            await instance.stream.close()


async def test_all_instances_notice_that_the_database_went_back(
    start_server: StartServer, replaced: Replaced
) -> None:
    """One of them writes, one only reads, one is paused across it."""
    async with three_instances(start_server, replaced.url) as instances:
        writing, reading, paused = instances
        for instance in instances:
            await instance.open_stream()
        await writing.publish(*KEPT)
        for instance in instances:
            await instance.got(KEPT)
        replaced.copy()
        await writing.publish(*LOST)
        for instance in instances:
            await instance.got(LOST)
        lost = [instance.stream.frames[-1].id for instance in instances]
        assert len(set(lost)) == 1

        paused.server.process.send_signal(signal.SIGSTOP)
        replaced.replace()
        for content in NEW:
            await writing.publish(content)
        paused.server.process.send_signal(signal.SIGCONT)
        for instance in instances:
            closing = await instance.stream.wait_for_event("closing")
            assert closing.data == {"reason": "shutdown", "reconnect": True}
            assert instance.contents == KEPT + LOST, "nothing of the new time, on positions of the lost one"
            await instance.stream.close()

        # The clients come back, each to another instance.
        for instance, cursor in zip(instances[1:] + instances[:1], lost, strict=True):
            await instance.open_stream(cursor)
            ready, reset = (
                instance.stream.frames[:2]
                if len(instance.stream.frames) > 1
                else (
                    instance.stream.frames[0],
                    await instance.stream.wait_for_event("reset"),
                )
            )
            assert (ready.data["recovered"], reset.data["reason"]) == (False, "diverged")
            assert reset.data["unread_count"] == len(KEPT + NEW)
            listed = [row["content"] for row in await instance.ann.pages()]
            assert listed == (KEPT + NEW)[::-1]
        await reading.publish("at last")
        for instance in instances:
            await instance.got(["at last"])
        assert len({instance.stream.frames[-1].id for instance in instances}) == 1
