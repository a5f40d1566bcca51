"""Announcer: tells users that somebody with whom they share a room came online or went offline.

Promises: a change reaches each user once, however many rooms they share; its cost is bounded by the rooms in
which it is announced (`commit/presence/presence`), the fan-out returns to the loop every few milliseconds,
and while changes wait, only the newest one of each user is kept. Like all that has no id, an announcement may
be lost: `GET /rooms/{id}/presence` has the truth.

The instance that has written a change looks up who may learn of it, and sends the rooms along: each instance
finds its own streams in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.presence.lease import Change
from lumen_notify.commit.presence.online import Online
from lumen_notify.commit.presence.presence import Observers, Presence
from lumen_notify.deliver.backplane.packing import MAX_ITEMS_BYTES, item_bytes, packed
from lumen_notify.deliver.frames.control import ephemeral
from lumen_notify.deliver.hub import FAN_OUT_CHUNK, Hub
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import Audience, rfc3339, value

MESSAGE = "presence"

MAX_WAITING = 10_000
"""Users whose changes wait here. One more drops the oldest of them."""

MAX_KNOWN = 10_000
"""Users of whom the time of the last change is kept, to drop messages that come late or twice."""

COLLECT_SECONDS = 0.05
"""For how long changes are collected before they are announced together."""

USERS_PER_QUERY = 100

RETRY_SECONDS = 1.0
"""After a query that failed."""


@value
class Announcement:
    """One user's change, and who learns of it: the members of some rooms, except for some users."""

    user_id: str
    is_online: bool
    at: int
    last_seen_at: int | None
    room_ids: tuple[str, ...]
    blocked_ids: tuple[str, ...]

    def as_item(self) -> list[Any]:
        """Return it as an item of a message."""
        rooms, blocked = list(self.room_ids), list(self.blocked_ids)
        return [self.user_id, self.is_online, self.at, self.last_seen_at, rooms, blocked]

    @classmethod
    def from_item(cls, item: Sequence[Any]) -> Announcement:
        """Read the item of a message. Raises ValueError, TypeError."""
        user_id, is_online, at, last_seen_at, room_ids, blocked_ids = item
        return cls(
            user_id=user_id,
            is_online=bool(is_online),
            at=int(at),
            last_seen_at=last_seen_at,
            room_ids=tuple(room_ids),
            blocked_ids=tuple(blocked_ids),
        )


class Announcer:
    """Announces changes, here and to the other instances. send: to those. clock: monotonic seconds.

    announced: how many changes were announced here.
    """

    def __init__(
        self,
        hub: Hub,
        presence: Presence,
        online: Online,
        *,
        send: Callable[[str, Mapping[str, Any]], None],
        clock: Callable[[], float],
    ) -> None:
        self.announced = 0
        self._hub = hub
        self._presence = presence
        self._online = online
        self._send = send
        self._clock = clock
        self._changes: dict[str, Change] = {}
        self._announcements: dict[str, Announcement] = {}
        self._known: dict[str, int] = {}
        self._has_work = asyncio.Event()

    def add(self, changes: Sequence[Change]) -> None:
        """Announce changes that this instance has written."""
        for change in changes:
            waiting = self._changes.get(change.user_id)
            if waiting is None or waiting.at < change.at:
                _put(self._changes, change.user_id, change, MAX_WAITING)
        self._has_work.set()

    def receive(self, fields: Mapping[str, Any]) -> None:
        """Announce the changes of a message here: a handler of `Messages`."""
        for item in fields["users"]:
            self._add_announcement(Announcement.from_item(item))

    async def show(self, user_id: str, *, is_hidden: bool) -> None:
        """Announce a user who has chosen to appear offline, or no longer, if they are online."""
        try:
            found = await self._online.of_user(user_id)
        except DatabaseUnavailable:  # the choice is committed, and an announcement may be lost
            return
        if found is not None and found.is_online:
            self.add([Change(user_id=user_id, is_online=not is_hidden, at=found.at, is_by_choice=True)])

    async def run(self) -> None:
        """Announce until cancelled: a task of the supervisor."""
        while True:
            await self._has_work.wait()
            await asyncio.sleep(COLLECT_SECONDS)
            self._has_work.clear()
            while self._changes:
                users = list(self._changes)[:USERS_PER_QUERY]
                changes = [self._changes.pop(user_id) for user_id in users]
                try:
                    self._announce(changes, await self._presence.observers(users))
                except DatabaseUnavailable:  # the tracker logs the outage
                    self._changes = {change.user_id: change for change in changes} | self._changes
                    await asyncio.sleep(RETRY_SECONDS)
            await self._deliver()

    def _announce(self, changes: Sequence[Change], observers: Mapping[str, Observers]) -> None:
        announcements = []
        for change in changes:
            found = observers.get(change.user_id)
            if found is None or (found.is_hidden and not (change.is_by_choice and not change.is_online)):
                continue
            announcement = _fitting(change, found)
            if announcement is not None:
                announcements.append(announcement)
                self._add_announcement(announcement)
        for users in packed([one.as_item() for one in announcements]):
            self._send(MESSAGE, {"users": users})

    def _add_announcement(self, announcement: Announcement) -> None:
        user_id, at = announcement.user_id, announcement.at
        if at <= self._known.get(user_id, 0):
            return
        _put(self._known, user_id, at, MAX_KNOWN)
        _put(self._announcements, user_id, announcement, MAX_WAITING)
        self._has_work.set()

    async def _deliver(self) -> None:
        written = 0
        while self._announcements:
            announcement = self._announcements.pop(next(iter(self._announcements)))
            self.announced += 1
            chunks = ephemeral(MESSAGE, _fields(announcement))
            excluded = {announcement.user_id, *announcement.blocked_ids}
            for channel in self._hub.channels_of(list(map(Audience.room, announcement.room_ids))):
                if channel.user_id not in excluded:
                    channel.write(chunks, int(self._clock()))
                    written += 1
                    if written % FAN_OUT_CHUNK == 0:
                        await asyncio.sleep(0)
            written += 1
            if written % FAN_OUT_CHUNK == 0:
                await asyncio.sleep(0)


def _fitting(change: Change, observers: Observers) -> Announcement | None:
    """Return the announcement, in as many rooms as fit into a message; None if none does."""
    room_ids = observers.room_ids
    while room_ids:
        announcement = Announcement(
            user_id=change.user_id,
            is_online=change.is_online,
            at=change.at,
            last_seen_at=None if change.is_by_choice else change.last_seen_at,
            room_ids=room_ids,
            blocked_ids=observers.blocked_ids,
        )
        if item_bytes(announcement.as_item()) <= MAX_ITEMS_BYTES:
            return announcement
        room_ids = room_ids[:-1]
    return None


def _fields(announcement: Announcement) -> Mapping[str, Any]:
    seen_at = announcement.last_seen_at
    return {
        "user": {"id": announcement.user_id},
        "status": "online" if announcement.is_online else "offline",
        "last_seen_at": None if seen_at is None else rfc3339(seen_at),
    }


def _put(bounded: dict[str, Any], key: str, item: Any, most: int) -> None:
    """Put an item at the end of a dictionary that drops its oldest one when it is full."""
    bounded.pop(key, None)
    bounded[key] = item
    if len(bounded) > most:
        del bounded[next(iter(bounded))]
