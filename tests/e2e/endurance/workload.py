"""Workload: publishers that repeat until they are answered, readers that check each frame, nothing kept.

Each publisher numbers what it publishes. A reader knows which numbers of which publisher are its user's, so
that the next frame shows at once whether anything was lost, repeated or reordered, however many come.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from clients import Api, EventStream, Frame, Refusal, eventually

USERS = ("ann", "bob", "cyd", "dan", "eve")
PUBLISHERS = 4
BATCH = 50
"""Publications in one request."""

AGAIN_SECONDS = 0.02
REQUEST_SECONDS = 5.0
"""A request that takes longer is repeated, at the next server."""

TO_ALL = 50
"""Every so many-th publication is for everyone."""


def is_for(user: str, number: int) -> bool:
    """Return whether a publication with this number is for a user."""
    return number % TO_ALL == 0 or USERS[number % len(USERS)] == user


def _target(number: int) -> dict[str, Any]:
    return {"all": True} if number % TO_ALL == 0 else {"user": USERS[number % len(USERS)]}


class Servers:
    """The servers' URLs. Whoever fails at one of them tries the next. refusals: answers 429 and 503."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.clients = [
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=REQUEST_SECONDS) for url in urls
        ]
        self.urls = list(urls)
        self.refusals = 0

    async def ask(self, number: int, user: str, request: Callable[[Api], Any]) -> Any:  # noqa: RET503
        """Repeat a request, at one server after the other, until it is answered."""
        for turn in itertools.count(number):
            try:
                return await request(Api(self.clients[turn % len(self.clients)], user))
            except httpx.TransportError:
                pass
            except Refusal as refusal:
                if refusal.status not in {429, 503}:
                    raise
                self.refusals += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()


class Publisher:
    """Publishes so many, in batches, each with a key, until it is answered. published: so far."""

    def __init__(self, number: int, servers: Servers, count: int) -> None:
        self.published = 0
        self._number = number
        self._servers = servers
        self._count = count

    async def run(self) -> None:
        while self.published < self._count:
            last = min(self.published + BATCH, self._count)
            batch = [
                {"to": _target(number), "category": "like", "content": f"{self._number} {number}"}
                for number in range(self.published, last)
            ]
            key = f"{self._number}-{self.published}"

            async def publish(api: Api, batch: list[Any] = batch, key: str = key) -> None:
                await api.post("", batch, key=key)

            await self._servers.ask(self._number, f"publisher {self._number}", publish)
            self.published = last


class Reader:
    """A user's client. It comes back whenever its stream ends, and checks each frame.

    received: notifications, so far. next: by publisher, the number that its user gets next. unread_count: of
    the newest frame.
    """

    def __init__(self, user: str, number: int, servers: Servers) -> None:
        self.user = user
        self.received = 0
        self.connects = 0
        self.next = [self._after(-1)] * PUBLISHERS
        self.unread_count = 0
        self.cursor: str | None = None
        self._number = number
        self._servers = servers

    def _after(self, number: int) -> int:
        return next(later for later in itertools.count(number + 1) if is_for(self.user, later))

    def has_all(self, count: int) -> bool:
        """Return whether it has all that is its user's of the first so many of each publisher."""
        return all(number >= count for number in self.next)

    async def run(self) -> None:
        for turn in itertools.count(self._number):
            url = self._servers.urls[turn % len(self._servers.urls)]
            try:
                stream = await EventStream.open(
                    url,
                    Api(self._servers.clients[0], self.user).token,
                    cursor=self.cursor,
                    on_frame=self._take,
                )
            except OSError:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            try:
                while not stream.has_ended:
                    await asyncio.sleep(AGAIN_SECONDS)
                    del stream.frames[:-1]  # a million frames are not kept
                await stream.until_end()
            finally:
                await stream.close()

    def _take(self, frame: Frame) -> None:
        assert frame.event != "reset", "a cursor of this log was not served"
        if frame.event == "ready":
            assert frame.data["recovered"] == (self.cursor is not None)
            self.connects += 1
        if frame.event == "message":
            publisher, number = map(int, frame.data["data"]["content"].split())
            assert number == self.next[publisher], (
                f"{self.user} got {number} of publisher {publisher} instead of {self.next[publisher]}"
            )
            self.next[publisher] = self._after(number)
            self.received += 1
        self.cursor = frame.id or self.cursor
        if frame.data and "unread_count" in frame.data:
            self.unread_count = frame.data["unread_count"]


class Workload:
    """Publishers and readers at work. count: publications of each publisher."""

    def __init__(self, urls: Sequence[str], count: int) -> None:
        self.servers = Servers(urls)
        self.count = count
        self.publishers = [Publisher(number, self.servers, count) for number in range(PUBLISHERS)]
        self.readers = [Reader(user, number, self.servers) for number, user in enumerate(USERS)]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def published(self) -> int:
        """How many publications have been answered."""
        return sum(publisher.published for publisher in self.publishers)

    async def start(self) -> None:
        """Open the readers, then start the publishers."""
        self._tasks = [asyncio.create_task(reader.run()) for reader in self.readers]
        await self.until(lambda: all(reader.connects for reader in self.readers), "the readers")
        self._tasks += [asyncio.create_task(publisher.run()) for publisher in self.publishers]
        self._tasks.append(asyncio.create_task(self._read_all()))

    async def _read_all(self) -> None:
        """Mark all that the first user has as read, now and then."""
        while True:
            await asyncio.sleep(0.5)
            await self.servers.ask(0, USERS[0], lambda api: api.post("/read", {"all": True}))

    async def until(self, is_so: Callable[[], object], what: str, within_seconds: float = 120) -> None:
        """Wait for it, or for the first task that fails."""

        def is_over() -> object:
            for task in self._tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error
            return is_so()

        await eventually(is_over, what=what, within_seconds=within_seconds)

    async def settle(self) -> None:
        """Wait until all is published and read; compare the counts with those fetched anew."""
        await self.until(
            lambda: self.published == PUBLISHERS * self.count, "the last answers", within_seconds=3600
        )
        await self.until(
            lambda: all(reader.has_all(self.count) for reader in self.readers), "the last frames"
        )
        self._tasks.pop().cancel()
        for reader in self.readers:
            answer = await self.servers.ask(0, reader.user, lambda api: api.post("/seen", {"all": True}))
            assert answer["position"]
            fresh = await self.servers.ask(0, reader.user, lambda api: api.get("/counts"))

            def is_equal(reader: Reader = reader, fresh: Any = fresh) -> bool:
                return bool(reader.unread_count == fresh["unread_count"])

            await self.until(is_equal, f"the count of {reader.user} to equal the fetched one")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.servers.close()
