"""Brokers: each has what it has confirmed, after a kill as well, if it keeps anything."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from brokers import Broker
from topics import Message, open_topic

pytestmark = [pytest.mark.slow, pytest.mark.server]

MESSAGES = [Message(body=f"{number}".encode(), id=f"{number}") for number in range(1000)]


async def test_a_killed_broker_comes_back_with_what_it_has_confirmed(broker: Broker) -> None:
    name = f"topic-{uuid4().hex}"
    async with open_topic(broker, name) as topic:
        await topic.send(MESSAGES)
        assert await topic.read(name) == [message.body for message in MESSAGES]
        await asyncio.to_thread(broker.kill)
    await asyncio.to_thread(broker.start)
    async with open_topic(broker, name) as topic:
        expected = [message.body for message in MESSAGES] if broker.keeps else []
        assert await topic.read(name) == expected
