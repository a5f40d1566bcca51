"""Redis: a stream with a consumer group.

All processes read by one consumer name, one at a time: whoever goes on after another reads first what that
one had fetched and not acknowledged, in its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from faststream.redis import RedisBroker
from faststream.redis.parser import BinaryMessageFormatV1
from redis.asyncio.client import Redis
from redis.exceptions import ResponseError

from lumen_notify.intake.brokers.connection import Subscription, answering, quietly, security
from lumen_notify.intake.source import FETCH_SECONDS, TIMEOUT_SECONDS, DeadLetter, Incoming

CONSUMER = "lumen-notify"
"""The name of the consumer in the group."""

BODY = b"body"
"""The field of an entry that has the message."""

FASTSTREAM_BODY = b"__data__"
"""The field in which FastStream's publishers write it, in a format of their own."""

PENDING = "0"
NEW = ">"
"""After which entry to read: what is not acknowledged, and what nobody has fetched."""


class RedisSource:
    """A `Source`."""

    def __init__(self, subscription: Subscription) -> None:
        self.place = subscription.url.place
        self._subscription = subscription
        self._broker: RedisBroker | None = None
        self._client: Redis | None = None
        self._from = PENDING

    async def open(self) -> None:
        """Connect; make the stream and the group where they are missing."""
        given = self._subscription
        ((host, port),) = given.url.addresses
        async with answering(self.place):
            self._broker = broker = RedisBroker(
                f"{'rediss' if given.url.is_encrypted else 'redis'}://{host}:{port}/{given.url.path or 0}",
                security=security(given.url),
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                client_name="lumen-notify",
                logger=None,  # type: ignore[arg-type] # as the other brokers take it
            )
            self._client = await broker.connect()
            self._from = PENDING
            try:
                await self._client.xgroup_create(given.topic, given.group, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def fetch(self) -> Sequence[Incoming]:
        """Return the next messages: first those that were fetched and not acknowledged."""
        assert self._client is not None
        given = self._subscription
        while True:
            async with answering(self.place):
                answer = await self._client.xreadgroup(
                    given.group,
                    CONSUMER,
                    {given.topic: self._from},
                    count=given.prefetch,
                    block=int(FETCH_SECONDS * 1000) if self._from == NEW else None,
                )
            entries = list(_entries(answer))
            if self._from != NEW:
                self._from = _text(entries[-1][0]) if entries else NEW
                if not entries:
                    continue
            gone = [id_ for id_, fields in entries if not fields]
            if gone:  # they were deleted from the stream before they were read again
                async with answering(self.place):
                    await self._client.xack(given.topic, given.group, *gone)
            if gone and len(gone) == len(entries):
                continue
            return [_incoming(id_, fields, given.topic) for id_, fields in entries if fields]

    async def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Acknowledge all at once."""
        assert self._client is not None
        given = self._subscription
        async with answering(self.place):
            await self._client.xack(given.topic, given.group, *(message.handle for message in messages))

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Write to the stream of dead letters."""
        assert self._client is not None
        for letter in letters:
            async with answering(self.place):
                await self._client.xadd(self._subscription.dead_letters, {BODY: letter.body})

    async def lag(self) -> Mapping[str, int]:
        """Return how many entries the group has before it, those that it has fetched included."""
        assert self._client is not None
        async with answering(self.place):
            groups = await self._client.xinfo_groups(self._subscription.topic)
        for group in groups:
            if _text(group["name"]) == self._subscription.group:
                return {_source(self._subscription.topic): (group.get("lag") or 0) + group["pending"]}
        return {}

    async def close(self) -> None:
        """Disconnect."""
        broker, self._broker, self._client = self._broker, None, None
        if broker is not None:
            await quietly(broker.stop())


def _entries(answer: Any) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
    """List the entries of an answer in the form of either version of the protocol."""
    if isinstance(answer, dict):
        for lists in answer.values():
            for entries in lists:
                yield from entries
    else:
        for _, entries in answer or ():
            yield from entries


def _text(given: str | bytes) -> str:
    return given if isinstance(given, str) else given.decode()


def _source(topic: str) -> str:
    return f"redis:{topic}"


def _incoming(id_: bytes, fields: Mapping[bytes, bytes], topic: str) -> Incoming:
    text = _text(id_)
    if (body := fields.get(BODY)) is None:
        body, _ = BinaryMessageFormatV1.parse(fields.get(FASTSTREAM_BODY, b""))
    return Incoming(
        source=_source(topic),
        id=text,
        body=body,
        position={"broker": "redis", "topic": topic, "id": text},
        at=int(text.partition("-")[0]) or None,
        handle=id_,
    )
