"""Pauses: without the database intake takes nothing and loses nothing; SIGTERM ends what is under way."""

from __future__ import annotations

import asyncio
import json

import pytest

from brokers import Broker
from clients import eventually_true
from servers import PostgreSQL, run_sql
from topics import Message, open_topic

from .conftest import StartIntake

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.postgresql]

MESSAGES = 1000
PREFETCH = "20"


def messages(first: int, last: int) -> list[Message]:
    """Return messages with these numbers, all for one user and with one key."""
    return [message(number) for number in range(first, last)]


def message(number: int) -> Message:
    body = {"to": {"user": "ann"}, "category": "like", "content": str(number)}
    return Message(body=json.dumps({"type": "notification", "body": body}).encode(), id=str(number))


async def taken_in(url: str) -> list[int]:
    """Return the numbers of all notifications in their order."""
    rows = await asyncio.to_thread(run_sql, url, "SELECT body FROM lumen_notification ORDER BY position, id")
    return [int(json.loads(row["body"])["content"]) for row in rows]


async def wait_for(url: str, count: int) -> None:
    """Wait until so many messages are notifications."""

    async def has_come() -> bool:
        return len(await taken_in(url)) >= count

    await eventually_true(has_come, what=f"{count} notifications")


async def test_intake_waits_for_the_database_and_sigterm_acknowledges_what_is_committed(
    broker: Broker, topic_name: str, postgresql: PostgreSQL, start_intake: StartIntake
) -> None:
    url = postgresql.create_database()
    async with open_topic(broker, topic_name) as topic:
        await topic.send(messages(0, MESSAGES // 2))
        process = start_intake(broker, topic_name, database_url=url, LUMEN_INTAKE_PREFETCH=PREFETCH)
        await wait_for(url, MESSAGES // 10)
        await asyncio.to_thread(postgresql.kill)
        await topic.send(messages(MESSAGES // 2, MESSAGES))
        assert process.is_running
        await asyncio.to_thread(postgresql.start)
        await wait_for(url, MESSAGES * 6 // 10)
        assert await asyncio.to_thread(process.stop) == 0
        committed = len(await taken_in(url))
        assert await topic.unacknowledged("lumen-notify") == MESSAGES - committed
        await asyncio.to_thread(process.start)
        await wait_for(url, MESSAGES)
        assert await taken_in(url) == list(range(MESSAGES))
        assert await topic.read(f"{topic_name}-dead-letters") == []
