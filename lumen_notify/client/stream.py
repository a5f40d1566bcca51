"""Stream: a user's event stream, which reconnects from its cursor until it ends for good.

    with client.stream() as stream:
        for frame in stream:
            if isinstance(frame, NotificationFrame):
                print(frame.notification.content, frame.unread_count)

Promise: between two frames with a cursor no event is left out and none comes twice, across any number of
connections. If the server cannot keep this, the stream yields a `ResetFrame`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Self

import httpx
import httpx_sse

from lumen_notify.client.frames import ClosingFrame, Frame
from lumen_notify.client.server import Server, timeout
from lumen_notify.client.stream_state import Interruption, StreamState

STREAM_PATH = "/notifications/stream"

OnInterruption = Callable[[Interruption], object]


class Stream:
    """An iterator over frames. It connects with the first `next`, and ends after a `ClosingFrame` without
    `reconnect`. Close it, or leave its `with` block, to end it before.

    Raises Unauthenticated, Forbidden or another error if the server refuses it. One thread at a time may use
    it.
    """

    def __init__(
        self,
        server: Server,
        http: httpx.Client,
        state: StreamState,
        *,
        device: str | None,
        silence_seconds: float,
        on_interruption: OnInterruption,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._server = server
        self._http = http
        self._state = state
        self._device = device
        self._timeout = timeout(silence_seconds)
        self._on_interruption = on_interruption
        self._sleep = sleep
        self._frames = self._read()

    @property
    def cursor(self) -> str | None:
        """The position after everything that was yielded: resumes the stream in another process."""
        return self._state.cursor

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Frame:
        return next(self._frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the stream. Does nothing if it has ended."""
        self._frames.close()

    def _read(self) -> Generator[Frame, None, None]:
        while True:
            self._state.begin()
            try:
                yield from self._read_connection()
            except httpx.TransportError as error:
                self._state.lose(error)
            if self._state.has_ended:
                return
            interruption = self._state.interrupt()
            self._on_interruption(interruption)
            self._sleep(interruption.seconds)

    def _read_connection(self) -> Generator[Frame, None, None]:
        url, params = self._server.url_of(STREAM_PATH), self._state.params(self._device)
        headers = self._server.authorization()
        with httpx_sse.connect_sse(
            self._http, "GET", url, params=params, headers=headers, timeout=self._timeout
        ) as source:
            if source.response.status_code != httpx.codes.OK:
                source.response.read()
            if not self._state.is_open(source.response):
                return
            for event in source.iter_sse():
                frame = self._state.take(event)
                if frame is not None:
                    yield frame
                if isinstance(frame, ClosingFrame):
                    return


class AsyncStream:
    """The same as `Stream`, for asyncio."""

    def __init__(
        self,
        server: Server,
        http: httpx.AsyncClient,
        state: StreamState,
        *,
        device: str | None,
        silence_seconds: float,
        on_interruption: OnInterruption,
    ) -> None:
        self._server = server
        self._http = http
        self._state = state
        self._device = device
        self._timeout = timeout(silence_seconds)
        self._on_interruption = on_interruption
        self._frames = self._read()

    @property
    def cursor(self) -> str | None:
        """The position after everything that was yielded: resumes the stream in another process."""
        return self._state.cursor

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        return await anext(self._frames)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the stream. Does nothing if it has ended."""
        await self._frames.aclose()

    async def _read(self) -> AsyncGenerator[Frame, None]:
        while True:
            self._state.begin()
            frames = self._read_connection()
            try:
                async for frame in frames:
                    yield frame
            except httpx.TransportError as error:
                self._state.lose(error)
            finally:
                await frames.aclose()
            if self._state.has_ended:
                return
            interruption = self._state.interrupt()
            self._on_interruption(interruption)
            await asyncio.sleep(interruption.seconds)

    async def _read_connection(self) -> AsyncGenerator[Frame, None]:
        url, params = self._server.url_of(STREAM_PATH), self._state.params(self._device)
        headers = self._server.authorization()
        async with httpx_sse.aconnect_sse(
            self._http, "GET", url, params=params, headers=headers, timeout=self._timeout
        ) as source:
            if source.response.status_code != httpx.codes.OK:
                await source.response.aread()
            if not self._state.is_open(source.response):
                return
            async for event in source.aiter_sse():
                frame = self._state.take(event)
                if frame is not None:
                    yield frame
                if isinstance(frame, ClosingFrame):
                    return
