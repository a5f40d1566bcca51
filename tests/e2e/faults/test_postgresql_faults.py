"""Faults of PostgreSQL under load: killed, restarted, its connections ended or cut without a FIN.

As `test_instance_faults.py`, which has the long form.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from servers import run_sql

from .cluster import FAULT_SECONDS, LOAD, MARKS, Cluster, running

pytestmark = MARKS

END_ALL_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    async with running(has_redis=False) as cluster:
        yield cluster


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_postgresql_restarts(cluster: Cluster, how: str) -> None:
    async with cluster.under_load():
        await asyncio.to_thread(getattr(cluster.postgresql, how))
        await asyncio.sleep(FAULT_SECONDS / 2)
        await asyncio.to_thread(cluster.postgresql.start)


async def test_all_connections_are_ended(cluster: Cluster) -> None:
    async with cluster.under_load() as load:
        for _ in range(5):
            await asyncio.to_thread(run_sql, cluster.url, END_ALL_CONNECTIONS)
            await cluster.passes(load)


async def test_listening_connections_fall_silent(cluster: Cluster) -> None:
    """No packet comes any more, nor a FIN. The log is polled until the connections are found dead."""
    async with cluster.under_load() as load:
        assert cluster.postgresql_relay.silence(b"LISTEN ") == len(cluster.instances)
        await cluster.passes(load, 3 * LOAD)


async def test_all_connections_fall_silent(cluster: Cluster) -> None:
    """Statements fail after their time, and new connections are made."""
    async with cluster.under_load():
        assert cluster.postgresql_relay.silence() > 0
