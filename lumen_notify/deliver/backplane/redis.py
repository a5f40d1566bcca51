"""Redis backplane: Pub/Sub on a Redis or Valkey server, with the events themselves.

A healthy instance reads no event of another one from the database. Events that are too large for one payload
are announced by their position. The name of the channel has the log's epoch, so that several services may
share a server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lumen_notify.deliver.backplane.remote import Link, RemoteBackplane

if TYPE_CHECKING:
    from lumen_notify.redis_client import RedisClient, Subscription

PREFIX = "lumen:"
"""Of the names of channels, for access rules of the server (`&lumen:*`)."""


class RedisBackplane(RemoteBackplane):
    """Reaches the instances on the same log by a server."""

    MAX_PAYLOAD_BYTES = 256 * 1024
    HAS_EVENTS = True

    def __init__(self, redis: RedisClient, **given: Any) -> None:
        super().__init__(**given)
        self._redis = redis

    def _new_link(self, epoch: str) -> Link:
        return RedisLink(self._redis, f"{PREFIX}{epoch}")


class RedisLink(Link):
    """A subscription; what is sent goes by another connection, and so do the probes."""

    def __init__(self, redis: RedisClient, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._subscription: Subscription | None = None
        self._receive: Callable[[str | bytes], None] = _ignore

    async def open(self, receive: Callable[[str | bytes], None]) -> None:
        """Subscribe. What arrives before `wait` waits."""
        self._receive = receive
        self._subscription = await self._redis.subscribe(self._channel)

    async def send(self, payloads: Sequence[str]) -> None:
        """Publish."""
        for payload in payloads:
            await self._redis.publish(self._channel, payload)

    async def probe(self, payload: str) -> None:
        """Publish, as others do."""
        await self._redis.publish(self._channel, payload)

    async def wait(self) -> None:
        """Receive."""
        assert self._subscription is not None
        while True:
            self._receive(await self._subscription.receive())

    async def close(self) -> None:
        """End the subscription."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()


def _ignore(_payload: str | bytes) -> None:
    pass
