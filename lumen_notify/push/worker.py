"""Worker: takes what is due from the outbox, and pushes it, page by page, on the instance that does the jobs.

    personal   pushes to few users: many of them are one page
    rooms      pushes to small rooms: many of them are one page
    large      a push to a large room, to everyone or to many users: a task of its own, page after page
    waiting    pushes that have waited for single users, one page after another
    retry      pushes that a provider has not taken, one page after another

Promises: an urgent push never waits for others; a large one, or one that a provider takes slowly, delays no
other kind; progress is in the database, so that a crash repeats at most the pages under way, and another
instance goes on from there; while the database is away, nothing is pushed; a page that fails by a defect is
tried push by push, and the one that fails is put aside for a while; one that fails again and again is given
up, since its devices may get it each time.

Not here: what a page is (`pages/reader`) and does (`pages/page`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from lumen_notify.commit.database import Database
from lumen_notify.commit.push.due import DuePushes, OutboxPush, Waiting
from lumen_notify.commit.push.progress import TakePushes
from lumen_notify.errors import Unavailable
from lumen_notify.outages import Outage
from lumen_notify.push.defects import Defects
from lumen_notify.push.pages.decision import Rules
from lumen_notify.push.pages.page import Dispatches, OpenStreams, Page, Pages
from lumen_notify.push.pages.reader import PAGE_ROOMS, PageReader, is_personal, is_small_room
from lumen_notify.settings import Settings
from lumen_notify.supervisor import end_tasks

LOOK_SECONDS = 0.25
"""The pause between two looks: three queries by indexes, which mostly find nothing."""

PAUSE_SECONDS = 1.0
"""The pause before what was pushed is written once more, while the database is away."""

FREED_SECONDS = 0.05
"""The pause before a look at what can begin once a page is done."""

MAX_ROOMS = 4
"""Pages of pushes to small rooms at once. Urgent ones do not count."""

MAX_LARGE = 4
"""Large pushes at once. Urgent ones do not count."""

MAX_PERSONAL = 4
"""Pages of personal pushes at once. Urgent ones do not count."""

Part = TypeVar("Part")

ReadPage = Callable[[Sequence[OutboxPush]], Awaitable[Page]]


class Worker:
    """Pushes. submit: the committer's. streams: the open streams of users. may_run: whether this instance
    pushes. outage: of its queries. monotonic: seconds."""

    def __init__(
        self,
        database: Database,
        submit: Callable[[Any], Awaitable[Any]],
        dispatcher: Dispatches,
        clock: Callable[[], int],
        settings: Settings,
        *,
        streams: OpenStreams,
        may_run: Callable[[], bool],
        outage: Outage,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._due = DuePushes(database, max_devices=settings.max_devices_per_user)
        self._submit = submit
        self._clock = clock
        self._may_run = may_run
        self._outage = outage
        self._closing = asyncio.Event()
        self._freed = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], frozenset[str]] = {}
        self._defects = Defects(monotonic)
        self._reader = PageReader(self._due)
        self._pages = Pages(
            database,
            dispatcher,
            self._write,
            streams,
            clock,
            rules=Rules(
                bundle_ms=int(settings.push_bundle_seconds * 1000), max_per_hour=settings.push_max_per_hour
            ),
            content_level=settings.push_content,
        )

    async def run(self) -> None:
        """Push, until it is closed and the pages under way have ended."""
        try:
            while not self._closing.is_set():
                self._freed.clear()
                if self._may_run():
                    await self._note_errors(self.look())
                await self._pause(FREED_SECONDS)
                await _wait(self._freed, LOOK_SECONDS - FREED_SECONDS)
            if self._tasks:
                await asyncio.wait(list(self._tasks))
        finally:
            await self.cancel()

    async def cancel(self) -> None:
        """End the pages under way at once, whatever they have pushed."""
        await end_tasks(self._tasks)

    def close(self) -> None:
        """Take no more pushes."""
        self._closing.set()
        self._freed.set()

    async def look(self) -> None:
        """Begin to push what is due. Raises Unavailable."""
        aside = self._defects.aside
        running = frozenset[str]().union(aside, *self._tasks.values())
        due = await self._due.due(self._clock(), running=running)
        for is_urgent in (True, False):
            mine = [push for push in due if (push.priority == "urgent") is is_urgent]
            personal = [push for push in mine if is_personal(push)]
            rooms = [push for push in mine if is_small_room(push)][:PAGE_ROOMS]
            if personal and (is_urgent or self._running("personal") < MAX_PERSONAL):
                self._start("personal", self._push_page(self._reader.personal, personal), personal)
            if rooms and (is_urgent or self._running("rooms") < MAX_ROOMS):
                self._start("rooms", self._push_page(self._reader.rooms, rooms), rooms)
            for push in mine:
                is_large = not (is_personal(push) or is_small_room(push))
                if is_large and (is_urgent or self._running("large") < MAX_LARGE):
                    self._start("large", self._push_large(push), [push])
        for name in ("waiting", "retry"):
            if not self._running(name):
                found = await self._due.waiting(self._clock(), is_retry=name == "retry")
                waiting = [one for one in found if _aside_key(one) not in aside]
                if waiting:
                    self._start(name, self._push_waiting(waiting), [])

    async def work_off(self) -> None:
        """Push what is due until nothing is left: for tests, which move the clock. Raises Unavailable."""
        while self._may_run():
            self._freed.clear()
            await self.look()
            if not self._tasks and not self._freed.is_set():
                return
            await asyncio.gather(*self._tasks)

    def _running(self, name: str) -> int:
        return sum(task.get_name() == name for task in self._tasks)

    def _start(self, name: str, work: Awaitable[None], pushes: Iterable[OutboxPush]) -> None:
        task = asyncio.get_running_loop().create_task(self._run_task(work), name=name)
        self._tasks[task] = frozenset(push.id for push in pushes)
        task.add_done_callback(lambda task: self._tasks.pop(task, None))

    async def _run_task(self, work: Awaitable[None]) -> None:
        if await self._note_errors(work):
            self._freed.set()

    async def _push_page(self, read: ReadPage, pushes: Sequence[OutboxPush]) -> None:
        await self._take(pushes)
        await self._each(read, pushes, key=lambda push: push.id)

    async def _push_large(self, push: OutboxPush) -> None:
        await self._take([push])
        done_user, is_done = push.done_user, False
        while not is_done and self._may_run() and not self._closing.is_set():
            read = partial(self._reader.large, done_user=done_user)
            page = await self._each(read, [push], key=lambda push: push.id)
            if page is None:
                return  # put aside, or another instance pushes it
            done_user, is_done = page.progress[0].done_user, page.progress[0].is_done

    async def _push_waiting(self, waiting: Sequence[Waiting]) -> None:
        async def read(users: Sequence[str]) -> Page:
            wanted = set(users)
            return await self._reader.waiting([one for one in waiting if _aside_key(one) in wanted])

        users = list(dict.fromkeys(map(_aside_key, waiting)))
        await self._each(read, users, key=lambda user: user)

    async def _each(
        self,
        read: Callable[[Sequence[Part]], Awaitable[Page]],
        parts: Sequence[Part],
        *,
        key: Callable[[Part], str],
    ) -> Page | None:
        """Push a page; if that fails by a defect, each of its parts alone. Put aside those that fail, and
        give them up if they do so again and again. Return the page if it is done, by this instance alone."""
        page = None
        try:
            page = await read(parts)
            is_behind = await self._pages.push(page)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a defect in one page must not prevent the next
            self._outage.begin(error, has_trace=True)
            if len(parts) > 1:
                for part in parts:
                    await self._each(read, [part], key=key)
                return None
            if not self._defects.add(key(parts[0])) or page is None:
                return None
            is_behind = await self._pages.give_up(page)
        for part in parts:
            self._defects.forget(key(part))
        return None if is_behind else page

    async def _take(self, pushes: Iterable[OutboxPush]) -> None:
        taken = tuple(push.id for push in pushes if push.is_open)
        if taken:
            await self._submit(TakePushes(ids=taken))

    async def _write(self, command: Any) -> Any:
        """Write what a page did. It was pushed: so wait for the database, and do not push it once more."""
        while True:
            try:
                result = await self._submit(command)
            except Unavailable as error:
                self._outage.begin(error)
                if not self._may_run() or self._closing.is_set():
                    raise
            else:
                return result
            await self._pause(PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        await _wait(self._closing, seconds)

    async def _note_errors(self, work: Awaitable[None]) -> bool:
        """Do some work, and return whether there was no error."""
        try:
            await work
        except Unavailable as error:
            self._outage.begin(error)
        except Exception as error:  # noqa: BLE001 - as above
            self._outage.begin(error, has_trace=True)
        else:
            if not self._defects.aside:
                self._outage.end()
            return True
        return False


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _aside_key(one: Waiting) -> str:
    return f"waiting for {one.user_id}"
