"""Redis client: commands and subscriptions on a Redis or Valkey server.

Promise: each call ends within TIMEOUT_SECONDS, and raises BackplaneUnavailable whatever is wrong. Nothing is
tried twice: the caller knows what a repetition means. A connection that broke is replaced at the next call.

This is the only module that imports redis-py, which is optional: it is imported by those who need it, when
they do.

Not here: which URLs there are (`settings/backplane_url`), when to connect again (`deliver/backplane`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio.client import PubSub, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from lumen_notify.errors import BackplaneUnavailable
from lumen_notify.exception_text import describe
from lumen_notify.settings.backplane_url import RedisUrl, parse_redis

TIMEOUT_SECONDS = 5.0
"""How long a call may take. A server that is well answers in a millisecond."""


class RedisClient:
    """One server, reached by a few connections that are opened when they are needed.

    url: see `settings/backplane_url`. place: where the server is, for error texts.
    """

    def __init__(self, url: str) -> None:
        parsed = parse_redis(url)
        self.place = parsed.place
        self._redis, self._sentinels = _clients(parsed)

    async def execute(self, *command: str | bytes | float) -> Any:
        """Run a command; return its answer, with texts as bytes. Raises BackplaneUnavailable."""
        async with self._explained():
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]

    async def publish(self, channel: str, payload: str) -> None:
        """Send a payload to all who subscribe to a channel. Raises BackplaneUnavailable."""
        await self.execute("PUBLISH", channel, payload)

    async def subscribe(self, channel: str) -> Subscription:
        """Subscribe to a channel, on a connection of its own; return once the server has confirmed it.

        Raises BackplaneUnavailable.
        """
        pubsub = self._redis.pubsub()
        subscription = Subscription(self, pubsub)
        try:
            async with self._explained():
                await pubsub.subscribe(channel)
                while (await pubsub.get_message(timeout=None) or {}).get("type") != "subscribe":
                    pass
        except BaseException:
            await subscription.close()
            raise
        return subscription

    async def close(self) -> None:
        """Close all connections, whatever their state."""
        for client in (self._redis, *self._sentinels):
            await _quietly(client.aclose())

    @asynccontextmanager
    async def _explained(self, *, may_wait: bool = False) -> AsyncIterator[None]:
        """Raise BackplaneUnavailable for whatever an outage raises in the block, or if it takes too long.

        may_wait: the block may take any time.
        """
        task = asyncio.current_task()
        assert task is not None
        cancels = task.cancelling()
        try:
            async with asyncio.timeout(None if may_wait else TIMEOUT_SECONDS):
                yield
        except TimeoutError:
            raise BackplaneUnavailable(f"{self.place} does not answer in time.") from None
        except (OSError, RedisError) as error:
            raise BackplaneUnavailable(
                f"{self.place} does not answer ({describe(error).rstrip('.')})."
            ) from error
        if task.cancelling() > cancels:
            raise asyncio.CancelledError  # redis-py waits by `wait_for`, which loses it in Python 3.11


class Subscription:
    """A subscription to a channel, until it is closed or its connection breaks."""

    def __init__(self, client: RedisClient, pubsub: PubSub) -> None:
        self._client = client
        self._pubsub = pubsub

    async def receive(self) -> bytes:
        """Wait for the next payload. Raises BackplaneUnavailable once the connection has broken."""
        while True:
            async with self._client._explained(may_wait=True):  # noqa: SLF001 - of the same module
                message = await self._pubsub.get_message(timeout=None)
            if message is not None and message["type"] == "message":
                payload: bytes = message["data"]
                return payload

    async def close(self) -> None:
        """Close its connection, whatever its state."""
        await _quietly(self._pubsub.aclose())  # type: ignore[no-untyped-call]


def _clients(url: RedisUrl) -> tuple[Redis, Sequence[Redis]]:
    """Return the client of the server, and those of the Sentinels that know its address."""
    common: dict[str, Any] = {
        "protocol": 2,  # the same words for a wrong password from any server
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "ssl": url.is_encrypted,
        **url.files,
    }
    login: dict[str, Any] = {"db": url.database, "username": url.user, "password": url.password}
    if url.socket is not None:
        del common["ssl"]
        return Redis(unix_socket_path=url.socket, **login, **common), ()
    if url.service is None:
        ((host, port),) = url.addresses
        return Redis(host=host, port=port, **login, **common), ()
    sentinel_login = {"username": url.sentinel_user, "password": url.sentinel_password}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        [tuple(address) for address in url.addresses],
        sentinel_kwargs={**common, **sentinel_login},
        **common,
        **login,
    )
    return sentinel.master_for(url.service), sentinel.sentinels


async def _quietly(closing: Any) -> None:
    """Await the end of a connection that may be broken."""
    try:
        async with asyncio.timeout(1):
            await closing
    except (OSError, RedisError, TimeoutError):
        pass
