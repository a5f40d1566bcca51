"""Absolute counts: the frame of an event that states all of a user's numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.deliver.frames.frame import NOT_SHOWN, Applied, Frame
from lumen_notify.model import Counts, Event, to_json
from lumen_notify.model.encoding import encoded_bytes
from lumen_notify.model.events import (
    CountsPayload,
    DigestDelivered,
    NotificationUpdated,
    RoomJoined,
    RoomLeft,
)
from lumen_notify.model.shared_text import Pieces, SharedText, joined, pieces_of


class AbsoluteCountsFrame(Frame):
    """Replaces a user's counts. left: the room that the user has left and the position at which they had
    joined it, else None."""

    __slots__ = ("_categories", "_data", "_rooms", "_silent", "_type", "category", "joins", "left")

    def __init__(self, event: Event, epoch: str, payload: CountsPayload) -> None:
        super().__init__(event, epoch)
        self.category = event.category
        self._categories = payload.categories
        self._rooms = payload.rooms
        self._silent = None if payload.silent is None else frozenset(payload.silent)
        self._data = _data_of(payload.data, event.shared)
        self._type: str | None = None  # of a frame for `onmessage`; None for one with an event name
        if isinstance(payload, NotificationUpdated):
            self._type = event.category
        elif isinstance(payload, DigestDelivered):
            self._type = "bundle"
        self.joins = isinstance(payload, RoomJoined)
        self.left: tuple[str, int] | None = None
        if isinstance(payload, RoomLeft):
            self.left = payload.data["room_id"], payload.data["since"]

    @property
    def requires_recount(self) -> bool:
        """Whether the user has joined or left a room."""
        return self.joins or self.left is not None

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory and on the wire."""
        return encoded_bytes(joined(self._data)) + 200 + 40 * (len(self._categories) + len(self._rooms))

    def apply(self, counts: Counts, user_id: str) -> Applied:
        """Take the numbers that the event states."""
        after = counts.replaced(self._categories, self._rooms, self._silent, self.position)
        return after, self.render_replay(after, user_id)

    def render_replay(self, counts: Counts, user_id: str) -> bytes:  # noqa: ARG002 - it has one reader
        """Show it with the current counts."""
        if self._type is None:
            return self._chunk(f'{to_json(counts.as_fields())[:-1]},"data":{joined(self._data)}}}', self.kind)
        if self.category in counts.silent:
            return NOT_SHOWN
        update = '"update":true,' if self.kind == NotificationUpdated.kind else ""
        count = f'"type":{to_json(self._type)},"unread_count":{counts.total}'
        return self._chunk(f'{{{count},{update}"data":{joined(self._data)}}}')


def _data_of(data: Mapping[str, Any], shared: Sequence[SharedText]) -> Pieces:
    if not shared:
        return to_json(data)
    if (items := data.get("items")) is None:
        return pieces_of(to_json(data), shared)
    parts = ['{"items":[']
    for number, item in enumerate(items):
        pieces = pieces_of(to_json(item), shared)
        parts += [","] if number else []
        parts += [pieces] if isinstance(pieces, str) else pieces
    return (*parts, "]}")
