"""Retention: takes away what is too old, in steps so small that commits hardly notice.

Promises: whatever is behind a client's cursor and gone is answered by `reset` (the log's floor rises in
the transaction that trims); every step is one command among others; a round goes on until nothing is
left to do; 0 keeps for ever.

What is trimmed by number is at least LATE_SECONDS old, so that an instance that lags behind still finds it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from lumen_notify.commit.accounts.sessions import STEP_SESSIONS, TrimSessions
from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications.removal import (
    STEP_NOTIFICATIONS,
    STEP_SHARED,
    Expire,
    ExpiryQuery,
    PurgeReceipts,
    Remove,
    RemoveOldest,
)
from lumen_notify.commit.rooms.deletion import PurgeRoom
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Unavailable
from lumen_notify.model import Audience, value

ROUND_SECONDS = 30.0
"""How often it looks."""

PAUSE_SECONDS = 0.02
"""Between two steps: what waits to be committed goes first."""

STEP_EVENTS = 500
STEP_KEYS = 500
"""Rows of one step: some 10 ms of the writer's time. One that is not full is the last of its kind."""

STEP_AUDIENCES = 500
ROUND_STEPS = 100
"""Of how many audiences the notifications are counted at a time, and how often in one round. The next
round goes on from there: with more than 50,000 users not all of them are looked at in each."""

LATE_SECONDS = 60
"""The least age of an event that is trimmed."""

NEVER_MS = -(2**62)
"""Before it, there is nothing."""

_log = logging.getLogger("lumen_notify.retention")


@value
class TrimEvents:
    """Trim the log up to a position. The result: None."""

    up_to: int

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "retention"


@value
class TrimKeys:
    """Trim one step of idempotency keys from before a time. The result: how many."""

    before: int

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "retention"


async def trim_events(tx: Transaction, commands: Sequence[TrimEvents]) -> Sequence[None]:
    """Write trims of the log: a `committer.Handler`."""
    for command in commands:
        await tx.run("trim_events", up_to=command.up_to)
        await tx.run("raise_floor", up_to=command.up_to)
    return [None] * len(commands)


async def trim_keys(tx: Transaction, commands: Sequence[TrimKeys]) -> Sequence[int]:
    """Write trims of idempotency keys: a `committer.Handler`."""
    return [len(await tx.run("trim_keys", before=one.before, limit=STEP_KEYS)) for one in commands]


class Retention:
    """Trims, round by round. submit: the committer's. Of the limits 0 is none.

    events_seconds, events: age and number of events; notifications_seconds: age of notifications;
    notifications: how many of one audience; archived_seconds: how long a notification to one user stays
    after he archived it; idempotency_seconds: age of idempotency keys.
    """

    def __init__(
        self,
        database: Database,
        submit: Callable[[Any], Awaitable[Any]],
        clock: Callable[[], int],
        *,
        events_seconds: int,
        events: int,
        notifications_seconds: int,
        notifications: int,
        archived_seconds: int,
        idempotency_seconds: int,
    ) -> None:
        self._database = database
        self._submit = submit
        self._clock = clock
        self._events_seconds = events_seconds
        self._events = events
        self._notifications_seconds = notifications_seconds
        self._notifications = notifications
        self._archived_seconds = archived_seconds
        self._idempotency_seconds = idempotency_seconds
        self._archived = NEVER_MS
        self._counted = ""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with the first round."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="retention")

    async def close(self) -> None:
        """Stop, perhaps amid a round."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> None:
        """Trim all that is too old now. Raises Unavailable."""
        for step in (self._trim_events, self._trim_keys, self._remove_old, self._remove_archived):
            await _repeat(step)
        if self._notifications:
            await self._remove_surplus()
        await _repeat(self._purge_receipts)
        await _repeat(self._trim_sessions)
        await _repeat(self._purge_rooms)

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
            except Unavailable as error:
                _log.warning("a round of retention ended early: %s", error.message)
            except Exception:  # noqa: BLE001 - a defect in one round is no reason to keep for ever
                _log.exception("a round of retention failed")
            await asyncio.sleep(ROUND_SECONDS)

    def _before(self, seconds: int) -> int:
        return self._clock() - seconds * 1000 if seconds else NEVER_MS

    async def _trim_events(self) -> bool:
        ((up_to,),) = await self._database.fetch(
            "trimmable_events",
            step=STEP_EVENTS,
            before=self._before(self._events_seconds),
            kept=self._events or 2**62,
            late_before=self._before(LATE_SECONDS),
        )
        if up_to is not None:
            await self._submit(TrimEvents(up_to=up_to))
        return up_to is not None

    async def _trim_keys(self) -> bool:
        if not self._idempotency_seconds:
            return False
        trimmed: int = await self._submit(TrimKeys(before=self._before(self._idempotency_seconds)))
        return trimmed == STEP_KEYS

    async def _trim_sessions(self) -> bool:
        trimmed: int = await self._submit(TrimSessions())
        return trimmed == STEP_SESSIONS

    async def _remove_old(self) -> bool:
        return await self._expire("created_before", self._before(self._notifications_seconds))

    async def _remove_archived(self) -> bool:
        before = self._before(self._archived_seconds)
        rows = await self._database.fetch(
            "archived_between", since=self._archived, before=before, limit=STEP_NOTIFICATIONS
        )
        if rows:
            places = [(id_, Audience(audience)) for id_, audience, _ in rows]
            await self._submit(Remove(rows=places, archived_before=before))
        is_full = len(rows) == STEP_NOTIFICATIONS
        # What is for all stays, however long ago it was archived: it is not looked at again and again.
        self._archived = rows[-1][2] if is_full else before
        return is_full

    async def _expire(self, query: ExpiryQuery, before: int) -> bool:
        found = await self._database.fetch(query, before=before, limit=1)
        if found:
            await self._submit(Expire(query=query, before=before))
        return bool(found)

    async def _remove_surplus(self) -> None:
        for _ in range(ROUND_STEPS):
            page = await self._database.fetch("audience_numbers", after=self._counted, limit=STEP_AUDIENCES)
            for text, number in page:
                if number > self._notifications:
                    await _repeat(partial(self._remove_oldest, Audience(text)))
            self._counted = page[-1][0] if len(page) == STEP_AUDIENCES else ""
            if not self._counted:
                break
            await asyncio.sleep(PAUSE_SECONDS)

    async def _remove_oldest(self, audience: Audience) -> bool:
        limit = STEP_NOTIFICATIONS if audience.is_personal else STEP_SHARED
        step = RemoveOldest(audience=audience, kept=self._notifications, limit=limit)
        removed: int = await self._submit(step)
        return removed == limit

    async def _purge_receipts(self) -> bool:
        purged: int = await self._submit(PurgeReceipts())
        return purged > 0

    async def _purge_rooms(self) -> bool:
        rooms = await self._database.fetch("gone_rooms", limit=1)
        for (room_id,) in rooms:
            await self._submit(PurgeRoom(room_id=room_id))
        return bool(rooms)


async def _repeat(step: Callable[[], Awaitable[bool]]) -> None:
    while await step():  # noqa: ASYNC110 - it paces, it waits for nothing
        await asyncio.sleep(PAUSE_SECONDS)
