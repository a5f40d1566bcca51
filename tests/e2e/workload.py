"""Workload: publishers that repeat until they are answered, readers that check each frame, nothing kept.

Each publisher numbers what it publishes. A reader knows which numbers of which publisher are its user's, so
that the next frame shows at once whether anything was lost, repeated or reordered, however many come.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from clients import WAIT_SECONDS, Api, EventStream, Frame, Refusal, eventually, token

NAMES = ("ann", "bob", "cyd", "dan", "eve")
PUBLISHERS = 4
BATCH = 50
"""Publications in one request."""

AGAIN_SECONDS = 0.02
REQUEST_SECONDS = 5.0

TO_ALL = 50
"""Every so many-th publication is for everyone."""


def is_for(name: str, number: int) -> bool:
    """Return whether a publication with this number is for the user of a name."""
    return number % TO_ALL == 0 or NAMES[number % len(NAMES)] == name


class Servers:
    """The servers' URLs. Each request and each stream goes to a random one.

    refusals: answers 429 and 503. request_seconds: a request that takes longer is repeated.
    """

    def __init__(self, urls: Sequence[str], request_seconds: float) -> None:
        self.urls = list(urls)
        self.refusals = 0
        self._clients = [
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=request_seconds) for url in urls
        ]
        self._random = random.Random(len(urls))

    def any_url(self) -> str:
        """Return the URL of a random server."""
        return self._random.choice(self.urls)

    async def ask(self, user: str, request: Callable[[Api], Any]) -> Any:
        """Repeat a request, each time at a random server, until it is answered."""
        while True:
            try:
                return await request(Api(self._random.choice(self._clients), user))
            except httpx.TransportError:
                pass
            except Refusal as refusal:
                if refusal.status not in {429, 503}:
                    raise
                self.refusals += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


class Publisher:
    """Publishes in batches, each with a key, until it is answered. published: so far.

    name: of the workload. count: after how many it stops. batch: publications in a request. pause_seconds:
    between two requests.
    """

    def __init__(
        self, name: str, number: int, servers: Servers, *, count: int, batch: int, pause_seconds: float
    ) -> None:
        self.published = 0
        self.count = count
        self._user = f"{name}publisher-{number}"
        self._name = name
        self._number = number
        self._servers = servers
        self._batch = batch
        self._pause_seconds = pause_seconds

    async def run(self) -> None:
        while self.published < self.count:
            last = min(self.published + self._batch, self.count)
            batch = [
                {
                    "to": self._target(number),
                    "category": "like",
                    "content": f"{self._name} {self._number} {number}",
                }
                for number in range(self.published, last)
            ]
            key = f"{self._number}-{self.published}"

            async def publish(api: Api, batch: list[Any] = batch, key: str = key) -> None:
                await api.post("", batch, key=key)

            await self._servers.ask(self._user, publish)
            self.published = last
            await asyncio.sleep(self._pause_seconds)

    def _target(self, number: int) -> dict[str, Any]:
        return {"all": True} if number % TO_ALL == 0 else {"user": self._name + NAMES[number % len(NAMES)]}

    def stop(self) -> None:
        """Stop with the request that is being made."""
        self.count = min(self.count, self.published + self._batch)


class Reader:
    """A user's client. It comes back at a random server whenever its stream ends, and checks each frame.

    received: notifications, so far. next: by publisher, the number that its user gets next. unread_count: of
    the newest frame. patience_seconds: after so long a silence it hangs up; 0 for never.
    """

    def __init__(self, name: str, user: str, servers: Servers, *, patience_seconds: float) -> None:
        self.user = user
        self.received = 0
        self.connects = 0
        self.next = [_next(name, -1)] * PUBLISHERS
        self.unread_count = 0
        self.cursor: str | None = None
        self._name = name
        self._servers = servers
        self._patience_seconds = patience_seconds
        self._heard_at = 0.0

    def has_all(self, counts: Sequence[int]) -> bool:
        """Return whether it has all that is its user's of the first so many of each publisher."""
        return all(number >= count for number, count in zip(self.next, counts, strict=True))

    async def run(self) -> None:
        while True:
            try:
                stream = await EventStream.open(
                    self._servers.any_url(),
                    token(self.user),
                    cursor=self.cursor,
                    on_frame=self._take,
                    within_seconds=self._patience_seconds or WAIT_SECONDS,
                )
            except OSError:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            self._heard_at = time.monotonic()
            try:
                while not stream.has_ended and not self._is_impatient:
                    await asyncio.sleep(AGAIN_SECONDS)
                    del stream.frames[:-1]  # a million frames are not kept
                if stream.problem is not None:
                    raise stream.problem
            finally:
                await stream.close()

    @property
    def _is_impatient(self) -> bool:
        return 0 < self._patience_seconds < time.monotonic() - self._heard_at

    def _take(self, frame: Frame) -> None:
        self._heard_at = time.monotonic()
        assert frame.event != "reset", "a cursor of this log was not served"
        if frame.event == "ready":
            assert frame.data["recovered"] == (self.cursor is not None)
            self.connects += 1
        if frame.event == "message":
            publisher, number = map(int, frame.data["data"]["content"].split()[-2:])
            assert number == self.next[publisher], (
                f"{self.user} got {number} of publisher {publisher} instead of {self.next[publisher]}"
            )
            self.next[publisher] = _next(self._name, number)
            self.received += 1
        self.cursor = frame.id or self.cursor
        if frame.data and "unread_count" in frame.data:
            self.unread_count = frame.data["unread_count"]


def _next(name: str, number: int) -> int:
    """Return the number of the next publication for the user of a name."""
    return next(later for later in itertools.count(number + 1) if is_for(name, later))


class Workload:
    """Publishers and readers at work.

    count: publications of each publisher. name: of its users, so that several can use one database. The
    others are those of `Publisher`, `Reader` and `Servers`.
    """

    def __init__(
        self,
        urls: Sequence[str],
        count: int,
        *,
        name: str = "",
        batch: int = BATCH,
        pause_seconds: float = 0,
        patience_seconds: float = 0,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self.servers = Servers(urls, request_seconds)
        self._name = name
        self.publishers = [
            Publisher(name, number, self.servers, count=count, batch=batch, pause_seconds=pause_seconds)
            for number in range(PUBLISHERS)
        ]
        self.readers = [
            Reader(one, name + one, self.servers, patience_seconds=patience_seconds) for one in NAMES
        ]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def published(self) -> int:
        """How many publications have been answered."""
        return sum(publisher.published for publisher in self.publishers)

    @property
    def is_whole(self) -> bool:
        """Whether the readers have all that was answered up to now."""
        counts = [publisher.published for publisher in self.publishers]
        return all(reader.has_all(counts) for reader in self.readers)

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
            await self.servers.ask(self.readers[0].user, lambda api: api.post("/read", {"all": True}))

    async def until(self, is_so: Callable[[], object], what: str, within_seconds: float = 120) -> None:
        """Wait for it, or for the first task that fails."""

        def is_over() -> object:
            for task in self._tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error
            return is_so()

        await eventually(is_over, what=what, within_seconds=within_seconds)

    def stop(self) -> None:
        """Let the publishers stop."""
        for publisher in self.publishers:
            publisher.stop()

    async def settle(self) -> None:
        """Wait until all is published and read; compare counts and lists with those fetched anew."""
        await self.until(
            lambda: all(publisher.published == publisher.count for publisher in self.publishers),
            "the last answers",
            within_seconds=3600,
        )
        await self.until(lambda: self.is_whole, "the last frames")
        self._tasks.pop().cancel()
        for reader in self.readers:
            answer = await self.servers.ask(reader.user, lambda api: api.post("/seen", {"all": True}))
            assert answer["position"]
            fresh = await self.servers.ask(reader.user, lambda api: api.get("/counts"))

            def is_equal(reader: Reader = reader, fresh: Any = fresh) -> bool:
                return bool(reader.unread_count == fresh["unread_count"])

            await self.until(is_equal, f"the count of {reader.user} to equal the fetched one")

    async def verify_lists(self) -> None:
        """Compare each user's list with what was answered: each publication is in it, once."""
        for reader, name in zip(self.readers, NAMES, strict=True):
            items = await self.servers.ask(reader.user, lambda api: api.pages())
            expected = [
                f"{self._name} {number} {sequence}"
                for number, publisher in enumerate(self.publishers)
                for sequence in range(publisher.published)
                if is_for(name, sequence)
            ]
            contents = [item["content"] for item in items if item["content"].startswith(f"{self._name} ")]
            assert sorted(contents) == sorted(expected)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.servers.close()
