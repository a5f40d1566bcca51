"""Outages of the backplane: each is logged once at its beginning and end, and shows in /readyz and a metric,
while the instance goes on to serve."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

import servers
from clients import NOTIFICATIONS, SECRET, token
from lumen_notify.auth import PUBLISH
from lumen_notify.deliver.backplane.opening import backplane_place
from lumen_notify.settings import Settings
from servers import PostgreSQL, RunningServer
from valkey import Valkey

BODY = {"to": {"user": "alice"}, "category": "like", "content": "hi"}
OUTAGE = 'lumen_outage{what="backplane"}'
LISTENERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND (query LIKE 'LISTEN %' OR query LIKE '%AS payload')
"""


async def readiness(http: httpx.AsyncClient) -> tuple[int, str, dict[str, Any]]:
    answer = await http.get("/readyz")
    body = answer.json()
    return answer.status_code, body["status"], body["parts"]["backplane"]


async def eventually_status(http: httpx.AsyncClient, status: str) -> None:
    async with asyncio.timeout(60):
        while (await readiness(http))[1] != status:  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(0.1)


async def metric(http: httpx.AsyncClient, name: str) -> float:
    lines = (await http.get("/metrics")).text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " "))


async def check(server: RunningServer, *pids: int, place: str) -> None:
    """Check what a server shows before, while and after its backplane is deaf."""
    headers = {"authorization": f"Bearer {token('app', PUBLISH)}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as http:
        await eventually_status(http, "ready")
        code, _, part = await readiness(http)
        assert (code, part["status"]) == (200, "ok")
        assert 0 <= part["age_seconds"] < 30
        with servers.paused(*pids):
            await eventually_status(http, "degraded")
            code, _, part = await readiness(http)
            assert (code, part["status"]) == (200, "degraded")
            assert "a second late" in part["detail"]
            assert f" by {place}: " in part["detail"]
            assert part["age_seconds"] > 2
            assert await metric(http, OUTAGE) == 1
            assert (await http.post(NOTIFICATIONS, json=BODY)).status_code == 201
            assert (await http.get("/healthz")).json() == {"status": "ok"}
        await eventually_status(http, "ready")
        assert await metric(http, OUTAGE) == 0
    log = server.log()
    assert log.count("backplane: failing: ") == log.count(f"backplane: failing: {place}: ") == 1, log
    assert log.count("backplane: working again after ") == 1, log


@pytest.mark.slow
async def test_redis_that_is_up_but_deaf_shows(
    start_server: Any, valkey: Valkey, postgresql_url: str
) -> None:
    server = start_server(
        database_url=postgresql_url, LUMEN_JWT_SECRET=SECRET, LUMEN_BACKPLANE_URL=valkey.url
    )
    await check(
        server, valkey.process.pid, place=f"LUMEN_BACKPLANE_URL (Redis at 127.0.0.1 port {valkey.port})"
    )


@pytest.mark.slow
async def test_listening_connection_that_is_dead_shows(start_server: Any, postgresql: PostgreSQL) -> None:
    url = postgresql.create_database()
    server = start_server(database_url=url, LUMEN_JWT_SECRET=SECRET)
    async with httpx.AsyncClient(base_url=server.url) as http:
        await eventually_status(http, "ready")
    pids = [row["pid"] for row in servers.run_sql(url, LISTENERS)]
    assert len(pids) == 1, "one connection of its own"
    # The main process, too, so that no new connection takes its place: else the outage is over in an instant.
    place = backplane_place(Settings(database_url=url))
    await check(server, *pids, postgresql.process.pid, place=place)
