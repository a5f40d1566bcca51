"""HTTP protocol: uvicorn's, with the rules of HTTP that it leaves open, and with deadlines and limits.

1. An offer of another protocol is ignored, and the request stands as it is (RFC 9110, section 7.8). The
   parser takes what follows its head for the other protocol; a new parser reads it as the body.
2. A client may close its side after its request, and still gets the response (RFC 9112, section 9.6).
3. A request that cannot be read is answered by a problem document, after the responses to earlier requests.
4. The requests of slow or hostile clients end: a request that has not arrived completely within
   REQUEST_SECONDS, a head or trailer of more than MAX_HEAD_BYTES, more than MAX_PIPELINED requests at once.

`uvicorn_internals` lists what it relies on. Not here: the rules for a head (`request_head`), responses
(`request_cycle`, `send_timeout`), streams (`handover`).
"""

from __future__ import annotations

import asyncio
from types import FunctionType
from typing import Any

import httptools
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lumen_notify.deliver.connection import http_refusal, request_head
from lumen_notify.deliver.connection.http_refusal import HttpRefusal
from lumen_notify.deliver.connection.request_cycle import RequestCycle
from lumen_notify.deliver.connection.send_timeout import SendTimeoutProtocol

REQUEST_SECONDS = 20.0
"""How long a request may take to arrive: from its first byte (for the first request: from the connection) to
its last."""

LINGER_SECONDS = 2.0
"""How long the rest of a refused request is read and dropped. A connection that is closed with bytes unread
is reset, and the client may lose the response."""

MAX_HEAD_BYTES = 32 * 1024
"""The limit for the request line and headers, and for later bytes that are not body: trailers, extensions."""

MAX_PIPELINED = 32
"""How many requests may wait for earlier responses. A request of 20 bytes takes 2 KiB of memory here."""

_on_headers_complete: Any = FunctionType(
    HttpToolsProtocol.on_headers_complete.__code__,
    {**vars(httptools_impl), "RequestResponseCycle": RequestCycle},
)
"""uvicorn's method, with our class of requests: uvicorn has no parameter for it."""


class HttpProtocol(SendTimeoutProtocol):
    """uvicorn's protocol with the rules, the deadlines and the limits."""

    __slots__ = (
        "_current_cycle",
        "_head_bytes",
        "_is_ending",
        "_is_half_closed",
        "_is_receiving",
        "_is_resuming",
        "_refusal",
        "_timeout",
        "_unread_framing",
    )

    def connection_made(self, transport: Any) -> None:
        """Start the time-out of the first request."""
        super().connection_made(transport)
        self._current_cycle: Any = None  # the request that is being answered, or was answered last
        self._head_bytes = 0
        self._is_receiving = True
        self._is_half_closed = False
        self._is_ending = False  # what still arrives is not read as HTTP
        self._refusal: HttpRefusal | None = None  # waits for the responses to earlier requests
        self._unread_framing = b""  # a head for the body that the parser takes for another protocol
        self._is_resuming = False  # the parser reads that head
        self._timeout: asyncio.TimerHandle | None = None
        self._start_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time-outs; mark the request that is being answered as disconnected."""
        self._stop_timeout()
        if not self._is_answered():
            self._current_cycle.disconnected = True  # uvicorn marks only the newest request
            self._current_cycle.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn never keeps it open
        """Answer the requests that have arrived, then close. Returns whether the connection stays open."""
        self._is_half_closed = True
        self._stop_timeout()
        if self.scheme == "https" or self._is_answered():
            return False
        if self.cycle.more_body and not self._drop_newest():
            return False
        for cycle in (self._current_cycle, *(cycle for cycle, _ in self.pipeline)):
            cycle.half_close()
        if self._refusal is None:
            self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Feed the parser; then check whether the request is complete, or too large."""
        if self._is_ending:
            return
        self._unset_keepalive_if_required()
        self._head_bytes += len(data)
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._go_on(data[offer.args[0] :])
        except httptools.HttpParserError as error:
            found = error.__context__  # raised by a method that the parser called
            malformed = http_refusal.bad_request("The request is not valid HTTP.")
            self._refuse(found if isinstance(found, HttpRefusal) else malformed)
        if not self._is_ending:
            cycle = self._current_cycle
            if self._is_receiving and self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(http_refusal.head_too_large(MAX_HEAD_BYTES))
            elif self._is_receiving or cycle is None or cycle.response_complete:
                # When idle, too: an empty line stops uvicorn's keep-alive timer, and starts no request.
                if self._timeout is None:
                    self._start_timeout()
            elif self._timeout is not None:
                self._stop_timeout()

    def _go_on(self, data: bytes) -> None:
        """Read on after a head that offers another protocol."""
        if self._should_upgrade():
            self._is_ending = True
            self._stop_timeout()
            self.handle_websocket_upgrade()
            return
        if self._unread_framing:
            # A new parser: the connection may have ended for the first one.
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            data = self._unread_framing + data
            self._unread_framing = b""
            self._is_resuming = True
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._go_on(data[offer.args[0] :])

    def on_message_begin(self) -> None:
        """Start to read a request."""
        if self._is_resuming:
            return
        if len(self.pipeline) >= MAX_PIPELINED:
            raise http_refusal.bad_request(
                f"At most {MAX_PIPELINED} requests may wait for earlier responses."
            )
        HttpToolsProtocol.on_message_begin(self)  # not `super()`, which takes time: for each request
        self._is_receiving = True

    def on_headers_complete(self) -> None:
        """Check the head, and start to answer. Trailers are ignored (RFC 9110, section 6.5.1)."""
        if self._is_resuming:
            self._is_resuming = False
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MAX_HEAD_BYTES:
                raise http_refusal.head_too_large(MAX_HEAD_BYTES)
        version, is_offer = self.parser.get_http_version(), self.parser.should_upgrade()
        request_head.check(version, self.headers)
        if is_offer or self.url[:1] != b"/" or b"#" in self.url:
            self.url, host = request_head.origin_form(self.parser.get_method(), self.url)
            if host is not None:
                others = [header for header in self.headers if header[0] != b"host"]
                self.headers[:] = [(b"host", host), *others]
        if version == request_head.HTTP_1_0:
            self.expect_100_continue = False  # RFC 9110, section 10.1.1
        _on_headers_complete(self)
        if is_offer:
            if self._should_upgrade():
                return  # uvicorn's WebSocket takes the connection over
            self._unread_framing = request_head.without_upgrade(self.headers)
        self.headers = []  # for trailers: the request keeps the list that it has

    def on_body(self, body: bytes) -> None:
        """Keep the bytes for the application, which limits the body.

        As uvicorn's method, which asks for each piece whether WebSocket takes the connection over.
        """
        self._head_bytes = 0
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Record that the request has arrived."""
        if self._unread_framing:
            return  # the parser has not seen the body
        self._is_receiving = False
        self._head_bytes = 0
        if self.parser.should_upgrade() and self._should_upgrade():
            return  # as in uvicorn's method: WebSocket takes the connection over
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Start to answer the next request, or refuse it."""
        HttpToolsProtocol.on_response_complete(self)
        if self.transport.is_closing():
            self._start_send_timeout()
        elif self._refusal is not None and self._is_answered():
            self._send_refusal(self._refusal)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._current_cycle = cycle
        super()._start_asgi_task(cycle, app)

    def _is_answered(self) -> bool:
        """Return whether no response is under way."""
        return self._current_cycle is None or self._current_cycle.response_complete

    def _drop_newest(self) -> bool:
        """Forget the newest request, unless its response is under way. Returns whether it is forgotten."""
        if self.cycle is self._current_cycle:
            return False
        self.pipeline.popleft()
        self.cycle = self.pipeline[0][0] if self.pipeline else self._current_cycle
        return True

    # Requests that cannot be read.

    def _start_timeout(self) -> None:
        self._timeout = self.loop.call_later(REQUEST_SECONDS, self._on_timeout)

    def _stop_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    def _on_timeout(self) -> None:
        if not self.transport.is_closing():
            self._refuse(http_refusal.request_timeout(REQUEST_SECONDS))

    def _refuse(self, refusal: HttpRefusal) -> None:
        """Refuse the request that is arriving, once the earlier ones are answered."""
        self._is_ending = True
        self._stop_timeout()
        newest: Any = self.cycle  # None before the first request
        is_arriving: bool = newest is not None and newest.more_body
        if is_arriving and not self._drop_newest():
            # Its head was good, so the application answers it already.
            if newest.response_started:
                newest.keep_alive = False
                if newest.response_complete:
                    self._linger()
                return
            newest.disconnected = True
            newest.message_event.set()
            self._send_refusal(refusal)
        elif self._is_answered():
            self._send_refusal(refusal)
        else:
            self._refusal = refusal

    def _send_refusal(self, refusal: HttpRefusal) -> None:
        refusal.log(self.client)
        self.transport.write(refusal.encode())
        self._linger()

    def _linger(self) -> None:
        """Close in two steps (RFC 9112, section 9.6)."""
        self._unset_keepalive_if_required()
        if self._is_half_closed or not self.transport.can_write_eof():
            self._close()
            return
        self.flow.resume_reading()
        self.transport.write_eof()
        self._timeout = self.loop.call_later(LINGER_SECONDS, self._close)
