"""Counts model: what users have, in plain Python, after the same commands as the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from lumen_notify.commit.marks.marks import Mark
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.model import EVERYONE, Audience

USERS = ("ann", "bob", "cyd", "dan")

Choice = Literal["shown", "muted", "hidden"]
CHOICES: dict[Choice, dict[str, bool | None]] = {
    "shown": {"muted": False, "in_app": None},
    "muted": {"muted": True},
    "hidden": {"in_app": False},
}


@dataclass(slots=True)
class Item:
    """A notification in the list of one user."""

    category: str
    is_read: bool = False
    is_archived: bool = False


@dataclass(slots=True)
class Merged:
    """A row that further ones merge into. announced_at: when an event last announced it."""

    id: str
    announced_at: int
    is_pending: bool = False


@dataclass
class Model:
    """What the users have. boxes: by user, the items by id. choices: by user and category."""

    boxes: dict[str, dict[str, Item]] = field(default_factory=lambda: {user: {} for user in USERS})
    live: dict[str, Publication] = field(default_factory=dict)
    members: set[str] = field(default_factory=lambda: set(USERS[:2]))
    choices: dict[tuple[str, str], Choice] = field(default_factory=dict)
    merged: dict[tuple[str, str], Merged] = field(default_factory=dict)

    def publish(self, publications: Sequence[Publication], now: int) -> None:
        announced: list[Merged] = []
        for publication in publications:
            if publication.group_key is None:
                self._add(publication)
                continue
            (audience,) = publication.audiences
            row = self.merged.get((audience, publication.category))
            if row is None or row.id not in self.live:
                row = self.merged[audience, publication.category] = Merged(publication.id, now)
                announced.append(row)
                self._add(publication)
                continue
            self.live[row.id] = replace(publication, id=row.id)
            item = self.boxes[audience.removeprefix("user:")][row.id]
            if item.is_read or item.is_archived or now - row.announced_at >= 1000 or row in announced:
                announced.append(row)
                self._announce(row, now)
            else:
                row.is_pending = True

    def flush(self, now: int) -> None:
        for row in self.merged.values():
            if row.is_pending and row.id in self.live and now - row.announced_at >= 1000:
                self._announce(row, now)

    def _announce(self, row: Merged, now: int) -> None:
        row.announced_at, row.is_pending = now, False
        for box in self.boxes.values():
            if row.id in box:
                box[row.id].is_read = box[row.id].is_archived = False

    def _add(self, publication: Publication) -> None:
        self.live[publication.id] = publication
        (audience,) = publication.audiences
        for user in self.members if audience == "room:r" else USERS:
            if audience in (EVERYONE, "room:r", Audience.user(user)):
                self.boxes[user][publication.id] = Item(publication.category)

    def remove(self, id_: str) -> None:
        del self.live[id_]
        for box in self.boxes.values():
            box.pop(id_, None)

    def delete(self, user: str, ids: Sequence[str] | None) -> None:
        for id_ in [id_ for id_ in self.boxes[user] if ids is None or id_ in ids]:
            if self.live[id_].audiences == (Audience.user(user),):
                self.remove(id_)
            else:
                del self.boxes[user][id_]

    def expire(self, now: int) -> None:
        ends = {id_: one.expires_at for id_, one in self.live.items() if one.expires_at is not None}
        for id_ in [id_ for id_, end in ends.items() if end <= now]:
            self.remove(id_)

    def leave(self, user: str) -> None:
        self.members.discard(user)
        for id_ in [id_ for id_ in self.boxes[user] if self.live[id_].audiences == ("room:r",)]:
            del self.boxes[user][id_]

    def mark(self, command: Mark) -> None:
        box = self.boxes[command.user_id]
        ids = command.selection.ids
        for item in [item for id_, item in box.items() if ids is None or id_ in ids]:
            match command.action:
                case "read" | "unread":
                    item.is_read = command.action == "read"
                case "archive" | "unarchive":
                    item.is_archived = command.action == "archive"

    def unread(self, user: str) -> dict[str, int]:
        items = self.boxes[user].values()
        return dict(
            Counter(
                item.category
                for item in items
                if not (item.is_read or item.is_archived) and self.choice(user, item.category) == "shown"
            )
        )

    def choice(self, user: str, category: str) -> Choice:
        return self.choices.get((user, category), "shown")
