"""Retention: deletes old rows, in steps so small that other commits are hardly delayed.

Promises: a client whose cursor is older than the trimmed events gets `reset` (the transaction that trims
raises the log's floor); each step is a command like any other; a round goes on until nothing is left to
delete; a limit of 0 keeps rows forever.

Events beyond the maximum number are trimmed only once they are LATE_SECONDS old, so that an instance that
lags behind can still read them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from lumen_notify.commit.accounts.attempts import STEP_WINDOWS, TrimAttempts
from lumen_notify.commit.accounts.sessions import STEP_SESSIONS, TrimSessions
from lumen_notify.commit.audit.audit import STEP_ROWS as STEP_AUDIT
from lumen_notify.commit.audit.audit import TrimAudit
from lumen_notify.commit.database import Database
from lumen_notify.commit.devices.removal import STEP_DEVICES, TrimDevices
from lumen_notify.commit.log import TrimEvents
from lumen_notify.commit.marks.purge import PurgeReceipts
from lumen_notify.commit.notifications.idempotency import STEP_KEYS, TrimIdempotencyKeys
from lumen_notify.commit.publications.removal import (
    STEP_NOTIFICATIONS,
    STEP_SHARED,
    Expire,
    ExpiryQuery,
    Remove,
    RemoveOldest,
)
from lumen_notify.commit.push.retention import TrimPushes
from lumen_notify.commit.rooms.deletion import PurgeRoom
from lumen_notify.errors import Unavailable
from lumen_notify.model import Audience
from lumen_notify.outages import Outage

ROUND_SECONDS = 30.0
"""The pause between two rounds."""

PAUSE_SECONDS = 0.02
"""The pause between two steps: commands that wait are committed first."""

STEP_EVENTS = 500
"""Events of one step: some 10 ms of the writer's time. A step with fewer is the last one of its round."""

STEP_AUDIENCES = 500
ROUND_STEPS = 100
"""Audiences whose notifications are counted in one step, and the steps of one round. The next round continues
where this one stopped: with more than 50,000 audiences, a round does not count all of them."""

LATE_SECONDS = 60
"""The minimum age of events that are trimmed by number."""

NEVER_MS = -(2**62)
"""A time before everything."""


class Retention:
    """Deletes old rows, round by round. submit: the committer's. may_run: whether this instance does the
    jobs. A limit of 0 means no limit.

    events_seconds, events: maximum age and number of events; notifications_seconds: maximum age of
    notifications; notifications: maximum number for one audience; archived_seconds: how long a notification
    to one user is kept after they archived it; idempotency_seconds: maximum age of idempotency keys;
    push_seconds: how long a device is kept after it was dropped, and how long it is known what became of a
    push; audit_seconds: how long it is known what administrators did.
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
        push_seconds: int,
        audit_seconds: int,
        may_run: Callable[[], bool] = lambda: True,
        outage: Outage | None = None,
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
        self._push_seconds = push_seconds
        self._audit_seconds = audit_seconds
        self._may_run = may_run
        self._archived_since = NEVER_MS
        self._counted_up_to = ""
        self._outage = outage or Outage("retention")

    async def sweep(self) -> None:
        """Run one round. Raises Unavailable."""
        for step in (self._trim_events, self._trim_idempotency_keys, self._remove_old, self._remove_archived):
            await _repeat(step)
        if self._notifications:
            await self._remove_surplus()
        await _repeat(self._purge_receipts)
        await _repeat(self._trim_devices)
        await _repeat(self._trim_pushes)
        await _repeat(self._trim_sessions)
        await _repeat(self._trim_attempts)
        await _repeat(self._trim_audit)
        await _repeat(self._purge_rooms)

    async def run(self) -> None:
        """Run round after round until it is cancelled."""
        while True:
            try:
                if self._may_run():
                    await self.sweep()
            except Unavailable as error:
                self._outage.begin(error)
            except Exception as error:  # noqa: BLE001 - a defect in one round must not keep rows for ever
                self._outage.begin(error, has_trace=True)
            else:
                self._outage.end()
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

    async def _trim_idempotency_keys(self) -> bool:
        if not self._idempotency_seconds:
            return False
        trimmed: int = await self._submit(TrimIdempotencyKeys(before=self._before(self._idempotency_seconds)))
        return trimmed == STEP_KEYS

    async def _trim_devices(self) -> bool:
        trimmed: int = await self._submit(TrimDevices(before=self._before(self._push_seconds)))
        return trimmed == STEP_DEVICES

    async def _trim_pushes(self) -> bool:
        has_more: bool = await self._submit(TrimPushes(before=self._before(self._push_seconds)))
        return has_more

    async def _trim_sessions(self) -> bool:
        trimmed: int = await self._submit(TrimSessions())
        return trimmed == STEP_SESSIONS

    async def _trim_audit(self) -> bool:
        if not self._audit_seconds:
            return False
        trimmed: int = await self._submit(TrimAudit(before=self._before(self._audit_seconds)))
        return trimmed == STEP_AUDIT

    async def _trim_attempts(self) -> bool:
        if not await self._database.fetch("finished_attempt_windows", now=self._clock(), limit=1):
            return False
        trimmed: int = await self._submit(TrimAttempts())
        return trimmed == STEP_WINDOWS

    async def _remove_old(self) -> bool:
        return await self._expire("created_before", self._before(self._notifications_seconds))

    async def _remove_archived(self) -> bool:
        before = self._before(self._archived_seconds)
        rows = await self._database.fetch(
            "archived_between", since=self._archived_since, before=before, limit=STEP_NOTIFICATIONS
        )
        if rows:
            places = [(id_, Audience(audience)) for id_, audience, _ in rows]
            await self._submit(Remove(rows=places, archived_before=before))
        is_full = len(rows) == STEP_NOTIFICATIONS
        # Notifications to everyone stay, however long ago a user archived them: the next step skips them.
        self._archived_since = rows[-1][2] if is_full else before
        return is_full

    async def _expire(self, query: ExpiryQuery, before: int) -> bool:
        rows = await self._database.fetch(query, before=before, limit=1)
        if rows:
            await self._submit(Expire(query=query, before=before))
        return bool(rows)

    async def _remove_surplus(self) -> None:
        for _ in range(ROUND_STEPS):
            page = await self._database.fetch(
                "audience_numbers", after=self._counted_up_to, limit=STEP_AUDIENCES
            )
            for text, number in page:
                if number > self._notifications:
                    await _repeat(partial(self._remove_oldest, Audience(text)))
            self._counted_up_to = page[-1][0] if len(page) == STEP_AUDIENCES else ""
            if not self._counted_up_to:
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
        rooms = await self._database.fetch("deleted_rooms", limit=1)
        for (room_id,) in rooms:
            await self._submit(PurgeRoom(room_id=room_id))
        return bool(rooms)


async def _repeat(step: Callable[[], Awaitable[bool]]) -> None:
    while await step():  # noqa: ASYNC110 - a pause between steps, not polling
        await asyncio.sleep(PAUSE_SECONDS)
