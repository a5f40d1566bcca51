"""Listener: a session that hears notifications, and sends them."""

from __future__ import annotations

import asyncio

import pytest

import servers
from clients import eventually
from lumen_notify.commit.database.listener import Listener
from lumen_notify.errors import BackplaneUnavailable


async def test_payloads_arrive_in_order_at_all_sessions_that_listen(postgresql_url: str) -> None:
    first, second = Listener(postgresql_url), Listener(postgresql_url)
    heard: list[list[str]] = [[], []]
    await first.open("a", heard[0].append)
    await second.open("a", heard[1].append)
    payloads = [f"{number} é' \\ \u2028" + "x" * 7000 for number in range(30)]
    await first.notify("a", payloads)
    await first.notify("b", ["for nobody"])
    await eventually(lambda: heard == [payloads, payloads], what="the payloads")
    await first.close()
    await second.close()


async def test_session_that_the_server_ends_raises(postgresql_url: str) -> None:
    listener = Listener(postgresql_url)
    await listener.open("a", lambda _: None)
    waiting = asyncio.ensure_future(listener.wait())
    await asyncio.sleep(0)
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    servers.run_sql(postgresql_url, f"{sql} AND pid <> pg_backend_pid()")
    with pytest.raises(BackplaneUnavailable, match="has ended"):
        await asyncio.wait_for(waiting, 20)
    with pytest.raises(BackplaneUnavailable):
        await listener.notify("a", ["x"])
    await listener.close()
    await listener.close()


async def test_server_that_is_not_there_raises() -> None:
    with pytest.raises(BackplaneUnavailable, match="does not answer"):
        await Listener("postgresql://nobody@127.0.0.1:1/none").open("a", lambda _: None)
