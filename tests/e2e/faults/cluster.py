"""Cluster: three instances on one PostgreSQL under load, to break one thing after the other.

The instances reach PostgreSQL and Redis through relays, which can fall silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients import SECRET, WAIT_SECONDS
from servers import PostgreSQL, RunningServer, free_port, server_folder
from silent_relay import SilentRelay
from valkey import Valkey

from ..workload import AGAIN_SECONDS, Workload

INSTANCES = 3

FAULT_SECONDS = float(os.environ.get("LUMEN_TEST_FAULT_SECONDS", "3"))
"""How long something stays broken or paused."""

LOAD = int(os.environ.get("LUMEN_TEST_FAULT_EVENTS", "150"))
"""How many publications are answered before a fault, and again after it."""

PATIENCE_SECONDS = 4.0
"""After so long a silence a reader hangs up: there is a ping in each second."""

REQUEST_SECONDS = 2.0
"""After so long a publisher asks another instance."""

RECOVERY_SECONDS = 60.0
"""After so long an instance has to be ready again. For a machine that is busy."""

SOCKET = ".s.PGSQL.5432"

MARKS = [
    pytest.mark.slow,
    pytest.mark.server,
    pytest.mark.postgresql,
    pytest.mark.timeout(240 + 10 * FAULT_SECONDS + LOAD),
    pytest.mark.asyncio(loop_scope="module"),
]
"""Of each module of fault tests."""


class Cluster:
    """What runs. postgresql_relay, redis_relay: between the instances and the two servers."""

    def __init__(
        self,
        *,
        instances: Sequence[RunningServer],
        postgresql: PostgreSQL,
        url: str,
        postgresql_relay: SilentRelay,
        valkey: Valkey | None,
        redis_relay: SilentRelay | None,
    ) -> None:
        self.instances = instances
        self.postgresql = postgresql
        self.url = url
        self.postgresql_relay = postgresql_relay
        self._valkey = valkey
        self._redis_relay = redis_relay
        self._loads = itertools.count()

    @property
    def valkey(self) -> Valkey:
        assert self._valkey is not None
        return self._valkey

    @property
    def redis_relay(self) -> SilentRelay:
        assert self._redis_relay is not None
        return self._redis_relay

    @contextlib.asynccontextmanager
    async def under_load(self, *, patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[Workload]:
        """Run a load around a fault. At the end check that nothing was lost, repeated or reordered, that each
        2xx is in the lists, that counts equal those fetched anew, and that all instances work again."""
        workload = Workload(
            [instance.url for instance in self.instances],
            10**9,
            name=f"load-{next(self._loads)}-",
            batch=5,
            pause_seconds=0.02,
            patience_seconds=patience_seconds,
            request_seconds=REQUEST_SECONDS,
        )
        try:
            await workload.start()
            await self.passes(workload)
            yield workload
            await self.passes(workload)
            workload.stop()
            await workload.settle()
            await self._recovers()
            await workload.verify_lists()
        finally:
            await workload.close()

    async def _recovers(self) -> None:
        """Wait until each instance is ready, and has heard a probe of its backplane come back just now."""
        async with httpx.AsyncClient(trust_env=False, timeout=WAIT_SECONDS) as http:
            for instance in self.instances:
                deadline = time.monotonic() + RECOVERY_SECONDS
                while not _works(state := (await http.get(f"{instance.url}/readyz")).json()):
                    assert time.monotonic() < deadline, state
                    await asyncio.sleep(AGAIN_SECONDS)
                text = (await http.get(f"{instance.url}/metrics")).text
                assert "\nlumen_count_drift 0.0\n" in text

    async def passes(self, workload: Workload, number: int = LOAD) -> None:
        """Wait until so many more publications were answered."""
        aim = workload.published + number
        await workload.until(lambda: workload.published >= aim, f"{aim} publications")


def _works(state: Mapping[str, Any]) -> bool:
    """Return whether an answer of /readyz says that all works. A probe goes out every two seconds."""
    age_seconds = state["parts"]["backplane"]["age_seconds"]
    return state.get("status") == "ready" and (age_seconds is None or age_seconds < 2)


@contextlib.asynccontextmanager
async def running(*, has_redis: bool) -> AsyncIterator[Cluster]:
    """Start three instances that tell each other by Redis, or by LISTEN and NOTIFY."""
    folder = Path(server_folder("cluster"))
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgresql = PostgreSQL()
        stack.callback(shutil.rmtree, postgresql.folder, ignore_errors=True)
        await asyncio.to_thread(postgresql.start)
        stack.push_async_callback(asyncio.to_thread, postgresql.kill)
        url = await asyncio.to_thread(postgresql.create_database)
        postgresql_relay = SilentRelay(folder / SOCKET, postgresql.folder / SOCKET)
        await stack.enter_async_context(postgresql_relay)
        relayed = url.replace(str(postgresql.folder), str(folder))
        environ = {
            "LUMEN_JWT_SECRET": SECRET,
            "LUMEN_PING_SECONDS": "1",
            "LUMEN_COUNT_SAMPLE_SECONDS": "0.05",
        }
        valkey = redis_relay = None
        if has_redis:
            valkey = Valkey(folder)
            await asyncio.to_thread(valkey.start)
            stack.push_async_callback(asyncio.to_thread, valkey.kill)
            port = free_port()
            redis_relay = await stack.enter_async_context(SilentRelay(port, valkey.port))
            environ["LUMEN_BACKPLANE_URL"] = f"redis://127.0.0.1:{port}"
        instances = [RunningServer(folder, database_url=relayed, environ=environ) for _ in range(INSTANCES)]
        for instance in instances:
            stack.push_async_callback(asyncio.to_thread, instance.kill)
        await asyncio.gather(*(asyncio.to_thread(instance.start) for instance in instances))
        yield Cluster(
            instances=instances,
            postgresql=postgresql,
            url=url,
            postgresql_relay=postgresql_relay,
            valkey=valkey,
            redis_relay=redis_relay,
        )
