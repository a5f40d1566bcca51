"""Event source: what a browser's `EventSource` does, with its cookies, in a hurry.

It keeps its last event id, waits as long as `retry` says (divided by HURRY), and gives up for good after any
status but 200 (HTML, section 9.2.2) and after a connection that is refused, as some browsers do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import httpx_sse

from clients import WAIT_SECONDS

HURRY = 20

FIRST_RETRY_MS = 3000


class EventSource:
    """An event source at a URL. `contents`: of the messages so far. `opened`: how often it got a 200."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.events: list[httpx_sse.ServerSentEvent] = []
        self.opened = 0
        self.gave_up: str | None = None
        self._http = http
        self._url = url
        self._last_event_id = ""
        self._retry_ms = FIRST_RETRY_MS
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="event source")

    @property
    def contents(self) -> list[Any]:
        return [one.json()["data"]["content"] for one in self.events if one.event == "message"]

    def count(self, event: str) -> int:
        return sum(one.event == event for one in self.events)

    async def wait_for(self, is_so: Callable[[], object], what: str) -> None:
        """Return once `is_so` says yes. Raises AssertionError if it gives up before."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not is_so():
                assert self.gave_up is None, f"gave up before {what}: {self.gave_up}"
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self.gave_up is None:
            try:
                await self._read()
            except httpx.RemoteProtocolError:
                pass  # the connection broke off
            except httpx.HTTPError as error:
                self.gave_up = repr(error)
            self._changed.set()
            await asyncio.sleep(self._retry_ms / 1000 / HURRY)

    async def _read(self) -> None:
        headers = {"Last-Event-ID": self._last_event_id} if self._last_event_id else {}
        async with httpx_sse.aconnect_sse(self._http, "GET", self._url, headers=headers) as source:
            if source.response.status_code != 200:
                self.gave_up = f"status {source.response.status_code}"
                return
            self.opened += 1
            async for event in source.aiter_sse():
                self._last_event_id = event.id or self._last_event_id
                self._retry_ms = event.retry or self._retry_ms
                self.events.append(event)
                self._changed.set()
