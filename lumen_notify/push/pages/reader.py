"""Reader: the next page of what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from lumen_notify.commit.push.due import PAGE_DEVICES, Device, DuePushes, OutboxPush, Waiting
from lumen_notify.commit.push.outbox import PERSONAL_USERS
from lumen_notify.commit.push.progress import Progress, WaitingKey
from lumen_notify.push.pages.entries import Entry
from lumen_notify.push.pages.page import Page

ROOM_MEMBERS = 100
"""A push to a room with more members is a large one."""

PAGE_ROOMS = 50
"""Rooms of a page: what is new in each takes some queries."""

PAGE_USERS = 100
"""Users of a page of a push that names them, each with a notification of their own."""


class PageReader:
    """Reads pages. Raises DatabaseUnavailable."""

    def __init__(self, due: DuePushes) -> None:
        self._due = due

    async def personal(self, pushes: Sequence[OutboxPush]) -> Page:
        """Read one page of pushes to few users each: as many of them as its devices allow, at least one."""
        devices = by_user(await self._due.devices(user for push in pushes for user in push.users or ()))
        number = 0
        chosen: list[OutboxPush] = []
        for push in pushes:
            number += sum(len(devices.get(user, ())) for user in push.users or ())
            if chosen and number > PAGE_DEVICES:
                break
            chosen.append(push)
        return Page(
            entries=[entry for push in chosen for entry in _entries(push, push.users or ())],
            devices=devices,
            progress=tuple(
                _progress(push, push.done_user, (push.users or ("",))[-1], is_done=True) for push in chosen
            ),
        )

    async def rooms(self, pushes: Sequence[OutboxPush]) -> Page:
        """Read one page of pushes to small rooms: as many of them as its devices allow, at least one."""
        pushes = pushes[:PAGE_ROOMS]
        rooms = [(room_of(push), push.done_user) for push in pushes]
        found, has_more = await self._due.devices_of_rooms(rooms)
        entries: list[Entry] = []
        progress: list[Progress] = []
        for push, devices in zip(pushes, found, strict=False):  # those of the others have no place
            users = list(dict.fromkeys(device.user_id for device in devices))
            entries += _entries(push, users)
            last = users[-1] if users else push.done_user
            progress.append(_progress(push, push.done_user, last, is_done=not has_more))
        unique = {device.id: device for devices in found for device in devices}
        return Page(entries=entries, devices=by_user(unique.values()), progress=tuple(progress))

    async def large(self, pushes: Sequence[OutboxPush], *, done_user: str) -> Page:
        """Read the page of a push after a user. pushes: the only one."""
        (push,) = pushes
        devices: Sequence[Device]
        users: Sequence[str]
        if push.users is not None:
            left = [user for user in push.users if user > done_user]
            users, has_more = left[:PAGE_USERS], len(left) > PAGE_USERS
            devices = await self._due.devices(users)
        else:
            devices, has_more = await self._due.page(push, done_user)
            users = list(dict.fromkeys(device.user_id for device in devices))
        last = users[-1] if users else done_user
        return Page(
            entries=_entries(push, users),
            devices=by_user(devices),
            progress=(_progress(push, done_user, last, is_done=not has_more),),
        )

    async def waiting(self, waiting: Sequence[Waiting]) -> Page:
        """Read the page of pushes that have waited."""
        return Page(
            entries=[
                Entry(
                    push=one.push,
                    user_id=one.user_id,
                    notification_id=one.notification_id or one.push.notification_id or "",
                    waited=one,
                )
                for one in waiting
                if one.push is not None
            ],
            devices=by_user(await self._due.devices(one.user_id for one in waiting)),
            waited=tuple((_waiting_key(one), one.due_at) for one in waiting),
        )


def is_personal(push: OutboxPush) -> bool:
    """Return whether a push is to few users, so that many of them are one page."""
    return push.users is not None and len(push.users) <= PERSONAL_USERS


def is_small_room(push: OutboxPush) -> bool:
    """Return whether a push is to a small room, so that many of them are one page."""
    return push.members_count is not None and push.members_count <= ROOM_MEMBERS


def room_of(push: OutboxPush) -> str:
    """Return the room that a push is to; empty if it is to none."""
    return "" if push.audience is None else push.audience.room_id or ""


def by_user(devices: Iterable[Device]) -> Mapping[str, Sequence[Device]]:
    """Return devices by user."""
    found: dict[str, list[Device]] = defaultdict(list)
    for one in devices:
        found[one.user_id].append(one)
    return found


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


def _progress(push: OutboxPush, from_user: str, done_user: str, *, is_done: bool) -> Progress:
    return Progress(push_id=push.id, from_user=from_user, done_user=done_user, is_done=is_done)


def _waiting_key(one: Waiting) -> WaitingKey:
    return WaitingKey(
        user_id=one.user_id,
        push_id=one.push_id,
        notification_id=one.notification_id,
        device_id=one.device_id,
    )
