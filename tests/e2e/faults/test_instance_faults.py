"""Faults of an instance under load: killed, paused, or without any hint of the others.

Three instances on one PostgreSQL; each request and each stream goes to a random one. Nothing is lost,
repeated or reordered, each 2xx is durable, and counts equal a fresh fetch. The long form:

    LUMEN_TEST_FAULT_SECONDS=30 LUMEN_TEST_FAULT_EVENTS=5000 make test ARGS='-k faults -n 0'
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

import servers

from .cluster import FAULT_SECONDS, LOAD, MARKS, PATIENCE_SECONDS, Cluster, running

pytestmark = MARKS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    async with running(has_redis=False) as cluster:
        yield cluster


async def test_instance_is_killed(cluster: Cluster) -> None:
    async with cluster.under_load() as load:
        for instance in cluster.instances[:2]:
            await asyncio.to_thread(instance.kill)
            await cluster.passes(load)
            await asyncio.to_thread(instance.start)


async def test_instance_is_paused(cluster: Cluster) -> None:
    """The others go on meanwhile. Its readers find another one, and so do its publishers."""
    paused = cluster.instances[0]
    async with cluster.under_load() as load:
        with servers.paused(paused.process.pid):
            await asyncio.sleep(max(FAULT_SECONDS, PATIENCE_SECONDS + 1))
            await cluster.passes(load)


async def test_readers_of_a_paused_instance_wait_for_it(cluster: Cluster) -> None:
    paused = cluster.instances[0]
    async with cluster.under_load(patience_seconds=0) as load:
        with servers.paused(paused.process.pid):
            await asyncio.sleep(FAULT_SECONDS)
            await cluster.passes(load)


async def test_instance_gets_no_hints(cluster: Cluster) -> None:
    deaf = cluster.instances[0]
    await asyncio.to_thread(deaf.stop)
    deaf.environ["LUMEN_BACKPLANE_URL"] = "memory://"
    await asyncio.to_thread(deaf.start)
    async with cluster.under_load() as load:
        await cluster.passes(load, 3 * LOAD)
