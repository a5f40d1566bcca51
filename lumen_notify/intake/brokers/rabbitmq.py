"""RabbitMQ: a queue.

The server sends as many messages ahead as the prefetch, and keeps those that are not acknowledged at their
places. It gives messages no ids: without a `message_id` of its publisher, one that comes once more is taken
in once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractRobustConnection
from aio_pika.exceptions import ChannelNotFoundEntity
from faststream.rabbit import Channel, RabbitBroker

from lumen_notify.intake.brokers.amqp_decoding import read_all_properties
from lumen_notify.intake.brokers.connection import Subscription, answering, quietly, security
from lumen_notify.intake.source import (
    FETCH_SECONDS,
    TIMEOUT_SECONDS,
    BrokerUnavailable,
    DeadLetter,
    Incoming,
)


class RabbitmqSource:
    """A `Source`."""

    def __init__(self, subscription: Subscription) -> None:
        read_all_properties()
        self.place = subscription.url.place
        self._subscription = subscription
        self._broker: RabbitBroker | None = None
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractChannel | None = None
        self._arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()

    async def open(self) -> None:
        """Connect; make the queues where they are missing."""
        given = self._subscription
        arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._arrived = arrived

        async def receive(message: AbstractIncomingMessage) -> None:
            arrived.put_nowait(message)

        async with answering(self.place):
            self._broker = RabbitBroker(
                self._url(),
                security=security(given.url),
                default_channel=Channel(on_return_raises=True),
                timeout=TIMEOUT_SECONDS,
                logger=None,
            )
            self._connection = connection = await self._broker.connect()
            for name in (given.topic, given.dead_letters):
                await _ensure_queue(connection, name)
            self._channel = await connection.channel()
            await self._channel.set_qos(prefetch_count=given.prefetch)
            queue = await self._channel.get_queue(given.topic, ensure=False)
            await queue.consume(receive)

    async def fetch(self) -> Sequence[Incoming]:
        """Return the messages that have come."""
        found: list[AbstractIncomingMessage] = []
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                found.append(await self._arrived.get())
        except TimeoutError:
            pass
        while not self._arrived.empty() and len(found) < self._subscription.prefetch:
            found.append(self._arrived.get_nowait())
        if self._channel is None or self._channel.is_closed or not self._is_connected:
            raise BrokerUnavailable(f"{self.place} has closed the connection.")
        return [_incoming(message, self._subscription.topic) for message in found]

    async def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Acknowledge all up to the last one, at once."""
        async with answering(self.place):
            await messages[-1].handle.ack(multiple=True)

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Write to the queue of dead letters; each is confirmed."""
        assert self._broker is not None
        for letter in letters:
            async with answering(self.place):
                await self._broker.publish(
                    letter.body,
                    self._subscription.dead_letters,
                    persist=True,
                    content_type="application/json",
                )

    async def lag(self) -> Mapping[str, int]:
        """Return how many messages are in the queue, those that have come here included."""
        assert self._connection is not None
        async with answering(self.place), self._connection.channel() as channel:
            queue = await channel.declare_queue(self._subscription.topic, passive=True)
        ready = queue.declaration_result.message_count or 0
        return {_source(self._subscription.topic): ready + self._arrived.qsize()}

    async def close(self) -> None:
        """Disconnect; what is not acknowledged goes back to its place."""
        broker, self._broker = self._broker, None
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await quietly(connection.close())
        if broker is not None:
            await quietly(broker.stop())

    @property
    def _is_connected(self) -> bool:
        return self._connection is not None and self._connection.connected.is_set()

    def _url(self) -> str:
        """Return the URL without user and password, which go another way."""
        url = self._subscription.url
        ((host, port),) = url.addresses
        shown = f"[{host}]" if ":" in host else host
        return f"{'amqps' if url.is_encrypted else 'amqp'}://{shown}:{port}/{quote(url.path, safe='')}"


async def _ensure_queue(connection: AbstractRobustConnection, name: str) -> None:
    """Make a durable queue, unless there is one of this name, with whatever properties."""
    try:
        async with connection.channel() as channel:
            await channel.declare_queue(name, passive=True)
    except ChannelNotFoundEntity:
        async with connection.channel() as channel:
            await channel.declare_queue(name, durable=True)


def _source(topic: str) -> str:
    return f"rabbitmq:{topic}"


def _incoming(message: AbstractIncomingMessage, topic: str) -> Incoming:
    at = None if message.timestamp is None else int(message.timestamp.timestamp() * 1000)
    return Incoming(
        source=_source(topic),
        id=message.message_id or None,
        body=message.body,
        position={"broker": "rabbitmq", "topic": topic, "message_id": message.message_id},
        at=at,
        handle=message,
    )
