"""Connections: a request's bytes in, an answer's bytes out; HTTP/2 by h2, HTTP/1.1 by h11."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import h11
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import ProtocolError
from hyperframe.frame import GoAwayFrame


class Reply(Protocol):
    """What a connection writes."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class OnRequest(Protocol):
    """Called with each request that is whole."""

    def __call__(
        self, connection: Connection, stream_id: int, headers: list[tuple[str, str]], body: bytes
    ) -> None: ...


class Connection(asyncio.Protocol, ABC):
    """One connection. open: the set of those that are."""

    def __init__(self, on_request: OnRequest, open_connections: set[Connection]) -> None:
        self.number = 0
        self._on_request = on_request
        self._open = open_connections
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._open.discard(self)
        self._transport = None

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    @abstractmethod
    def leave(self, *, before: int | None = None) -> None: ...

    @abstractmethod
    def reply(self, stream_id: int, reply: Reply) -> None: ...

    def _write(self, data: bytes) -> None:
        if self._transport is not None and data:
            self._transport.write(data)


class Http2Connection(Connection):
    """HTTP/2: many requests at once."""

    def __init__(self, on_request: OnRequest, open_connections: set[Connection]) -> None:
        super().__init__(on_request, open_connections)
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._headers: dict[int, list[tuple[str, str]]] = {}
        self._bodies: dict[int, bytes] = {}
        self._unsent: dict[int, bytes] = {}
        self._last: int | None = None  # the last stream that is answered; None: no GOAWAY was sent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:
            self._flush()
            self.abort()
            return
        for event in events:
            self._on_event(event)
        self._flush()

    def leave(self, *, before: int | None = None) -> None:
        """Send GOAWAY. before: the first stream that was not taken; None: all were."""
        self._last = self._h2.highest_inbound_stream_id if before is None else max(0, before - 2)
        self._headers = {stream: head for stream, head in self._headers.items() if stream <= self._last}
        # Not by h2: it takes and sends nothing after a GOAWAY of its own, but a server does.
        self._write(GoAwayFrame(last_stream_id=self._last).serialize())
        self._end_if_done()

    def reply(self, stream_id: int, reply: Reply) -> None:
        headers = [(":status", str(reply.status)), *reply.headers.items()]
        try:
            self._h2.send_headers(stream_id, headers, end_stream=not reply.body)
        except ProtocolError:
            return  # the client has gone
        if reply.body:
            self._unsent[stream_id] = reply.body
            self._send(stream_id)
        else:
            self._headers.pop(stream_id, None)
        self._flush()
        self._end_if_done()

    def _on_event(self, event: Any) -> None:
        match event:
            case RequestReceived() if self._last is None or event.stream_id <= self._last:
                self._headers[event.stream_id] = [(str(name), str(value)) for name, value in event.headers]
                self._bodies[event.stream_id] = b""
            case DataReceived():
                if event.stream_id in self._bodies:
                    self._bodies[event.stream_id] += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded() if event.stream_id in self._bodies:
                self._flush()
                self._on_request(
                    self, event.stream_id, self._headers[event.stream_id], self._bodies.pop(event.stream_id)
                )
            case StreamReset():
                for kept in (self._headers, self._bodies, self._unsent):
                    kept.pop(event.stream_id, None)
            case WindowUpdated():
                for stream_id in list(self._unsent):
                    self._send(stream_id)
                self._end_if_done()

    def _send(self, stream_id: int) -> None:
        while rest := self._unsent.get(stream_id):
            size = min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)
            if size <= 0:
                return
            self._h2.send_data(stream_id, rest[:size], end_stream=len(rest) <= size)
            self._unsent[stream_id] = rest[size:]
        self._unsent.pop(stream_id, None)
        self._headers.pop(stream_id, None)

    def _end_if_done(self) -> None:
        if self._last is not None and not self._headers and self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        self._write(self._h2.data_to_send())


class Http1Connection(Connection):
    """HTTP/1.1: one request after another."""

    def __init__(self, on_request: OnRequest, open_connections: set[Connection]) -> None:
        super().__init__(on_request, open_connections)
        self._h11 = h11.Connection(h11.SERVER)
        self._headers: list[tuple[str, str]] = []
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._h11.receive_data(data)
        self._go_on()

    def leave(self, *, before: int | None = None) -> None:
        """HTTP/1.1 has no goodbye."""
        self.abort()

    def reply(self, stream_id: int, reply: Reply) -> None:
        headers = [*reply.headers.items(), ("content-length", str(len(reply.body)))]
        events: list[Callable[[], h11.Event]] = [
            lambda: h11.Response(status_code=reply.status, headers=headers),
            lambda: h11.Data(data=reply.body),
            h11.EndOfMessage,
        ]
        for make in events:
            self._write(self._h11.send(make()) or b"")
        if self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
            self._go_on()

    def _go_on(self) -> None:
        while True:
            match self._h11.next_event():
                case h11.Request() as head:
                    self._headers = [
                        (":method", head.method.decode()),
                        (":path", head.target.decode()),
                        *((name.decode(), value.decode()) for name, value in head.headers),
                    ]
                    self._body = b""
                case h11.Data() as part:
                    self._body += part.data
                case h11.EndOfMessage():
                    self._on_request(self, 1, self._headers, self._body)
                    return
                case _:
                    return
