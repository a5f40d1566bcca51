"""Send time-out: ends a connection whose client does not read its responses.

What a client does not read waits in the transport: at most WRITE_BUFFER_BYTES and one response. The response
to its next request waits until the transport has room. Both wait for a bounded time.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WRITE_BUFFER_BYTES = 64 * 1024
"""How much the transport may hold before a response waits."""

SEND_SECONDS = 60.0
MIN_SENT_BYTES = 16 * 1024
"""How many bytes must leave the transport in SEND_SECONDS, unless all do. A minute, as in nginx: on a slow
connection the kernel takes no bytes until a third of its buffer is free."""


class SendTimeoutProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a time-out for bytes that the client does not take."""

    # Slots, here and in the subclasses: beyond 30 attributes in a `__dict__`, Python looks each of them up.
    __slots__ = ("_send_timeout", "_unsent_bytes")

    def connection_made(self, transport: Any) -> None:
        """Bound what the transport holds."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._unsent_bytes = 0
        self._send_timeout: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time-out."""
        self._stop_send_timeout()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the time-out: the transport is full."""
        super().pause_writing()
        self._start_send_timeout()

    def resume_writing(self) -> None:
        """Stop the time-out: the transport has room."""
        super().resume_writing()
        self._stop_send_timeout()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection."""
        super().timeout_keep_alive_handler()
        self._start_send_timeout()

    def shutdown(self) -> None:
        """Close an idle connection: uvicorn calls this when it shuts down."""
        super().shutdown()
        if self.transport.is_closing():
            self._start_send_timeout()

    def _close(self) -> None:
        """Close once the client has taken all bytes, or after the time-out."""
        self.transport.close()
        self._start_send_timeout()

    def _start_send_timeout(self) -> None:
        self._stop_send_timeout()
        self._unsent_bytes = self.transport.get_write_buffer_size()
        if self._unsent_bytes:
            self._send_timeout = self.loop.call_later(SEND_SECONDS, self._on_send_timeout)

    def _stop_send_timeout(self) -> None:
        if self._send_timeout is not None:
            self._send_timeout.cancel()
            self._send_timeout = None

    def _on_send_timeout(self) -> None:
        if self.transport.get_write_buffer_size() > self._unsent_bytes - MIN_SENT_BYTES:
            self.transport.abort()
        else:
            self._start_send_timeout()
