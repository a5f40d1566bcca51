"""PostgreSQL backplane: LISTEN and NOTIFY, for instances that share a database and have no Redis.

A notification carries 8,000 bytes at most and costs a lock of the whole server, so the events are not sent:
only the newest position is, which the others read up to. What is announced while a notification is on its way
goes with the next one.

Behind a pooler in transaction mode, LISTEN has no effect. A probe is therefore sent by another session, one
that reads; if it does not arrive, the backplane is out of order, and the log is polled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from lumen_notify.commit.database.listener import Listener
from lumen_notify.deliver.backplane.remote import Link, RemoteBackplane

Notify = Callable[[str, str], Awaitable[Any]]
"""(channel, payload): sends a notification on another session than the one that listens."""


class PostgresqlBackplane(RemoteBackplane):
    """Reaches the instances on the same database. url: of the session that listens. notify: for probes."""

    MAX_PAYLOAD_BYTES = 7900
    HAS_EVENTS = False
    MIN_INTERVAL_SECONDS = 0.002

    def __init__(self, url: str, *, notify: Notify, **given: Any) -> None:
        super().__init__(**given)
        self._url = url
        self._notify = notify

    def _new_link(self, epoch: str) -> Link:
        return PostgresqlLink(Listener(self._url), f"lumen_{epoch}", self._notify)


class PostgresqlLink(Link):
    """A session that listens and sends."""

    def __init__(self, listener: Listener, channel: str, notify: Notify) -> None:
        self._listener = listener
        self._channel = channel
        self._notify = notify

    async def open(self, receive: Callable[[str | bytes], None]) -> None:
        """Connect and listen."""
        await self._listener.open(self._channel, receive)

    async def send(self, payloads: Sequence[str]) -> None:
        """Send notifications."""
        await self._listener.notify(self._channel, payloads)

    async def probe(self, payload: str) -> None:
        """Send a notification by another session."""
        await self._notify(self._channel, payload)

    async def wait(self) -> None:
        """Wait until the session ends: asyncpg receives by itself."""
        await self._listener.wait()

    async def close(self) -> None:
        """End the session."""
        await self._listener.close()
