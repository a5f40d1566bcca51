"""Negotiated: the protocol of a TLS connection that offers HTTP/2 beside HTTP/1.1.

The client chooses during the TLS handshake (ALPN, RFC 7301). The connection then belongs to that protocol: a
stream over HTTP/1.1 is handed over, one over HTTP/2 is an ordinary response.
"""

from __future__ import annotations

import asyncio
from typing import Any

from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.deliver.connection.http2_protocol import Http2Protocol


class NegotiatedProtocol(asyncio.Protocol):
    """Gives a new connection to the protocol that its client has chosen. For uvicorn's `http`."""

    def __init__(self, **arguments: Any) -> None:
        self._arguments = arguments

    def connection_made(self, transport: Any) -> None:
        """Give the transport away."""
        tls = transport.get_extra_info("ssl_object")
        is_http2 = tls is not None and tls.selected_alpn_protocol() == "h2"
        protocol = (Http2Protocol if is_http2 else HandoverProtocol)(**self._arguments)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
