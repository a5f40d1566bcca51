"""Jobs among three instances: each is done once, also when the instance that does them is killed or
paused."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from clients import SECRET, Api, EventStream, Frame, contents, eventually, token
from conftest import StartServer
from lumen_notify.model import now_ms, rfc3339
from servers import RunningServer

NUMBER = 1000
STEP_MS = 10
"""Scheduled notifications, one every STEP_MS, so that some are due at any moment."""

AHEAD_MS = 3_000
"""How far ahead the first one is."""

TAKEOVER_SECONDS = 40.0
"""What a busy machine may take instead of the 6 seconds of `job_lock`, and the rest of the ten seconds."""

pytestmark = [pytest.mark.slow, pytest.mark.postgresql, pytest.mark.timeout(300)]


class Cluster:
    """Instances on one database, and what ann's stream has shown, whichever it was on.

    seen: contents. longest_gap: seconds between two of them.
    """

    def __init__(self, servers: Sequence[RunningServer]) -> None:
        self.running = list(servers)
        self.seen: list[str] = []
        self.longest_gap = 0.0
        self.published = 0
        self._seen_at = 0.0
        self._cursor: str | None = None

    def holder(self) -> RunningServer | None:
        """Return the instance that does the jobs."""
        found = [server for server in self.running if _runs_jobs(server)]
        assert len(found) <= 1
        return found[0] if found else None

    def has_seen(self, number: int) -> bool:
        return len(self.seen) >= number

    async def wait_for_holder(self) -> RunningServer:
        await eventually(self.holder, what="an instance to do the jobs")
        holder = self.holder()
        assert holder is not None
        return holder

    async def schedule(self, http: httpx.AsyncClient) -> None:
        """Schedule NUMBER notifications for ann."""
        at = now_ms() + AHEAD_MS
        bodies = [_scheduled(self.published + n, rfc3339(at + n * STEP_MS)) for n in range(NUMBER)]
        for begin in range(0, NUMBER, 500):
            await Api(http, "app").post("", bodies[begin : begin + 500])
        self.published += NUMBER

    @asynccontextmanager
    async def stream(self, server: RunningServer) -> AsyncIterator[EventStream]:
        stream = await EventStream.open(server.url, token("ann"), cursor=self._cursor, on_frame=self._take)
        yield stream
        await stream.close()

    def _take(self, frame: Frame) -> None:
        assert frame.event != "reset"
        self._cursor = frame.id or self._cursor
        if frame.is_durable:
            self.seen.append(frame.data["data"]["content"])
            now = time.monotonic()
            self.longest_gap = max(self.longest_gap, now - self._seen_at)
            self._seen_at = now


def _scheduled(number: int, at: str) -> dict[str, Any]:
    return {"to": {"user": "ann"}, "category": "like", "content": str(number), "deliver_at": at}


def _runs_jobs(server: RunningServer) -> bool:
    text = httpx.get(f"{server.url}/metrics", trust_env=False, timeout=20).text
    return "\nlumen_runs_jobs 1.0\n" in text


async def test_jobs_go_on_and_each_is_done_once_when_their_instance_is_killed_or_paused(
    start_server: StartServer, postgresql_url: str
) -> None:
    environ = {"LUMEN_JWT_SECRET": SECRET, "LUMEN_MAX_BACKLOG_BYTES": str(2**26)}
    cluster = Cluster([start_server(database_url=postgresql_url, **environ) for _ in range(3)])
    for sign in (signal.SIGKILL, signal.SIGSTOP):
        holder = await cluster.wait_for_holder()
        others = [server for server in cluster.running if server is not holder]
        async with (
            httpx.AsyncClient(base_url=others[0].url, trust_env=False, timeout=60) as http,
            cluster.stream(others[0]) as stream,
        ):
            await cluster.schedule(http)
            some = cluster.published - NUMBER + NUMBER // 5
            await stream.wait_for(partial(cluster.has_seen, some), what="the first", within_seconds=60)
            os.kill(holder.process.pid, sign)
            cluster.longest_gap = 0.0
            await stream.wait_for(
                partial(cluster.has_seen, cluster.published),
                what="the last",
                within_seconds=TAKEOVER_SECONDS,
            )
            print(f"{sign.name}: nothing for {cluster.longest_gap:.1f} s")  # noqa: T201 - a figure
            cluster.running = others
            assert await cluster.wait_for_holder() in others
            if sign == signal.SIGSTOP:
                os.kill(holder.process.pid, signal.SIGCONT)
                cluster.running.append(holder)
            assert cluster.seen == [str(number) for number in range(cluster.published)]
            listed = contents(await Api(http, "ann").pages())
            assert listed == cluster.seen[::-1]
    await eventually(lambda: cluster.holder() is not None, what="one of both to do the jobs")
