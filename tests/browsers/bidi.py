"""WebDriver BiDi: commands and events over a WebSocket (https://w3c.github.io/webdriver-bidi/)."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

ANSWER_SECONDS = 60.0


class BiDi:
    """A session. on_event: called with the method and the parameters of each event."""

    def __init__(self, connection: ClientConnection, on_event: Callable[[str, dict[str, Any]], None]) -> None:
        self._connection = connection
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, on_event: Callable[[str, dict[str, Any]], None]) -> Self:
        """Connect and begin a session."""
        connection = await connect(url, max_size=None, proxy=None, ping_interval=None)
        session = cls(connection, on_event)
        await session.send("session.new", capabilities={})
        return session

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the result of a command. Raises RuntimeError with the browser's words if it failed."""
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await future
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def close(self) -> None:
        await self._connection.close()
        await self._reader

    async def _read(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if message["type"] == "event":
                self._on_event(message["method"], message["params"])
            elif future := self._waiting.pop(message["id"], None):
                future.set_result(message)
