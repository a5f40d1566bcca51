"""Crashes: SIGKILL for the server and for PostgreSQL, while publishers publish and clients read.

Afterwards every publish with a 2xx response is in the list, once; every client has seen every event of its
user once and in order, across all its reconnects; and each client's state equals a fresh fetch.

The publishers repeat failed requests with the same Idempotency-Key; the clients reconnect with the id of the
last frame they saw. Neither knows what was killed, or when.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from clients import SECRET, Api, Bell, EventStream, Frame, Refusal, contents, eventually
from conftest import StartServer
from servers import PostgreSQL, RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(240)]

USERS = ("ann", "bob")
PUBLISHERS = 6
AGAIN_SECONDS = 0.02
"""How long a client waits before it tries again; a real one waits longer, as `retry:` says."""

ENVIRON = {"LUMEN_JWT_SECRET": SECRET, "LUMEN_COUNT_SAMPLE_SECONDS": "0.05"}
"""Counts are compared with the database all the time."""

TARGETS: tuple[dict[str, Any], ...] = ({"user": "ann"}, {"users": ["ann", "bob"]}, {"all": True})

WITHIN_SECONDS = 90.0


class Publisher:
    """Publishes sequentially, repeating each request until it gets a 2xx response."""

    def __init__(self, number: int, api: Api, count: Callable[[bool], None]) -> None:
        self._number = number
        self._api = api
        self._count = count
        self.answers: dict[str, dict[str, Any]] = {}
        self.must_stop = False

    async def run(self) -> None:
        while not self.must_stop:
            name = f"{self._number}-{len(self.answers)}"
            to = TARGETS[len(self.answers) % len(TARGETS)]
            self.answers[name] = await self._publish(name, {"to": to, "category": "like", "content": name})

    async def _publish(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        while True:
            try:
                answer: dict[str, Any] = await self._api.post("", body, key=name)
            except httpx.TransportError:
                self._count(False)
            except Refusal as refusal:
                if refusal.status != 503:
                    raise
                self._count(False)
            else:
                self._count(True)
                return answer
            await asyncio.sleep(AGAIN_SECONDS)


class Reader:
    """One client that comes back whenever its stream ends. seen: positions of all durable frames, ever."""

    def __init__(self, base_url: str, api: Api) -> None:
        self.bell = Bell(must_fetch=False)
        self.seen: list[int] = []
        self.connects = 0
        self._base_url = base_url
        self.api = api

    async def run(self) -> None:
        while True:
            try:
                stream = await EventStream.open(
                    self._base_url, self.api.token, cursor=self.bell.cursor, on_frame=self._take
                )
            except OSError:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            try:
                assert stream.status == 200
                await stream.until_end()
            finally:
                await stream.close()
            await asyncio.sleep(AGAIN_SECONDS)

    def _take(self, frame: Frame) -> None:
        assert frame.event != "reset", "a cursor of this log was not served"
        if frame.event == "ready":
            assert frame.data["recovered"] == (self.bell.cursor is not None)
            self.connects += 1
        if frame.is_durable:
            assert not self.seen or frame.position > self.seen[-1], "repeated or out of order"
            self.seen.append(frame.position)
        self.bell.apply(frame)


class Marker:
    """Marks what a user has, now and then. A mark that failed is left to the next."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def run(self) -> None:
        for turn in range(10**9):
            action = ("read", "unread", "seen", "archive")[turn % 4]
            try:
                ids = [item["id"] for item in (await self.api.get(limit=5))["items"]][turn % 2 :: 2]
                if ids:
                    await self.api.post(f"/{action}", {"ids": ids})
            except httpx.TransportError:
                pass
            except Refusal as refusal:
                if refusal.status != 503:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)


class Life:
    """Everybody at work around one server. successes, failures: of publishes, so far."""

    def __init__(self, server: RunningServer, http: httpx.AsyncClient) -> None:
        self.http = http
        apis = {user: Api(http, user) for user in USERS}
        self.readers = [Reader(server.url, apis[user]) for user in (*USERS, *USERS)]
        self.publishers = [
            Publisher(number, Api(http, f"publisher {number}"), self._count) for number in range(PUBLISHERS)
        ]
        self.markers = [Marker(api) for api in apis.values()]
        self.successes = self.failures = 0
        self._tasks: list[asyncio.Task[None]] = []

    def _count(self, is_success: bool) -> None:
        self.successes += is_success
        self.failures += not is_success

    async def begin(self) -> None:
        """Open the readers before the first publish, then start all others."""
        self._tasks = [asyncio.create_task(reader.run()) for reader in self.readers]
        await self.until(lambda: all(reader.connects for reader in self.readers), "the readers")
        self._tasks += [asyncio.create_task(publisher.run()) for publisher in self.publishers]
        self._tasks += [asyncio.create_task(marker.run()) for marker in self.markers]

    async def until(self, is_so: Callable[[], object], what: str) -> None:
        """Wait for it, or for the first of the tasks that fails."""

        def is_over() -> object:
            for task in self._tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error
            return is_so()

        await eventually(is_over, what=what, within_seconds=WITHIN_SECONDS)

    async def publish_more(self, number: int) -> None:
        """Wait until that many more publishes have been answered 2xx."""
        aim = self.successes + number
        await self.until(lambda: self.successes >= aim, f"{number} more publishes")

    async def fail_more(self, number: int) -> None:
        """Wait until that many more tries have failed."""
        aim = self.failures + number
        await self.until(lambda: self.failures >= aim, f"{number} more failures")

    async def settle(self) -> None:
        """Stop the publishers and the markers; wait until every reader has the newest of its user."""
        for publisher in self.publishers:
            publisher.must_stop = True
        publishing = self._tasks[len(self.readers) : len(self.readers) + len(self.publishers)]
        await self.until(lambda: all(task.done() for task in publishing), "the last answers")
        await self._cancel(self._tasks[-len(self.markers) :])
        for reader in self.readers:
            # Marks everything: once this newest event has arrived, all events before it have too.
            position = (await reader.api.post("/seen", {"all": True}))["position"]
            assert position
            newest = max(item["position"] for item in await reader.api.pages())
            await self.until(lambda: reader.seen and reader.seen[-1] >= newest, "the newest event")  # noqa: B023

    async def end(self) -> None:
        await self._cancel(self._tasks)

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


@contextlib.asynccontextmanager
async def living(server: RunningServer) -> AsyncIterator[Life]:
    """Run everybody; at the end check what must hold."""
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as http:
        life = Life(server, http)
        await life.begin()
        try:
            yield life
            await life.settle()
            await check(life)
        finally:
            await life.end()


async def check(life: Life) -> None:
    """Compare the responses, the events seen and the fetched state."""
    answers = {
        name: (number, answer)
        for publisher in life.publishers
        for number, (name, answer) in enumerate(publisher.answers.items())
    }
    for reader in life.readers:
        user = reader.api.user_id
        rows = await reader.api.pages() + await reader.api.pages(archived="true")
        mine = {
            name: answer["id"]
            for name, (number, answer) in answers.items()
            if user in TARGETS[number % len(TARGETS)].get("users", [user])
            and TARGETS[number % len(TARGETS)].get("user", user) == user
        }
        assert sorted(contents(rows)) == sorted(mine), "each 2xx once, and nothing else"
        assert {row["content"]: row["id"] for row in rows} == mine
        fresh = await reader.api.fetched()
        assert reader.bell.items == fresh.items
        assert reader.bell.recount() == fresh.categories
        assert reader.bell.unread_count == fresh.unread_count == sum(fresh.categories.values())
    await check_counts(life)
    for reader in life.readers[: len(USERS)]:
        twin = next(one for one in life.readers if one.api is reader.api and one is not reader)
        assert reader.seen == twin.seen, "two streams of one user saw different events"


async def check_counts(life: Life) -> None:
    """Wait until the server has compared counts with its database, and check that they have no drift."""
    text = ""
    deadline = asyncio.get_running_loop().time() + WITHIN_SECONDS
    while not re.search(r'^lumen_count_samples_total{result="equal"} [1-9]', text, re.MULTILINE):
        assert asyncio.get_running_loop().time() < deadline, text
        await asyncio.sleep(AGAIN_SECONDS)
        text = (await life.http.get("/metrics")).text
    assert "\nlumen_count_drift 0.0\n" in text
    assert 'lumen_count_samples_total{result="different"} 0.0' in text


async def start_again(server: RunningServer | PostgreSQL) -> None:
    """Kill it and start it again, without keeping this loop."""
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)


async def test_killed_server_loses_nothing_that_it_answered(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(database_url=database_url, **ENVIRON)
    async with living(server) as life:
        for _ in range(4):
            await life.publish_more(40)
            await start_again(server)
        await life.publish_more(40)
        assert all(reader.connects >= 5 for reader in life.readers)


async def test_reader_served_from_the_database_alone_misses_nothing(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(database_url=database_url, **ENVIRON, LUMEN_REPLAY_EVENTS="0")
    async with living(server) as life:
        for _ in range(2):
            await life.publish_more(40)
            await start_again(server)
        await life.publish_more(40)


@pytest.mark.postgresql
async def test_killed_postgresql_costs_delay_and_no_event(
    start_server: StartServer, postgresql: PostgreSQL
) -> None:
    server = start_server(database_url=postgresql.create_database(), **ENVIRON)
    async with living(server) as life:
        for _ in range(3):
            await life.publish_more(40)
            await asyncio.to_thread(postgresql.kill)
            await life.fail_more(5)
            await asyncio.to_thread(postgresql.start)
        await life.publish_more(40)


@pytest.mark.postgresql
async def test_server_and_postgresql_killed_in_turn_lose_nothing(
    start_server: StartServer, postgresql: PostgreSQL
) -> None:
    server = start_server(database_url=postgresql.create_database(), **ENVIRON)
    async with living(server) as life:
        for _ in range(2):
            await life.publish_more(40)
            await asyncio.to_thread(postgresql.kill)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(postgresql.start)
            await asyncio.to_thread(server.start)
            await life.publish_more(20)
            await start_again(postgresql)
        await life.publish_more(40)
