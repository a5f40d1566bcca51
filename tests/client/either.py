"""Either: both clients behind one asynchronous interface, so that each test runs with both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from lumen_notify.client import AsyncClient, AsyncStream, Client, Frame, Notification, Presence, Stream


class Frames:
    """A stream of either kind."""

    def __init__(self, stream: Stream | AsyncStream) -> None:
        self._stream = stream

    @property
    def cursor(self) -> str | None:
        return self._stream.cursor

    async def next(self) -> Frame:
        """Return the next frame. Raises StopAsyncIteration at the end."""
        if isinstance(self._stream, AsyncStream):
            return await anext(self._stream)
        frame = await asyncio.to_thread(next, self._stream, None)
        if frame is None:
            raise StopAsyncIteration
        return frame

    async def rest(self) -> list[Frame]:
        """Return all frames up to the end."""
        frames = []
        while True:
            try:
                frames.append(await self.next())
            except StopAsyncIteration:
                return frames

    async def close(self) -> None:
        if isinstance(self._stream, AsyncStream):
            await self._stream.close()
        else:
            await asyncio.to_thread(self._stream.close)


class Either:
    """Calls a client of either kind by name."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self._client = client

    async def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        method = getattr(self._client, name)
        if isinstance(self._client, AsyncClient):
            return await method(*arguments, **named)
        return await asyncio.to_thread(method, *arguments, **named)

    async def notifications(self, **named: Any) -> list[Notification]:
        if isinstance(self._client, AsyncClient):
            return [one async for one in self._client.notifications(**named)]
        return await asyncio.to_thread(list, self._client.notifications(**named))

    async def presence(self, room_id: str, **named: Any) -> list[Presence]:
        if isinstance(self._client, AsyncClient):
            return [one async for one in self._client.presence(room_id, **named)]
        return await asyncio.to_thread(list, self._client.presence(room_id, **named))

    def stream(self, **named: Any) -> Frames:
        return Frames(self._client.stream(**named))


class Connect(Protocol):
    """Called with a URL, a token and options of the client; returns a client that the test need not close."""

    def __call__(self, url: str, credential: str | Callable[[], str] = "abc", **named: Any) -> Either: ...


async def connections(kind: type[Client | AsyncClient]) -> AsyncIterator[Connect]:
    """Yield what makes clients of a kind; close them at the end."""
    made: list[Client | AsyncClient] = []

    def connect(url: str, credential: str | Callable[[], str] = "abc", **named: Any) -> Either:
        client = kind(url, token=credential, **named)
        made.append(client)
        return Either(client)

    yield connect
    for client in made:
        await Either(client).call("close")
