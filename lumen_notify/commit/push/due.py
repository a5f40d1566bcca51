"""Due: reads which pushes are due, and the devices of a page of their users.

Promises: urgent pushes come first; a page has all devices of each of its users.

Not here: who of them gets a push (`push/decision`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from lumen_notify.commit.database import Database, Rows
from lumen_notify.model import Audience, value

PAGE_DEVICES = 250
"""Devices of one page: what a crash may push again."""

MAX_DUE = 100
"""Pushes to a few users that one look finds, as many to more, and as many urgent ones."""

MAX_WAITING = 500
"""Waiting pushes that one look finds."""


@value
class OutboxPush:
    """A row of the outbox: see the table `lumen_push`.

    positions: of the notifications of a list. targets: user and notification, by user. device_kinds: None for
    all. body: of a push whose notification is nowhere else, JSON. is_open: whether what happens now may still
    join it: it is to be taken first (`TakePushes`). members_count: of its
    room, None if it has none.
    """

    id: str
    kind: str
    audience: Audience | None
    notification_id: str | None
    positions: tuple[int, int]
    targets: Sequence[tuple[str, str]]
    room_id: str | None
    first_seq: int | None
    sender_id: str | None
    category: str | None
    priority: str
    policy: str
    device_kinds: frozenset[str] | None
    body: str | None
    expires_at: int | None
    created_at: int
    is_open: bool
    done_user: str
    members_count: int | None = None

    @property
    def users(self) -> Sequence[str] | None:
        """The users that it names, ascending; None if the database has them."""
        if self.audience is not None and self.audience.user_id is not None:
            return [self.audience.user_id]
        return sorted({user_id for user_id, _ in self.targets}) if self.targets else None


@value
class Device:
    """A device that has not been dropped. shown: the collapse keys of what it shows, oldest first. badge: the
    unread count that the last push carried. registered_at: the last time, in milliseconds."""

    user_id: str
    id: str
    provider: str
    token: str
    kind: str | None
    locale: str | None
    p256dh: str | None
    auth: str | None
    registered_at: int
    shown: tuple[str, ...]
    badge: int


@value
class Waiting:
    """A push that has waited for one user. notification_id, device_id: empty if it has none. collapse_key,
    attempts, tried_at: of one that is tried again. push: None if it has been deleted meanwhile."""

    user_id: str
    push_id: str
    notification_id: str
    device_id: str
    reason: str
    collapse_key: str | None
    attempts: int
    tried_at: int | None
    due_at: int
    push: OutboxPush | None


class DuePushes:
    """Reads the outbox. max_devices: of one user."""

    def __init__(self, database: Database, *, max_devices: int = PAGE_DEVICES) -> None:
        self._database = database
        self._limit = max(PAGE_DEVICES, max_devices) + 1

    async def due(self, now: int, *, running: Collection[str] = ()) -> Sequence[OutboxPush]:
        """Read the pushes that are due, the urgent ones first. running: those that are left out. Raises
        DatabaseUnavailable."""
        rows = await self._database.fetch("due_pushes", now=now, limit=MAX_DUE + len(running))
        return [_push(row, members_count=count) for *row, count in rows if row[0] not in running]

    async def waiting(self, now: int, *, is_retry: bool) -> Sequence[Waiting]:
        """Read the waiting pushes that are due, those of a user that are due at one time together.

        is_retry: those that a provider has not taken; else all others.
        """
        name = "pushes_to_retry" if is_retry else "waiting_pushes"
        rows = await self._database.fetch(name, now=now, limit=MAX_WAITING)
        found = [
            Waiting(
                user_id=user_id,
                push_id=push_id,
                notification_id=notification_id,
                device_id=device_id,
                reason=reason,
                collapse_key=collapse_key,
                attempts=attempts,
                tried_at=tried_at,
                due_at=due_at,
                push=None if row[0] is None else _push(row),
            )
            for (
                user_id,
                push_id,
                notification_id,
                device_id,
                reason,
                collapse_key,
                attempts,
                tried_at,
                due_at,
                *row,
            ) in rows
        ]
        return _whole(found, MAX_WAITING, key=lambda one: (one.due_at, one.user_id))

    async def page(self, push: OutboxPush, after: str) -> tuple[Sequence[Device], bool]:
        """Read the devices of the next users after one, by user; return whether there are more users."""
        rows = await self._rows(push, after)
        devices = [_device(row) for row in rows]
        is_full = len(rows) >= self._limit
        return (_whole(devices, self._limit, key=lambda one: one.user_id) if is_full else devices), is_full

    async def devices_of_rooms(
        self, rooms: Sequence[tuple[str, str]]
    ) -> tuple[Sequence[Sequence[Device]], bool]:
        """Read the devices of rooms' members, by user. rooms: with the user after whom the members begin.

        Returns those of as many rooms as are one page, and whether the last of them has more: it is then the
        only one.
        """
        rows = [
            {"number": number, "room_id": room_id, "after": after}
            for number, (room_id, after) in enumerate(rooms)
        ]
        found = await self._database.fetch("push_devices_of_rooms", rows=rows, limit=self._limit)
        is_full = len(found) >= self._limit
        is_cut = is_full and found[0][0] == found[-1][0] == 0
        if is_cut:
            devices = [_device(row) for _, *row in found]
            return [_whole(devices, self._limit, key=lambda one: one.user_id)], True
        number = found[-1][0] if is_full else len(rooms)
        pages: list[list[Device]] = [[] for _ in range(number)]
        for row_number, *row in found:
            if row_number < number:
                pages[row_number].append(_device(row))
        return pages, False

    async def devices(self, user_ids: Iterable[str]) -> Sequence[Device]:
        """Read the devices of some users, by user."""
        rows = [{"user_id": user_id} for user_id in sorted(set(user_ids))]
        return [_device(row) for row in await self._database.fetch("push_devices_of_users", rows=rows)]

    async def _rows(self, push: OutboxPush, after: str) -> Rows:
        fetch, limit = self._database.fetch, self._limit
        shown = None
        if push.kind == "withdrawal":
            shown = '%"%' if push.notification_id is None else f'%"{push.notification_id}"%'
        audience = push.audience
        if audience is not None and audience.room_id is not None:
            return await fetch(
                "push_devices_of_room", room_id=audience.room_id, after=after, shown=shown, limit=limit
            )
        if audience is not None:
            return await fetch("push_devices_of_all", after=after, shown=shown, limit=limit)
        first, last = push.positions
        return await fetch(
            "push_devices_of_list",
            notification_id=push.notification_id,
            first_position=first,
            last_position=last,
            after=after,
            limit=limit,
        )


def _whole(rows: Sequence[Any], limit: int, *, key: Any) -> Sequence[Any]:
    """Return the rows of a page without those of its last key, of which it may lack some; all if it has no
    other key."""
    if len(rows) < limit:
        return rows
    last = key(rows[-1])
    return [row for row in rows if key(row) != last] or rows


def _push(row: Sequence[Any], *, members_count: int | None = None) -> OutboxPush:
    (
        id_,
        kind,
        audience,
        notification_id,
        first_position,
        last_position,
        targets,
        room_id,
        first_seq,
        sender_id,
        category,
        priority,
        policy,
        device_kinds,
        body,
        expires_at,
        created_at,
        coalesce_key,
        done_user,
    ) = row
    return OutboxPush(
        id=id_,
        kind=kind,
        audience=None if audience is None else Audience(audience),
        notification_id=notification_id,
        positions=(first_position or 0, last_position or 2**62),
        targets=[(user_id, target) for user_id, target in json.loads(targets)] if targets else (),
        room_id=room_id,
        first_seq=first_seq,
        sender_id=sender_id,
        category=category,
        priority=priority,
        policy=policy,
        device_kinds=frozenset(json.loads(device_kinds)) if device_kinds else None,
        body=body,
        expires_at=expires_at,
        created_at=created_at,
        is_open=coalesce_key is not None,
        done_user=done_user,
        members_count=members_count,
    )


def _device(row: Sequence[Any]) -> Device:
    user_id, id_, provider, token, kind, locale, p256dh, auth, registered_at, shown, badge = row
    return Device(
        user_id=user_id,
        id=id_,
        provider=provider,
        token=token,
        kind=kind,
        locale=locale,
        p256dh=p256dh,
        auth=auth,
        registered_at=registered_at,
        shown=tuple(json.loads(shown)),
        badge=badge,
    )
