"""Source: what each kind of broker does for intake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from brokers import Broker
from clients import WAIT_SECONDS, eventually_true
from lumen_notify.intake.brokers.opening import open_source
from lumen_notify.intake.source import BrokerUnavailable, DeadLetter, Incoming, Source
from lumen_notify.model import new_id
from lumen_notify.settings import Settings
from topics import Message, Topic, open_topic

pytestmark = pytest.mark.server


@pytest.fixture
async def topic(broker: Broker) -> AsyncIterator[Topic]:
    async with open_topic(broker, f"t-{new_id()}") as topic:
        yield topic


def source_of(broker: Broker, topic: Topic, *, prefetch: int = 100) -> Source:
    source = open_source(
        Settings(intake_url=broker.url, intake_topic=topic.name, intake_group="g", intake_prefetch=prefetch)
    )
    assert source is not None
    return source


@asynccontextmanager
async def opened(broker: Broker, topic: Topic, *, prefetch: int = 100) -> AsyncIterator[Source]:
    source = source_of(broker, topic, prefetch=prefetch)
    await source.open()
    try:
        yield source
    finally:
        await source.close()


def numbered(first: int, last: int) -> list[Message]:
    return [Message(body=b"%d" % number, id=f"id-{number}") for number in range(first, last + 1)]


async def fetch(source: Source, number: int) -> list[Incoming]:
    """Fetch until there are so many messages, and acknowledge none."""
    found: list[Incoming] = []
    async with asyncio.timeout(WAIT_SECONDS):
        while len(found) < number:
            found += await source.fetch()
    return found


def numbers(messages: Sequence[Incoming]) -> list[int]:
    return [int(message.body) for message in messages]


async def test_messages_come_in_order_with_ids_and_places_and_no_more_than_the_prefetch(
    broker: Broker, topic: Topic
) -> None:
    await topic.send(numbered(1, 20))
    async with opened(broker, topic, prefetch=7) as source:

        async def lag() -> int:
            return sum((await source.lag()).values())

        found: list[Incoming] = []
        async with asyncio.timeout(WAIT_SECONDS):
            while len(found) < 20:
                messages = await source.fetch()
                assert len(messages) <= 7
                found += messages
                if messages:
                    await source.acknowledge(messages)
        assert numbers(found) == list(range(1, 21))
        assert len({(message.source, message.id) for message in found}) == 20
        assert {message.position["broker"] for message in found} == {broker.kind}
        assert {message.position["topic"] for message in found} == {topic.name}
        assert all(message.at is None or message.at > 1_700_000_000_000 for message in found)
        await eventually_true(lambda: is_equal(lag(), 0), what="no lag")
        assert found[0].source in await source.lag()
        await topic.send(numbered(21, 23))
        await eventually_true(lambda: is_equal(lag(), 3), what="a lag")
        await source.bury([DeadLetter(body=b"%d" % number, key=b"k") for number in range(3)])
    assert await topic.wait_for(f"{topic.name}-dead-letters", 3) == [b"0", b"1", b"2"]


HEADERS = [
    *(b"NATS/1.0\r\nStatus: 503\r\n\r\n", b"NATS/1.0\r\nStatus: shipped\r\n\r\n", b"NATS/1.0 404\r\n\r\n"),
    *(b"NATS/1.0", b"\x00\r\n\r\n", b"NATS/1.0 \xff\xff\r\n\r\n", b"NATS/1.0\r\n\xff: \xff\r\n\r\n"),
]


async def test_no_header_of_a_message_of_nats_stops_it(shared_broker: Callable[[str], Broker]) -> None:
    broker = shared_broker("nats")
    async with open_topic(broker, f"t-{new_id()}") as topic, opened(broker, topic) as source:
        name = topic.name.encode()
        _, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n')
        for number, headers in enumerate(HEADERS, 1):
            body = b"%d" % number
            length = len(headers)
            writer.write(b"HPUB %s %d %d\r\n%s%s\r\n" % (name, length, length + len(body), headers, body))
        await writer.drain()
        messages = await fetch(source, len(HEADERS))
        assert numbers(messages) == list(range(1, len(HEADERS) + 1))
        await source.acknowledge(messages)
        assert sum((await source.lag()).values()) == 0
        writer.close()


@pytest.mark.slow
async def test_what_is_not_acknowledged_comes_again_before_what_is_newer(
    broker: Broker, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumen_notify.intake.brokers.nats.ACK_WAIT_SECONDS", 1.0)
    await topic.send(numbered(1, 20))
    async with opened(broker, topic, prefetch=5) as source:
        await source.acknowledge(await fetch(source, 5))
        lost = await fetch(source, 1)
    await topic.send(numbered(21, 25))
    async with opened(broker, topic) as source:
        again = await fetch(source, 20)
        assert numbers(again) == list(range(6, 26))
        assert [(one.source, one.id) for one in again[: len(lost)]] == [(one.source, one.id) for one in lost]
        await source.acknowledge(again)
        assert list(await source.fetch()) == []


async def is_equal(given: Awaitable[int], expected: int) -> bool:
    return await given == expected


@pytest.mark.slow
@pytest.mark.parametrize("broker", ["nats", "redis"], indirect=True)
async def test_broker_that_does_not_answer_is_an_outage_and_is_found_again(broker: Broker) -> None:
    """The others take long to start: `e2e/intake` has them."""
    name = f"t-{new_id()}"
    async with open_topic(broker, name) as topic:
        source = source_of(broker, topic)
        await source.open()
        broker.kill()
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                try:
                    await source.fetch()
                    await source.lag()
                except BrokerUnavailable:
                    break
        await source.close()
        with pytest.raises(BrokerUnavailable):
            await source.open()
        await source.close()
    broker.start()
    async with open_topic(broker, name) as topic:
        await topic.send(numbered(1, 3))
        await open_again(source)
        assert numbers(await fetch(source, 3)) == [1, 2, 3]
        await source.close()


async def open_again(source: Source) -> None:
    """Open it as the service does."""
    while True:
        try:
            await source.open()
        except BrokerUnavailable:
            await source.close()
        else:
            return
