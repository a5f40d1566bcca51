"""Listening: an application behind one of uvicorn's protocols, without uvicorn's server around it.

The server sleeps for two tenths of a second at its end, which a file of a hundred tests cannot afford. Not
here: the whole of uvicorn in this process (`clients.serve`) or in one of its own (`servers.RunningServer`).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from clients import eventually


@dataclass(frozen=True, slots=True)
class Listening:
    """Where it listens, and what uvicorn knows of its connections."""

    url: str
    state: ServerState
    config: uvicorn.Config

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def shut_down(self) -> None:
        """Tell all connections that the server is about to end, as uvicorn's does."""
        for connection in list(self.state.connections):
            connection.shutdown()


@contextlib.asynccontextmanager
async def listen(
    app: ASGIApp, protocol: Callable[..., asyncio.Protocol], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listening]:
    """Listen on a free port. At the end drop all connections, and wait until their requests have ended."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", interface="asgi3", lifespan="off"
    )
    config.load()
    state = ServerState()
    state.default_headers = config.encoded_headers
    loop = asyncio.get_running_loop()

    def connection() -> asyncio.Protocol:
        return protocol(config=config, server_state=state, app_state={}, _loop=loop)

    # With its protocol named: only then does asyncio switch TCP_NODELAY on, or an answer may take 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    scheme = "http" if tls is None else "https"
    server = await loop.create_server(connection, sock=listener, ssl=tls)
    try:
        yield Listening(f"{scheme}://127.0.0.1:{port}", state, config)
    finally:
        server.close()
        for one in list(state.connections):
            transport = getattr(one, "_transport", None) or getattr(one, "transport", None)
            if transport is not None:
                transport.abort()
        await eventually(lambda: not state.connections and not state.tasks, what="all requests to end")
