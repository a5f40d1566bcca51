"""Removed: the frame of notifications to a room or to everyone that have expired or been removed."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping

from lumen_notify.deliver.frames.frame import Applied, Frame
from lumen_notify.model import Counts, Event, to_json
from lumen_notify.model.encoding import encoded_bytes
from lumen_notify.model.events import SharedNotificationsRemoved, UnknownEvent

_SCOPES = SharedNotificationsRemoved.scopes


def removed_ids(events: Iterable[Event]) -> list[str]:
    """Return the ids of the notifications to a room or to everyone that the events remove.

    Events that this version does not know are ignored.
    """
    ids: list[str] = []
    for event in events:
        if event.kind == SharedNotificationsRemoved.kind and event.audience.scope in _SCOPES:
            with contextlib.suppress(UnknownEvent):
                ids += [id_ for id_, _, _ in SharedNotificationsRemoved.decode(event).gone]
    return ids


class RemovedFrame(Frame):
    """Each reader has fewer unread notifications: those that they had not read or archived.

    readers: the ids of the removed notifications that each user had read or archived, by user id. It must
    have every user to whom the frame is applied.
    """

    __slots__ = ("_data", "_removed", "readers")

    def __init__(self, event: Event, epoch: str, payload: SharedNotificationsRemoved) -> None:
        super().__init__(event, epoch)
        self._data = to_json(payload.data)
        self._removed = payload.gone
        self.readers: Mapping[str, frozenset[str]] = {}

    @property
    def requires_recount(self) -> bool:
        """Always true: `readers` lacks users who have connected since."""
        return True

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory and on the wire."""
        return encoded_bytes(self._data) * 3

    @property
    def ids(self) -> list[str]:
        """The ids of the removed notifications."""
        return [id_ for id_, _, _ in self._removed]

    def apply(self, counts: Counts, user_id: str) -> Applied:
        """Subtract the removed notifications that the user had not read."""
        since = self._since(counts)
        read = self.readers[user_id]
        fewer = Counter(
            category
            for id_, category, position in self._removed
            if id_ not in read and position > since and category not in counts.silent
        )
        after = counts.with_fewer(fewer) if fewer else counts
        return after, self.render_replay(after, user_id)

    def render_replay(self, counts: Counts, user_id: str) -> bytes:  # noqa: ARG002 - the counts decide
        """Show the current counts, and the ids of notifications published after the user joined the room."""
        since = self._since(counts)
        data = self._data
        if any(position <= since for _, _, position in self._removed):
            data = to_json({"ids": [id_ for id_, _, position in self._removed if position > since]})
        return self._chunk(f'{to_json(counts.as_fields())[:-1]},"data":{data}}}', self.kind)

    def _since(self, counts: Counts) -> int:
        """Return the position at which the user joined the room; 0 if it is after this event."""
        since = 0 if self.room_id is None else counts.since.get(self.room_id, 0)
        return since if since < self.position else 0

    def clear_cache(self) -> None:
        """Drop the ids in `readers`."""
        self.readers = {}
