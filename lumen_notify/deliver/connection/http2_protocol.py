"""HTTP/2 protocol: many requests over one TLS connection, each as an application sees those of HTTP/1.1.

The frames are read and written by h2, the library below httpx and Hypercorn. uvicorn's own HTTP/2 needs
`zttp`, which calls itself experimental, and it queues without bound what a client does not take.

Promises, for each connection:

1. At most MAX_STREAMS requests at once, and MAX_TASKS with those that the client has reset.
2. What a client does not take waits in the application (`http2_cycle`): the transport holds
   WRITE_BUFFER_BYTES, and while it is full nothing is read, so that nothing has to be acknowledged.
3. A body waits in flow-control windows of 64 KiB until the application reads it.
4. A connection without requests ends after IDLE_SECONDS, whatever bytes it sends.
5. What a client sends takes about STEP_SECONDS of the loop at a time. Nothing is read while the rest waits.

Not here: which protocol a TLS connection speaks (`negotiated`), what a client may send (`http2_limits`), a
request and its response (`http2_cycle`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from starlette.types import ASGIApp

from lumen_notify.deliver.connection import http2_scope
from lumen_notify.deliver.connection.http2_cycle import Http2Cycle
from lumen_notify.deliver.connection.http2_limits import MAX_STREAMS, limit_header_table, limited_connection
from lumen_notify.deliver.connection.http_refusal import HttpRefusal
from lumen_notify.deliver.connection.send_timeout import SEND_SECONDS, WRITE_BUFFER_BYTES

MAX_TASKS = 2 * MAX_STREAMS
"""How many requests of one connection may run. One that the client has reset runs to its end, so a client
that opens and resets requests in turn is disconnected."""

IDLE_SECONDS = 20.0

STEP_SECONDS = 0.002

FED_BYTES = 256
"""How much h2 gets at once. A frame of 50 bytes may take 3 ms: it is the compressed head of a request."""

_log = logging.getLogger("lumen_notify.http2")


class Http2Protocol(asyncio.Protocol):
    """One HTTP/2 connection. The arguments are those of uvicorn's protocols."""

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        self._app: ASGIApp = config.loaded_app
        self._root_path: str = config.root_path
        self._server_state = server_state
        self._app_state = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._h2 = limited_connection()
        self._cycles: dict[int, Http2Cycle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None  # while idle, or closing
        self._is_shutting_down = False
        self._unread = bytearray()
        self._step: asyncio.Handle | None = None  # reads it
        self.is_full = False
        self.transport: Any = None

    # Called by the transport (asyncio.Protocol).

    def connection_made(self, transport: Any) -> None:
        """Send our settings."""
        self.transport = transport
        self._server_state.connections.add(self)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self.flush()
        self._start_idle_timer()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Mark all requests as disconnected."""
        self._stop_timer()
        self._server_state.connections.discard(self)
        self._disconnect_all()

    def data_received(self, data: bytes) -> None:
        """Handle the frames that have arrived."""
        self._unread += data
        if self._step is None:
            self._read()

    def _read(self) -> None:
        """Handle frames for STEP_SECONDS; let the others have their turn before the rest."""
        self._step = None
        until = self._loop.time() + STEP_SECONDS
        while self._unread and not (self.is_full or self.transport.is_closing()):
            self._feed(bytes(self._unread[:FED_BYTES]))
            del self._unread[:FED_BYTES]
            if self._loop.time() >= until:
                break
        self.flush()
        if self.transport.is_closing():
            self._unread.clear()
        elif self._unread:
            self.transport.pause_reading()
            if not self.is_full:
                self._step = self._loop.call_soon(self._read)
        elif not self.is_full:
            self.transport.resume_reading()

    def _feed(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:
            self._close_transport()  # h2 has prepared a GOAWAY
            return
        for event in events:
            if self.transport.is_closing():
                return
            self._on_event(event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._on_request(event)
        elif isinstance(event, DataReceived):
            self._on_data(event)
        elif isinstance(event, StreamEnded):
            if (cycle := self._cycles.get(event.stream_id)) is not None:
                cycle.on_body_end()
        elif isinstance(event, StreamReset):
            self._on_reset(event.stream_id)
        elif isinstance(event, WindowUpdated):
            self._wake(event.stream_id)
        elif isinstance(event, RemoteSettingsChanged):
            limit_header_table(self._h2)
            self._wake(0)
        elif isinstance(event, ConnectionTerminated):
            self._close_transport()

    def pause_writing(self) -> None:
        """Stop reading and sending: the transport is full."""
        self.is_full = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self.is_full = False
        if not self.transport.is_closing():
            self._wake(0)
            if self._step is None:
                self._step = self._loop.call_soon(self._read)

    # Called by uvicorn's server.

    def shutdown(self) -> None:
        """Refuse new requests; close once those that run are answered."""
        self._is_shutting_down = True
        if not self._cycles:
            self.close()

    # Called by requests.

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of all responses."""
        return self._server_state.default_headers  # type: ignore[no-any-return]

    def sendable_bytes(self, stream_id: int) -> int:
        """Return how many bytes of a response may be sent now."""
        if self.is_full or self.transport.is_closing():
            return 0
        window_bytes = self._h2.local_flow_control_window(stream_id)
        return max(0, min(window_bytes, self._h2.max_outbound_frame_size))

    def send_headers(self, stream_id: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the head of a response."""
        self._h2.send_headers(stream_id, headers)
        self.flush()

    def send_data(self, stream_id: int, data: bytes, *, is_last: bool) -> None:
        """Send a part of a body, of at most `sendable_bytes`."""
        self._h2.send_data(stream_id, data, end_stream=is_last)
        self.flush()

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Let the client send as much again: the application has read it. size: in bytes."""
        if size and not self.transport.is_closing():
            self._h2.acknowledge_received_data(size, stream_id)
            self.flush()

    def reset(self, stream_id: int, code: ErrorCodes) -> None:
        """End one request, without touching the others."""
        if not self.transport.is_closing():
            try:
                self._h2.reset_stream(stream_id, code)
            except ProtocolError:  # the client has ended it
                return
            self.flush()

    def forget(self, cycle: Http2Cycle) -> None:
        """Release a request that has been answered, or will not be."""
        if self._cycles.pop(cycle.stream_id, None) is None or self._cycles or self.transport.is_closing():
            return
        if self._is_shutting_down:
            self.close()
        else:
            self._start_idle_timer()

    def flush(self) -> None:
        """Write the frames that are ready."""
        if (frames := self._h2.data_to_send()) and not self.transport.is_closing():
            self.transport.write(frames)

    def close(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Say goodbye and close."""
        if not self.transport.is_closing():
            self._h2.close_connection(code)
            self._close_transport()

    # The frames of a client.

    def _on_request(self, event: RequestReceived) -> None:
        stream_id: int = event.stream_id
        if self._is_shutting_down:
            self.reset(stream_id, ErrorCodes.REFUSED_STREAM)  # never seen: the client may repeat it
            return
        if len(self._tasks) >= MAX_TASKS:
            _log.warning("A client reset too many requests; its connection is closed.")
            self.close(ErrorCodes.ENHANCE_YOUR_CALM)
            return
        self._stop_timer()
        app = self._app
        try:
            scope = http2_scope.scope(
                event.headers or (),
                transport=self.transport,
                root_path=self._root_path,
                state=self._app_state,
            )
        except HttpRefusal as refusal:
            refusal.log(self.transport.get_extra_info("peername"))
            scope, app = {"type": "http", "method": "GET"}, refusal.response()
        cycle = Http2Cycle(self, stream_id, scope, self._loop, has_body=event.stream_ended is None)
        self._cycles[stream_id] = cycle
        task = self._loop.create_task(cycle.run(app))
        for tasks in (self._tasks, self._server_state.tasks):
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        self._server_state.total_requests += 1

    def _on_data(self, event: DataReceived) -> None:
        cycle = self._cycles.get(event.stream_id)
        if cycle is None:
            self.acknowledge(event.stream_id, event.flow_controlled_length)
        else:
            cycle.on_body(event.data, event.flow_controlled_length)

    def _on_reset(self, stream_id: int) -> None:
        if (cycle := self._cycles.get(stream_id)) is not None:
            cycle.on_disconnect()
            self.forget(cycle)

    def _wake(self, stream_id: int) -> None:
        """Let responses go on that wait for room. stream_id: 0 for all."""
        if stream_id == 0:
            for cycle in list(self._cycles.values()):
                cycle.on_room()
        elif (one := self._cycles.get(stream_id)) is not None:
            one.on_room()

    def _disconnect_all(self) -> None:
        for cycle in list(self._cycles.values()):
            cycle.on_disconnect()
        self._cycles.clear()

    # The end of the connection.

    def _start_idle_timer(self) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(IDLE_SECONDS, self.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_transport(self) -> None:
        self._disconnect_all()  # after a GOAWAY, h2 sends nothing more
        self._stop_timer()
        self.flush()
        self.transport.close()
        self._timer = self._loop.call_later(SEND_SECONDS, self.transport.abort)
