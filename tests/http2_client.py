"""A client of HTTP/2 that a test leads: it takes no more than it is told to, and breaks rules if asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset

WAIT_SECONDS = 20.0


@dataclass(slots=True, kw_only=True)
class Answer:
    """What has come for one request. taken: how much of the body the client has acknowledged."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    has_ended: bool = False
    reset_code: int | None = None


class Http2Client:
    """One connection. takes: whether what arrives is acknowledged, so that more may come; `not_taken` has the
    streams for which it is not."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, takes: bool) -> None:
        self._reader, self._writer = reader, writer
        self._takes = takes
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.answers: dict[int, Answer] = {}
        self.not_taken: set[int] = set()
        self.goodbye: int | None = None  # the code of a GOAWAY
        self.is_closed = False
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self._writer.write(self.h2.data_to_send())

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    def request(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        headers: Sequence[tuple[str, str]] = (),
        is_whole: bool = True,
        authority: str = "localhost",
    ) -> int:
        """Send the head of a request; return its stream."""
        stream_id = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]
        self.h2.send_headers(stream_id, [*pseudo, *headers], end_stream=is_whole)
        self.answers[stream_id] = Answer()
        self.flush()
        return stream_id

    def send_body(self, stream_id: int, data: bytes, *, is_last: bool = False) -> None:
        self.h2.send_data(stream_id, data, end_stream=is_last)
        self.flush()

    async def wait_until(self, is_so: Any) -> None:
        """Read until `is_so()`, or the connection has ended."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not is_so() and not self.is_closed:
                data = await self._reader.read(65536)
                self.is_closed = not data
                for event in self.h2.receive_data(data) if data else ():
                    self._on_event(event)
                self.flush()
        assert is_so(), "the connection has ended"

    async def answer(self, stream_id: int) -> Answer:
        """Return an answer once it is whole."""
        one = self.answers[stream_id]
        await self.wait_until(lambda: one.has_ended)
        return one

    def _on_event(self, event: Any) -> None:
        one = self.answers.get(getattr(event, "stream_id", 0), Answer())
        match event:
            case ResponseReceived():
                one.headers = {str(name): str(value) for name, value in event.headers or ()}
                one.status = int(one.headers[":status"])
            case DataReceived():
                one.body += event.data
                if self._takes and event.stream_id not in self.not_taken:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded():
                one.has_ended = True
            case StreamReset():
                one.reset_code = event.error_code
                one.has_ended = True
            case ConnectionTerminated():
                self.goodbye = event.error_code


@contextlib.asynccontextmanager
async def http2_client(port: int, *, takes: bool = True) -> AsyncIterator[Http2Client]:
    """Connect without TLS, as if HTTP/2 had been chosen in a handshake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Http2Client(reader, writer, takes=takes)
    finally:
        writer.close()
