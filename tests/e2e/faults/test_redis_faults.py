"""Faults of Redis under load: killed, stopped for a while, or deaf.

As `test_instance_faults.py`, which has the long form.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .cluster import FAULT_SECONDS, LOAD, MARKS, Cluster, running

pytestmark = MARKS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    async with running(has_redis=True) as cluster:
        yield cluster


async def test_redis_is_killed_and_restarts(cluster: Cluster) -> None:
    async with cluster.under_load() as load:
        for _ in range(3):
            await asyncio.to_thread(cluster.valkey.kill)
            await asyncio.to_thread(cluster.valkey.start)
            await cluster.passes(load)


async def test_redis_is_down_for_a_while(cluster: Cluster) -> None:
    async with cluster.under_load() as load:
        await asyncio.to_thread(cluster.valkey.stop)
        await asyncio.sleep(FAULT_SECONDS)
        await cluster.passes(load)
        await asyncio.to_thread(cluster.valkey.start)


async def test_redis_accepts_and_never_answers(cluster: Cluster) -> None:
    process = cluster.valkey.process.pid
    async with cluster.under_load() as load:
        os.kill(process, signal.SIGSTOP)
        try:
            await asyncio.sleep(FAULT_SECONDS)
            await cluster.passes(load)
        finally:
            os.kill(process, signal.SIGCONT)


@pytest.mark.parametrize("mark", [b"", b"SUBSCRIBE"], ids=["all", "those that listen"])
async def test_connections_to_redis_fall_silent(cluster: Cluster, mark: bytes) -> None:
    """Redis takes what is published, and what it sends never arrives."""
    async with cluster.under_load() as load:
        assert cluster.redis_relay.silence(mark) >= len(cluster.instances)
        await cluster.passes(load, 3 * LOAD)
