"""Group: a row into which notifications merge, as one transaction has it so far. No I/O.

Not here: which rows there are, and how they are written (`groups`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lumen_notify.model import Audience, rfc3339, to_json, value

SHOWN_ACTORS = 3
"""Senders that a row names."""


@value
class Copy:
    """A publication as it goes to one user. id: of the row, where it gets one of its own.

    fields: as a frame carries them, with the `sender`. group_key: None if it merges with nothing.
    created_at, expires_at: milliseconds; None for never.
    """

    user_id: str
    id: str
    category: str
    fields: Mapping[str, Any]
    group_key: str | None
    created_at: int
    expires_at: int | None

    @property
    def audience(self) -> Audience:
        """The user's own."""
        return Audience.user(self.user_id)

    @property
    def place(self) -> tuple[str, str, str]:
        """What it shares with all that merge with it. Only with a group key."""
        assert self.group_key is not None
        return self.user_id, self.category, self.group_key

    def as_fields(self) -> dict[str, Any]:
        """Shape for frames and lists, where it merges with nothing."""
        times = _times(self.created_at, self.expires_at)
        return {"id": self.id, "category": self.category, **self.fields, **times}

    def as_kept(self) -> dict[str, Any]:
        """Shape for the table of what waits, with all but user and id."""
        return {
            "category": self.category,
            "fields": self.fields,
            "group_key": self.group_key,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
        }

    @classmethod
    def from_kept(cls, user_id: str, id_: str, kept: Mapping[str, Any]) -> Copy:
        """Read what was kept by `as_kept`."""
        return cls(user_id=user_id, id=id_, **kept)


@dataclass(slots=True, kw_only=True)
class Group:
    """A row into which notifications merge, as a transaction has it so far.

    id: of the row. actors: the latest senders, the newest first; actors_number: of all. position: of the
    event that told of it last, 0 before the first. shown: what frames and lists carry. is_new: begun here.
    is_told: an event of this transaction tells of it. was_settled: and before it, it was read or archived.
    """

    user_id: str
    category: str
    group_key: str
    id: str
    actors: list[Mapping[str, Any]] = field(default_factory=list)
    actors_number: int = 0
    position: int = 0
    shown_at: int
    shown: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = 0
    expires_at: int | None = None
    is_new: bool = False
    is_told: bool = True
    was_settled: bool = False

    @property
    def audience(self) -> Audience:
        """The user's own."""
        return Audience.user(self.user_id)

    def take(self, copy: Copy) -> None:
        """Say what a further notification says."""
        sender = copy.fields["sender"]
        others = [actor for actor in self.actors if actor["id"] != sender["id"]]
        self.actors = [sender, *others][:SHOWN_ACTORS]
        self.created_at, self.expires_at = copy.created_at, copy.expires_at
        self.shown = {"id": self.id, "category": self.category, **copy.fields, "group_key": self.group_key}
        self.shown = {**self.shown, **_times(self.created_at, self.expires_at)}

    def as_fields(self) -> dict[str, Any]:
        """Shape for frames and lists."""
        return {**self.shown, "actors": self.actors, "actors_count": self.actors_number}


def row_of(one: Copy | Group, position: int) -> dict[str, Any]:
    """Shape for the table of notifications."""
    return {
        "id": one.id,
        "audience": one.audience,
        "position": position,
        "category": one.category,
        "body": to_json(one.as_fields()),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
    }


def _times(created_at: int, expires_at: int | None) -> dict[str, str]:
    shown = {"created_at": rfc3339(created_at)}
    return shown if expires_at is None else {**shown, "expires_at": rfc3339(expires_at)}
