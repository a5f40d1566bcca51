"""Entries: a push and one of its users, and what of them becomes one push. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import cast

from lumen_notify.commit.push.due import Device, OutboxPush, Waiting
from lumen_notify.commit.push.facts import Facts
from lumen_notify.commit.push.progress import WaitingKey
from lumen_notify.model import value
from lumen_notify.push.pages.payload import bundle_key, room_key
from lumen_notify.push.pages.room_messages import NewMessages
from lumen_notify.push.push import Delivery, Priority

_PRIORITIES: Sequence[Priority] = ("low", "normal", "high", "urgent")


@value
class Entry:
    """A push and one of its users. notification_id: empty if it has none. waited: None on the first look."""

    push: OutboxPush
    user_id: str
    notification_id: str = ""
    waited: Waiting | None = None

    @property
    def is_retry(self) -> bool:
        """Whether it is for one device, which did not get it at an earlier time."""
        return bool(self.device_id)

    @property
    def device_id(self) -> str:
        """The only device that is to get it; empty for all."""
        return "" if self.waited is None else self.waited.device_id

    def key(self, device_id: str = "") -> WaitingKey:
        """Return its row among those that wait. device_id: of the device that is to get it."""
        return WaitingKey(
            user_id=self.user_id,
            push_id=self.push.id,
            notification_id=self.notification_id if self.push.targets else "",
            device_id=device_id or self.device_id,
        )


@value
class Passing:
    """An entry that is pushed now, but for the limit of the hour. messages: of a room."""

    entry: Entry
    facts: Facts
    devices: Sequence[Device]
    messages: NewMessages | None = None


@value
class Group:
    """What one user gets as one push: a notification, several of them, or the new messages of a room.

    parts: at least one, in the order of their pushes. collapse_key: of the push.
    """

    parts: Sequence[Passing]
    collapse_key: str

    @property
    def first(self) -> Passing:
        """The first part."""
        return self.parts[0]

    @property
    def entry(self) -> Entry:
        """The entry of the first part."""
        return self.parts[0].entry

    @property
    def user_id(self) -> str:
        """The user."""
        return self.entry.user_id

    @property
    def count(self) -> int:
        """How many notifications it has. One that was pushed again while it waited counts once."""
        return _count(self.parts)

    @property
    def category(self) -> str | None:
        """The category of all parts; None if they have several."""
        found = {part.facts.category for part in self.parts}
        return found.pop() if len(found) == 1 else None

    @property
    def priority(self) -> Priority:
        """The highest priority."""
        found = [cast("Priority", part.entry.push.priority) for part in self.parts]
        return max(found, key=_PRIORITIES.index)

    @property
    def expires_at(self) -> int | None:
        """When the last part expires; None for never."""
        times = [
            part.entry.push.expires_at if part.facts.position is None else part.facts.expires_at
            for part in self.parts
        ]
        known = [at for at in times if at is not None]
        return max(known) if len(known) == len(times) else None


@value
class Sending:
    """A delivery on its way, and what it is about. is_silent: a withdrawal.

    shown, hidden: the collapse keys that the device shows from then on, or no more.
    """

    delivery: Delivery
    entries: Sequence[Entry]
    category: str | None = None
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    is_silent: bool = False


def grouped(passing: Iterable[Passing]) -> list[Group]:
    """Return what becomes one push: what has waited together, and the notifications of a digest."""
    groups: dict[Hashable, list[Passing]] = defaultdict(list)
    for part in passing:
        groups[_key(part)].append(part)
    return [Group(parts=parts, collapse_key=_collapse_key(parts)) for parts in groups.values()]


def _key(part: Passing) -> Hashable:
    entry = part.entry
    push = entry.push
    if entry.is_retry:
        return entry.user_id, entry.device_id, _collapse_key([part])
    if push.kind == "messages":
        return entry.user_id, "", room_key(push.room_id or "")
    if entry.waited is not None:
        return entry.user_id, part.facts.category, push.device_kinds
    if push.targets:
        return entry.user_id, push.id
    return entry.user_id, push.id, entry.notification_id


def _collapse_key(parts: Sequence[Passing]) -> str:
    entry = parts[0].entry
    if entry.waited is not None and entry.waited.collapse_key is not None:
        return entry.waited.collapse_key
    if entry.push.kind == "messages":
        return room_key(entry.push.room_id or "")
    if _count(parts) == 1:
        return entry.notification_id or entry.push.id
    categories = {part.facts.category for part in parts}
    return bundle_key(categories.pop() if len(categories) == 1 else None)


def _count(parts: Sequence[Passing]) -> int:
    return len({part.entry.notification_id or part.entry.push.id for part in parts})
