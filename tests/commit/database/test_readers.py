"""Readers: the queries of one group of connections do not wait for those of another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clients import EventStream, token
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.connection import Rows
from lumen_notify.commit.database.readers import Readers
from sites import open_site

from .server_key import key


class Busy:
    """A connection whose queries last until the test says so."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()

    async def run(self, _name: str, /, **_values: Any) -> Rows:
        await self.may_end.wait()
        return [("answer",)]


async def test_queries_take_turns_on_the_connections_of_their_group() -> None:
    busy = Busy()
    readers = Readers([busy])  # type: ignore[list-item]
    readers.open()
    queries = [asyncio.create_task(readers.fetch("any")) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(query.done() for query in queries)
    assert (len(readers), readers.busy, readers.waiting) == (1, 1, 2)
    observed: list[float] = []
    readers.observe_seconds = observed.append
    busy.may_end.set()
    assert await asyncio.gather(*queries) == [[("answer",)]] * 3
    assert (readers.busy, readers.waiting, len(observed)) == (0, 0, 3)


async def test_reads_of_streams_do_not_wait_for_other_reads(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(database_url) as site:
        services = site.lumen._services
        assert services is not None
        database: Database = services.database
        busy = Busy()
        for connection in database._for_lists._connections:
            monkeypatch.setattr(connection, "run", busy.run)
        lists = [asyncio.create_task(key(database, "a")) for _ in range(20)]
        await asyncio.sleep(0)

        stream = await EventStream.open(site.base_url, token("bob"), cursor=f"{services.hub.epoch}-1")
        ready = await stream.wait_for_event("ready")
        assert (ready.data["unread_count"], ready.data["replayed"]) == (3, 2)
        await site.publish("bob", "four")
        await stream.wait_for(lambda: stream.frames[-1].data["unread_count"] == 4, what="the notification")
        assert not any(one.done() for one in lists)
        busy.may_end.set()
        await asyncio.gather(*lists)
        await stream.close()


async def test_paused_connections_end_their_queries_and_begin_no_other() -> None:
    busy = Busy()
    readers = Readers([busy, busy])  # type: ignore[list-item]
    readers.open()
    running = asyncio.create_task(readers.fetch("any"))
    waiting = None
    await asyncio.sleep(0)

    async def pause() -> bool:
        nonlocal waiting
        async with readers.paused():
            assert running.done()
            waiting = asyncio.create_task(readers.fetch("any"))
            await asyncio.sleep(0)
            return waiting.done()

    pausing = asyncio.create_task(pause())
    await asyncio.sleep(0)
    busy.may_end.set()
    assert not await asyncio.wait_for(pausing, 20)
    assert waiting is not None
    assert await asyncio.wait_for(waiting, 20) == [("answer",)]
