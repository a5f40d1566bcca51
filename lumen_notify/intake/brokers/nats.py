"""NATS: a subject of a JetStream stream, by a durable pull consumer.

A message that was fetched and not acknowledged comes again after the consumer's `ack_wait`, before newer
ones. So a process that finds such messages waits as long before it fetches: else newer ones would overtake
them.

1. The client is given no headers of the stream's messages, which intake does not need. One with a header
   `Status` it would take for a message of the server, and drop it; headers that it cannot read would end its
   connection, again and again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from lumen_notify.intake.brokers.connection import Subscription, answering, quietly, security
from lumen_notify.intake.source import (
    FETCH_SECONDS,
    TIMEOUT_SECONDS,
    BrokerUnavailable,
    DeadLetter,
    Incoming,
)

ACK_WAIT_SECONDS = 10.0
"""After how long an unacknowledged message comes again, of a consumer that is made here."""

MARGIN_SECONDS = 0.5

_TO_ACKNOWLEDGE = b"$JS.ACK."
"""How the reply subject of a stream's message begins; the server's own messages have none."""


class NatsSource:
    """A `Source`."""

    def __init__(self, subscription: Subscription) -> None:
        self.place = subscription.url.place
        self._subscription = subscription
        self._broker: NatsBroker | None = None
        self._client: Client | None = None
        self._pull: JetStreamContext.PullSubscription | None = None
        self._fetch_after = 0.0

    async def open(self) -> None:
        """Connect; make the streams and the consumer where they are missing."""
        given = self._subscription
        scheme = "tls" if given.url.is_encrypted else "nats"
        async with answering(self.place):
            self._broker = broker = NatsBroker(
                [f"{scheme}://{_host(host)}:{port}" for host, port in given.url.addresses],
                security=security(given.url),
                allow_reconnect=False,
                max_reconnect_attempts=1,  # also of the first connection
                reconnect_time_wait=1,
                connect_timeout=int(TIMEOUT_SECONDS) // 2,
                name="lumen-notify",
                logger=None,
            )
            self._client = client = await broker.connect()
            _leave_headers(client)
            stream = client.jetstream(timeout=TIMEOUT_SECONDS)
            name = await _stream_of(stream, given.topic)
            await _stream_of(stream, given.dead_letters)
            self._pull = await stream.pull_subscribe(
                given.topic,
                durable=given.group,
                stream=name,
                config=ConsumerConfig(
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=ACK_WAIT_SECONDS,
                    max_ack_pending=max(1000, 2 * given.prefetch),
                ),
            )
            info = await self._pull.consumer_info()
        if info.num_ack_pending:
            wait = (info.config.ack_wait or ACK_WAIT_SECONDS) + MARGIN_SECONDS
            self._fetch_after = time.monotonic() + wait

    async def fetch(self) -> Sequence[Incoming]:
        """Return the next messages."""
        assert self._pull is not None
        assert self._client is not None
        left = self._fetch_after - time.monotonic()
        if left > 0:
            await asyncio.sleep(min(left, FETCH_SECONDS))
            return ()
        found: list[Msg] = []
        async with answering(self.place):
            with suppress(NatsTimeoutError):  # none has come
                found = await self._pull.fetch(self._subscription.prefetch, timeout=FETCH_SECONDS)
        if not self._client.is_connected:
            raise BrokerUnavailable(f"{self.place} has closed the connection.")
        return [_incoming(message, self._subscription.topic) for message in found]

    async def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Acknowledge each message; return once the server has got it."""
        assert self._client is not None
        async with answering(self.place):
            for message in messages:
                await message.handle.ack()
            await self._client.flush(timeout=int(TIMEOUT_SECONDS))

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Write to the subject of dead letters; each is confirmed by its stream."""
        assert self._client is not None
        stream = self._client.jetstream(timeout=TIMEOUT_SECONDS)
        for letter in letters:
            async with answering(self.place):
                await stream.publish(self._subscription.dead_letters, letter.body)

    async def lag(self) -> Mapping[str, int]:
        """Return how many messages the consumer has before it."""
        assert self._pull is not None
        async with answering(self.place):
            info = await self._pull.consumer_info()
        return {_source(self._subscription.topic): (info.num_pending or 0) + (info.num_ack_pending or 0)}

    async def close(self) -> None:
        """Disconnect."""
        broker, client = self._broker, self._client
        self._broker = self._client = self._pull = None
        if client is not None:
            await quietly(client.close())
        if broker is not None:
            await quietly(broker.stop())


async def _stream_of(stream: JetStreamContext, subject: str) -> str:
    """Return the name of the stream that keeps a subject; make one if there is none."""
    try:
        return await stream.find_stream_name_by_subject(subject)
    except NotFoundError:
        name = subject.replace(".", "-")
        await stream.add_stream(name=name, subjects=[subject])
        return name


def _leave_headers(client: Client) -> None:
    """Let the client read no headers of the messages of streams (note 1)."""
    process = client._process_msg  # noqa: SLF001 - the client has no public place for it

    async def process_without(sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        await process(sid, subject, reply, data, b"" if reply.startswith(_TO_ACKNOWLEDGE) else headers)

    client._process_msg = process_without  # type: ignore[method-assign] # noqa: SLF001


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _source(topic: str) -> str:
    return f"nats:{topic}"


def _incoming(message: Msg, topic: str) -> Incoming:
    metadata = message.metadata
    number = metadata.sequence.stream
    at = int(metadata.timestamp.timestamp() * 1000)
    return Incoming(
        source=_source(topic),
        id=f"{number}@{at}",
        body=message.data,
        position={"broker": "nats", "topic": topic, "stream": metadata.stream, "sequence": number},
        at=at,
        handle=message,
    )
