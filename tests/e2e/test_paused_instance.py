"""An instance that is paused in the middle of a transaction (SIGSTOP) does not keep others from writing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import httpx
import pytest

from clients import SECRET, Api, Refusal, contents
from conftest import StartServer
from servers import RunningServer, run_sql

pytestmark = [pytest.mark.slow, pytest.mark.postgresql, pytest.mark.timeout(240)]

PUBLISHERS = 8

HOLDERS = """
    SELECT s.pid
    FROM pg_locks l
    JOIN pg_stat_activity s ON s.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND s.datname = current_database()
        AND s.state = 'idle in transaction'
"""


async def publish_until(must_stop: asyncio.Event, api: Api, number: int, published: list[str]) -> None:
    """Publish one after the other; note what was answered 201."""
    turn = 0
    while not must_stop.is_set():
        content = f"{number}-{turn}"
        turn += 1
        try:
            await api.post("", {"to": {"user": "ann"}, "category": "like", "content": content})
        except Refusal as refusal:
            if refusal.status != 503:
                raise
        else:
            published.append(content)


def pause_in_transaction(server: RunningServer, url: str) -> None:
    """Stop the process at a moment at which it has locked the log, and PostgreSQL waits for its next
    statement."""
    for _ in range(500):
        os.kill(server.process.pid, signal.SIGSTOP)
        if run_sql(url, HOLDERS):
            return
        os.kill(server.process.pid, signal.SIGCONT)
    pytest.fail("the process never was in a transaction")


async def test_instance_paused_in_a_transaction_does_not_stop_the_others(
    start_server: StartServer, postgresql_url: str
) -> None:
    paused, other = (start_server(database_url=postgresql_url, LUMEN_JWT_SECRET=SECRET) for _ in range(2))
    published: list[str] = []
    must_stop = asyncio.Event()
    async with (
        httpx.AsyncClient(base_url=paused.url, timeout=60, trust_env=False) as http,
        httpx.AsyncClient(base_url=other.url, timeout=20, trust_env=False) as other_http,
    ):
        publishing = [
            asyncio.create_task(publish_until(must_stop, Api(http, "app"), number, published))
            for number in range(PUBLISHERS)
        ]
        try:
            await asyncio.sleep(0)
            await asyncio.to_thread(pause_in_transaction, paused, postgresql_url)
            api = Api(other_http, "app")
            await api.post("", {"to": {"user": "ann"}, "category": "like", "content": "from the other"})
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(paused.process.pid, signal.SIGCONT)
            must_stop.set()
        await asyncio.gather(*publishing)
        listed = contents(await Api(other_http, "ann").pages())
    assert {"from the other", *published} <= set(listed)
