"""Topics: what a test sends to a broker and finds there, by the broker's own client library.

    async with open_topic(broker, "orders") as topic:
        await topic.send([Message(body=b"...", key="alice")])
        letters = await topic.wait_for("orders-dead-letters", 1)

Not here: the servers (`brokers.py`).
"""

from __future__ import annotations

import asyncio
import operator
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika
import nats
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from nats.js.errors import NotFoundError
from redis.asyncio import Redis

from brokers import Broker
from clients import WAIT_SECONDS, eventually_true

PARTITIONS = 3
"""Of a topic of Kafka; the other brokers have one order for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent. key: messages with the same key keep their order. id: one for a broker that takes one."""

    body: bytes
    key: str = "key"
    id: str | None = None


class Topic(ABC):
    """A topic of a broker; `queue`, `subject` and `stream` are others' words for it.

    Its methods raise what the library raises if the broker does not answer; what was sent may be there then.
    """

    def __init__(self, broker: Broker, name: str) -> None:
        self.name = name
        self._broker = broker

    @abstractmethod
    async def open(self) -> None:
        """Connect, and make the topic."""

    @abstractmethod
    async def send(self, messages: Sequence[Message]) -> None:
        """Send messages in their order; return once the broker has them."""

    @abstractmethod
    async def read(self, name: str) -> list[bytes]:
        """Return the bodies that a topic has, which nobody has consumed."""

    @abstractmethod
    async def unacknowledged(self, group: str) -> int:
        """Return how many messages a group has not acknowledged. None is connected."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect."""

    async def wait_for(self, name: str, count: int) -> list[bytes]:
        """Return the bodies that a topic has once there are so many."""
        found: list[bytes] = []

        async def has_come() -> bool:
            found[:] = await self.read(name)
            return len(found) >= count

        await eventually_true(has_come, what=f"{count} messages in {name}")
        return found


class KafkaTopic(Topic):
    """A topic with PARTITIONS partitions."""

    async def open(self) -> None:
        self._address = self._broker.url.removeprefix("kafka://")
        self._producer = AIOKafkaProducer(bootstrap_servers=self._address, acks="all", linger_ms=2)
        admin = AIOKafkaAdminClient(bootstrap_servers=self._address)
        await admin.start()
        try:
            if self.name not in await admin.list_topics():
                await admin.create_topics(
                    [NewTopic(self.name, num_partitions=PARTITIONS, replication_factor=1)]
                )
        finally:
            await admin.close()
        await self._producer.start()

    async def send(self, messages: Sequence[Message]) -> None:
        sent = [
            await self._producer.send(self.name, message.body, key=message.key.encode())
            for message in messages
        ]
        await self._producer.flush()
        for one in sent:
            await one

    async def read(self, name: str) -> list[bytes]:
        metadata = await self._producer.client.fetch_all_metadata()
        partitions = [TopicPartition(name, number) for number in metadata.partitions_for_topic(name) or ()]
        if not partitions:
            return []
        # Closed before a test may kill the broker: without it, closing fails.
        consumer = AIOKafkaConsumer(bootstrap_servers=self._address, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found: list[bytes] = []
            while True:  # Tansu may say an end before the last messages that were sent together
                batches = await consumer.getmany(timeout_ms=200)
                found += [record.value or b"" for records in batches.values() for record in records]
                positions = [await consumer.position(one) for one in partitions]
                if not batches and all(map(operator.ge, positions, ends.values())):
                    return found
        finally:
            await consumer.stop()

    async def unacknowledged(self, group: str) -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._address, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [TopicPartition(self.name, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            acknowledged = sum([await consumer.committed(one) or 0 for one in partitions])
            return len(await self.read(self.name)) - acknowledged
        finally:
            await consumer.stop()

    async def close(self) -> None:
        await self._producer.stop()


class RabbitTopic(Topic):
    """A durable queue."""

    async def open(self) -> None:
        self._connection = await aio_pika.connect(self._broker.url)
        self._channel = await self._connection.channel(on_return_raises=True)
        await self._channel.declare_queue(self.name, durable=True)

    async def send(self, messages: Sequence[Message]) -> None:
        async with asyncio.TaskGroup() as group:
            for message in messages:
                group.create_task(
                    self._channel.default_exchange.publish(
                        aio_pika.Message(
                            message.body,
                            message_id=message.id,
                            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        ),
                        self.name,
                    )
                )

    async def read(self, name: str) -> list[bytes]:
        async with self._connection.channel() as channel:  # at its end, all goes back to the queue
            queue = await channel.declare_queue(name, durable=True)
            found: list[bytes] = []
            while (message := await queue.get(fail=False)) is not None:
                found.append(message.body)
            return found

    async def unacknowledged(self, group: str) -> int:
        async with self._connection.channel() as channel:
            queue = await channel.declare_queue(self.name, passive=True)
            return queue.declaration_result.message_count or 0

    async def close(self) -> None:
        await self._connection.close()


class NatsTopic(Topic):
    """A subject of a stream of its own."""

    async def open(self) -> None:
        self._client = await nats.connect(self._broker.url, allow_reconnect=False)
        self._stream = self._client.jetstream(timeout=WAIT_SECONDS)
        await self._stream.add_stream(name=self.name, subjects=[self.name])

    async def send(self, messages: Sequence[Message]) -> None:
        async with asyncio.TaskGroup() as group:
            for message in messages:
                group.create_task(self._stream.publish(self.name, message.body))

    async def read(self, name: str) -> list[bytes]:
        found: list[bytes] = []
        try:
            while True:
                found.append((await self._stream.get_msg(name, seq=len(found) + 1)).data or b"")
        except NotFoundError:
            return found

    async def unacknowledged(self, group: str) -> int:
        info = await self._stream.consumer_info(self.name, group)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def close(self) -> None:
        await self._client.close()


class RedisTopic(Topic):
    """A stream."""

    async def open(self) -> None:
        self._client = Redis.from_url(self._broker.url)
        await self._client.ping()

    async def send(self, messages: Sequence[Message]) -> None:
        async with self._client.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.xadd(self.name, {"body": message.body})
            await pipeline.execute()

    async def read(self, name: str) -> list[bytes]:
        entries: Any = await self._client.xrange(name)
        return [fields[b"body"] for _, fields in entries]

    async def unacknowledged(self, group: str) -> int:
        (info,) = await self._client.xinfo_groups(self.name)
        return int(info["lag"] + info["pending"])

    async def close(self) -> None:
        await self._client.aclose()


TOPICS: dict[str, type[Topic]] = {
    "kafka": KafkaTopic,
    "rabbitmq": RabbitTopic,
    "nats": NatsTopic,
    "redis": RedisTopic,
}


@asynccontextmanager
async def open_topic(broker: Broker, name: str) -> AsyncIterator[Topic]:
    """Open a topic, which is made if there is none."""
    topic = TOPICS[broker.kind](broker, name)
    await topic.open()
    try:
        yield topic
    finally:
        await topic.close()
