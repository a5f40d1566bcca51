"""Listener: a connection to PostgreSQL that listens for notifications, and sends them.

It has a session of its own, since LISTEN belongs to a session. NOTIFY takes a lock of the whole server at
COMMIT, so it is never sent in a transaction on the log.

Not here: when to connect, what the payloads say (`deliver/backplane/postgresql`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from lumen_notify.commit.database.postgresql import CONNECT_SECONDS, places
from lumen_notify.errors import BackplaneUnavailable
from lumen_notify.settings.database_url import parse_postgresql

STATEMENT_SECONDS = 5.0

SESSION = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    " SET synchronous_commit = off"
)
"""The server notices that this process is gone; NOTIFY, which nothing has to survive, waits for no disk."""

NOTIFY = "SELECT pg_notify($1, payload) FROM unnest(CAST($2 AS text[])) AS payload"


class Listener:
    """One session. url: see `settings/database_url`. Each method raises BackplaneUnavailable."""

    def __init__(self, url: str) -> None:
        self._url = parse_postgresql(url)
        self._raw: Any = None
        self._has_ended = asyncio.Event()

    async def open(self, channel: str, receive: Callable[[str], None]) -> None:
        """Connect and listen. receive: called with each payload that any session sends to the channel."""

        def receive_payload(_connection: object, _pid: int, _channel: str, payload: str) -> None:
            receive(payload)

        async with _explained():
            self._raw = await asyncpg.connect(
                **places(self._url),
                timeout=self._url.connect_seconds or CONNECT_SECONDS,
                command_timeout=STATEMENT_SECONDS,
                statement_cache_size=0,  # a pooler may give each statement another session
            )
            self._raw.add_termination_listener(lambda _connection: self._has_ended.set())
            await self._raw.execute(SESSION)
            await self._raw.add_listener(channel, receive_payload)

    async def notify(self, channel: str, payloads: Sequence[str]) -> None:
        """Send payloads to all sessions that listen to a channel. payloads: each under 8,000 bytes."""
        async with _explained():
            await self._raw.execute(NOTIFY, channel, payloads)

    async def wait(self) -> None:
        """Wait until the connection ends, and raise."""
        await self._has_ended.wait()
        raise BackplaneUnavailable("The connection that listens to PostgreSQL has ended.")

    async def close(self) -> None:
        """Close the connection, whatever its state."""
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.terminate()


@asynccontextmanager
async def _explained() -> AsyncIterator[None]:
    try:
        yield
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BackplaneUnavailable(f"PostgreSQL does not answer ({type(error).__name__}).") from error
    except asyncpg.InternalClientError as error:  # raised if the connection breaks at certain moments
        raise BackplaneUnavailable("PostgreSQL does not answer.") from error
