"""Worker: takes what is due from the outbox, and pushes it, page by page, on the instance that does the jobs.

    personal   pushes to few users: many of them are one page
    large      a push to a room, to everyone or to many users: a task of its own, page after page
    waiting    pushes that waited for single users: one page after another

Promises: an urgent push never waits for others; a large one delays no other; progress is in the database, so
that a crash repeats at most the pages under way, and another instance goes on from there; while the database
is away, nothing is pushed.

Not here: what a page does (`pages/page`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.push.due import PAGE_DEVICES, Device, DuePushes, OutboxPush, Waiting
from lumen_notify.commit.push.progress import AdvancePushes, Progress, TakePushes, WaitingKey
from lumen_notify.errors import Unavailable
from lumen_notify.outages import Outage
from lumen_notify.push.pages.decision import Rules
from lumen_notify.push.pages.entries import Entry
from lumen_notify.push.pages.page import Dispatches, OpenStreams, Page, Pages, by_user
from lumen_notify.settings import Settings

LOOK_SECONDS = 0.25
"""The pause between two looks: two queries by indexes, which mostly find nothing."""

PAUSE_SECONDS = 1.0
"""The pause before what was pushed is written once more, while the database is away."""

MAX_LARGE = 4
"""Large pushes at once. Urgent ones do not count."""

MAX_PERSONAL = 4
"""Pages of personal pushes at once. Urgent ones do not count."""

PERSONAL_USERS = 20
"""A push to more users is a large one."""

PAGE_USERS = 100
"""Users of a page of a push that names them, each with a notification of their own."""


class Worker:
    """Pushes. submit: the committer's. streams: the open streams of users. may_run: whether this instance
    pushes. outage: of its queries."""

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
    ) -> None:
        self._due = DuePushes(database, max_devices=settings.max_devices_per_user)
        self._submit = submit
        self._clock = clock
        self._may_run = may_run
        self._outage = outage
        self._closing = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], frozenset[str]] = {}
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
                if self._may_run():
                    await self._note_errors(self.look())
                await self._pause(LOOK_SECONDS)
            if self._tasks:
                await asyncio.wait(list(self._tasks))
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Take no more pushes."""
        self._closing.set()

    async def look(self) -> None:
        """Begin to push what is due. Raises Unavailable."""
        running = frozenset[str]().union(*self._tasks.values())
        due = [push for push in await self._due.due(self._clock()) if push.id not in running]
        for is_urgent in (True, False):
            mine = [push for push in due if (push.priority == "urgent") is is_urgent]
            personal = [push for push in mine if _is_personal(push)]
            if personal and (is_urgent or self._running("personal") < MAX_PERSONAL):
                self._start("personal", self._push_personal(personal), personal)
            for push in mine:
                if not _is_personal(push) and (is_urgent or self._running("large") < MAX_LARGE):
                    self._start("large", self._push_large(push), [push])
        if not self._running("waiting"):
            waiting = await self._due.waiting(self._clock())
            if waiting:
                self._start("waiting", self._push_waiting(waiting), [])

    async def work_off(self) -> None:
        """Push what is due until nothing is left: for tests, which move the clock. Raises Unavailable."""
        while True:
            await self.look()
            if not self._tasks:
                return
            await asyncio.gather(*self._tasks)

    def _running(self, name: str) -> int:
        return sum(task.get_name() == name for task in self._tasks)

    def _start(self, name: str, work: Awaitable[None], pushes: Iterable[OutboxPush]) -> None:
        task = asyncio.get_running_loop().create_task(self._note_errors(work), name=name)
        self._tasks[task] = frozenset(push.id for push in pushes)
        task.add_done_callback(lambda task: self._tasks.pop(task, None))

    async def _push_personal(self, pushes: Sequence[OutboxPush]) -> None:
        """Push several pushes to few users each as one page: as many as its devices allow."""
        await self._take(pushes)
        devices = by_user(await self._due.devices(user for push in pushes for user in push.users or ()))
        number = 0
        chosen: list[OutboxPush] = []
        for push in pushes:
            number += sum(len(devices.get(user, ())) for user in push.users or ())
            if chosen and number > PAGE_DEVICES:
                break
            chosen.append(push)
        entries = [entry for push in chosen for entry in _entries(push, push.users or ())]
        progress = tuple(_progress(push, (push.users or ("",))[-1], is_done=True) for push in chosen)
        await self._pages.push(Page(entries=entries, devices=devices, progress=progress))

    async def _push_large(self, push: OutboxPush) -> None:
        """Push one push, page after page."""
        await self._take([push])
        done_user, is_done = push.done_user, False
        while not is_done and self._may_run() and not self._closing.is_set():
            devices, users, has_more = await self._next(push, done_user)
            is_done = not has_more
            last = users[-1] if users else done_user
            progress = Progress(push_id=push.id, from_user=done_user, done_user=last, is_done=is_done)
            page = Page(entries=_entries(push, users), devices=by_user(devices), progress=(progress,))
            if await self._pages.push(page):
                return  # another instance pushes it
            done_user = last

    async def _next(self, push: OutboxPush, done_user: str) -> tuple[Sequence[Device], Sequence[str], bool]:
        """Return the devices and the users of the next page, and whether there are more."""
        if push.users is not None:
            left = [user for user in push.users if user > done_user]
            users = left[:PAGE_USERS]
            return await self._due.devices(users), users, len(left) > len(users)
        devices, has_more = await self._due.page(push, done_user)
        return devices, list(dict.fromkeys(device.user_id for device in devices)), has_more

    async def _push_waiting(self, waiting: Sequence[Waiting]) -> None:
        """Decide again about pushes that have waited."""
        devices = by_user(await self._due.devices(one.user_id for one in waiting))
        entries = [
            Entry(
                push=one.push,
                user_id=one.user_id,
                notification_id=one.notification_id or one.push.notification_id or "",
                waited=one,
            )
            for one in waiting
            if one.push is not None
        ]
        waited = tuple((_waiting_key(one), one.due_at) for one in waiting)
        await self._pages.push(Page(entries=entries, devices=devices, waited=waited))

    async def _take(self, pushes: Iterable[OutboxPush]) -> None:
        taken = tuple(push.id for push in pushes if push.is_open)
        if taken:
            await self._submit(TakePushes(ids=taken))

    async def _write(self, command: AdvancePushes) -> bool:
        """Write what a page did. It was pushed: so wait for the database, and do not push it once more."""
        while True:
            try:
                is_behind: bool = await self._submit(command)
            except Unavailable as error:
                self._outage.begin(error)
                if not self._may_run() or self._closing.is_set():
                    raise
            else:
                return is_behind
            await self._pause(PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass

    async def _note_errors(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Unavailable as error:
            self._outage.begin(error)
        except Exception as error:  # noqa: BLE001 - a defect in one page must not prevent the next
            self._outage.begin(error, has_trace=True)
        else:
            self._outage.end()


def _is_personal(push: OutboxPush) -> bool:
    return push.users is not None and len(push.users) <= PERSONAL_USERS


def _entries(push: OutboxPush, users: Sequence[str]) -> list[Entry]:
    """Return an entry for each user, or for each notification of each user."""
    if not push.targets:
        own = push.notification_id or ""
        return [Entry(push=push, user_id=user, notification_id=own) for user in users]
    wanted = set(users)
    return [
        Entry(push=push, user_id=user, notification_id=target)
        for user, target in push.targets
        if user in wanted
    ]


def _progress(push: OutboxPush, done_user: str, *, is_done: bool) -> Progress:
    return Progress(push_id=push.id, from_user=push.done_user, done_user=done_user, is_done=is_done)


def _waiting_key(one: Waiting) -> WaitingKey:
    return WaitingKey(
        user_id=one.user_id,
        push_id=one.push_id,
        notification_id=one.notification_id,
        device_id=one.device_id,
    )
