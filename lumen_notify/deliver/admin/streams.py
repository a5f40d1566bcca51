"""Streams: the open streams of administrators on this instance, which get a frame each second.

They are few and bounded, and are no streams of users: they hear no events and count nowhere. Promises: a
stream ends with its token, and within a second once that is revoked; a client that does not read costs
MAX_BACKLOG_BYTES; without streams and watchers on other instances nothing is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from lumen_notify.auth import Principal, Revocations
from lumen_notify.deliver.admin import exchange
from lumen_notify.deliver.admin.exchange import Exchange
from lumen_notify.deliver.admin.snapshot import snapshot
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames import control
from lumen_notify.metrics.figures import Figures
from lumen_notify.model import CloseReason

MAX_STREAMS = 50
"""Open streams of administrators on one instance. One more is answered by `closing` with `overloaded`."""

MAX_BACKLOG_BYTES = 64 * 1024
"""What may wait for one client: about a minute of frames."""

READ_SECONDS = 1.0
"""How often figures are read and sent."""

LAST_BYTES_SECONDS = 5.0
"""How long a client may take for the last bytes of its stream."""

_log = logging.getLogger("lumen_notify.streams")


class AdminStreams:
    """The streams. instance: the name of this one. read: returns its figures. send: a message to the other
    instances. wall_clock: ms; clock: monotonic seconds."""

    def __init__(
        self,
        *,
        instance: str,
        read: Callable[[], Figures],
        send: Callable[[str, Mapping[str, Any]], None],
        messages: Messages,
        revocations: Revocations,
        wall_clock: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = Exchange(instance, read, send, clock=clock, on_wanted=self.wake)
        messages.handle(exchange.WANTED, self._exchange.receive_wanted)
        messages.handle(exchange.FIGURES, self._exchange.receive)
        self._revocations = revocations
        self._clock = clock
        self._wall_clock = wall_clock
        self._open: dict[Connection, Principal] = {}
        self._ending: dict[Connection, float] = {}
        self._is_draining = False
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def refusal(self) -> CloseReason | None:
        """Return why one more stream is refused; None if it is not."""
        if self._is_draining:
            return CloseReason.SHUTDOWN
        return CloseReason.OVERLOADED if len(self._open) >= MAX_STREAMS else None

    def add(self, connection: Connection, principal: Principal) -> None:
        """Add a stream. It gets its first frame at once."""
        self._open[connection] = principal
        _log.info("stream %s of an administrator opened", connection.id)
        self._wake.set()

    def on_close(self, connection: Connection, reason: CloseReason) -> None:
        """Remove a stream that has ended: the `on_close` of every connection."""
        if self._open.pop(connection, None) is not None and reason is not CloseReason.GONE:
            self._ending[connection] = self._clock() + LAST_BYTES_SECONDS
        _log.info("stream %s of an administrator closed: %s", connection.id, reason.word)

    def wake(self) -> None:
        """Read figures now: somebody watches."""
        self._wake.set()

    def start_drain(self) -> None:
        """Close all streams as `shutdown`, and refuse new ones."""
        self._is_draining = True
        for connection in list(self._open):
            close_for_restart(connection)

    async def run(self) -> None:
        """Send frames until cancelled: a task of the supervisor."""
        while True:
            self._wake.clear()
            if self._open or self._ending or self._exchange.is_wanted:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(READ_SECONDS):
                        await self._wake.wait()
            else:
                self._exchange.forget()
                await self._wake.wait()
            self.tick()

    def tick(self) -> None:
        """End the streams whose time has come, and send a frame to the others."""
        self._end()
        if self._open:
            self._exchange.want()
        if self._open or self._exchange.is_wanted:
            self._exchange.read()
        if self._open:
            chunks = control.ephemeral("figures", snapshot(self._exchange.kept(), self._wall_clock()))
            for connection in list(self._open):
                try:
                    connection.write(chunks)
                except Exception:  # noqa: BLE001 - one stream ends, whatever it is
                    _log.exception("Stream %s of an administrator failed.", connection.id)
                    connection.fail()

    def _end(self) -> None:
        now_ms, now = self._wall_clock(), self._clock()
        for connection, principal in list(self._open.items()):
            if self._revocations.is_revoked(principal):
                connection.close(CloseReason.REVOKED)
            elif now_ms >= principal.expires_at:
                connection.close(CloseReason.EXPIRED)
        for connection in [one for one, until in self._ending.items() if until <= now]:
            del self._ending[connection]
            connection.abort()


def close_for_restart(connection: Connection) -> None:
    """Close a stream so that its client comes back once the server has started again."""
    connection.close(CloseReason.SHUTDOWN, control.jittered(control.RESTART_RETRY_MS))
