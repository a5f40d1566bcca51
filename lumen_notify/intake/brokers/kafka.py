"""Kafka: a topic, and what speaks Kafka's protocol.

The group gives each partition to one process. Where it gives a partition to another one while a batch is
under way, both take the batch in, and the second one finds that it is known. Offsets are committed for each
partition, after COMMIT. What a producer writes in a transaction is taken in once that is committed, and not
if it is aborted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.security import parse_security

from lumen_notify.intake.brokers.connection import Subscription, answering, quietly, security
from lumen_notify.intake.source import FETCH_SECONDS, TIMEOUT_SECONDS, DeadLetter, Incoming

OPEN_SECONDS = 30.0
"""Joining a group may take several seconds."""

METADATA_MS = 10_000
"""How often the partitions of the topic are looked up: of one that is made later, too."""


class KafkaSource:
    """A `Source`."""

    def __init__(self, subscription: Subscription) -> None:
        self.place = subscription.url.place
        self._subscription = subscription
        self._servers = [f"{host}:{port}" for host, port in subscription.url.addresses]
        self._broker: KafkaBroker | None = None
        self._producer: AIOKafkaProducer | None = None
        self._consumer: AIOKafkaConsumer | None = None

    async def open(self) -> None:
        """Connect and join the group."""
        given = self._subscription
        async with answering(self.place, OPEN_SECONDS):
            self._broker = broker = KafkaBroker(
                self._servers,
                security=security(given.url),
                consumer_only=True,
                request_timeout_ms=int(TIMEOUT_SECONDS * 1000),
                metadata_max_age_ms=METADATA_MS,
                client_id="lumen-notify",
                logger=None,
            )
            subscriber = broker.subscriber(
                given.topic,
                batch=True,
                max_records=given.prefetch,
                group_id=given.group,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                ack_policy=AckPolicy.MANUAL,
            )
            await broker.start()
            self._consumer = subscriber.consumer

    async def fetch(self) -> Sequence[Incoming]:
        """Return the next messages of all partitions."""
        assert self._consumer is not None
        async with answering(self.place):
            found = await self._consumer.getmany(
                timeout_ms=int(FETCH_SECONDS * 1000), max_records=self._subscription.prefetch
            )
        return [_incoming(record) for records in found.values() for record in records]

    async def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Commit the offsets of the partitions that this process still has."""
        assert self._consumer is not None
        mine = self._consumer.assignment()
        offsets = {message.handle[0]: message.handle[1] + 1 for message in messages}
        offsets = {partition: offset for partition, offset in offsets.items() if partition in mine}
        if not offsets:
            return
        async with answering(self.place):
            # Else another process has the partition, and will find that the messages are known.
            with suppress(CommitFailedError, IllegalStateError):
                await self._consumer.commit(offsets)

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Write to the dead-letter topic, with the keys of the messages.

        Not by FastStream's broker, which does not close a producer that cannot connect.
        """
        async with answering(self.place):
            if self._producer is None:
                self._producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    acks="all",
                    client_id="lumen-notify",
                    request_timeout_ms=int(TIMEOUT_SECONDS * 1000),
                    **parse_security(security(self._subscription.url)),
                )
                await self._producer.start()
        for letter in letters:
            async with answering(self.place):
                await self._producer.send_and_wait(
                    self._subscription.dead_letters, letter.body, key=letter.key
                )

    async def lag(self) -> Mapping[str, int]:
        """Return how far each partition of this process is behind its end."""
        assert self._consumer is not None
        lags: dict[str, int] = {}
        async with answering(self.place):
            ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
            for partition, end in ends.items():
                newest = max(end, self._consumer.highwater(partition) or 0)  # Tansu tells too small an end
                position = await self._consumer.position(partition)
                lags[_source(partition.topic, partition.partition)] = max(0, newest - position)
        return lags

    async def close(self) -> None:
        """Leave the group and disconnect."""
        broker, producer = self._broker, self._producer
        self._broker = self._consumer = self._producer = None
        if producer is not None:
            await quietly(producer.stop())
        if broker is not None:
            await quietly(broker.stop())


def _source(topic: str, partition: int) -> str:
    return f"kafka:{topic}:{partition}"


def _incoming(record: ConsumerRecord[Any, Any]) -> Incoming:
    return Incoming(
        source=_source(record.topic, record.partition),
        id=f"{record.offset}@{record.timestamp}",
        body=record.value or b"",
        position={
            "broker": "kafka",
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
        },
        at=record.timestamp if record.timestamp > 0 else None,
        key=record.key,
        handle=(TopicPartition(record.topic, record.partition), record.offset),
    )
