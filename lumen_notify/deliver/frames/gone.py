"""Gone: notifications to many are gone, and each reader has less unread, or not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from lumen_notify.deliver.frames.counters import Counters
from lumen_notify.deliver.frames.frame import Frame, Shown
from lumen_notify.model import Event, to_json


class Gone(Frame):
    """Notifications to many are gone. settled: which of them each user had read or archived, by user;
    whoever is to be shown it must be in there."""

    __slots__ = ("_data", "_gone", "settled")

    def __init__(self, event: Event, epoch: str) -> None:
        super().__init__(event, epoch)
        body = json.loads(event.body)
        self._data = to_json(body["data"])
        self._gone: list[tuple[str, str, int]] = [tuple(one) for one in body["gone"]]
        self.settled: Mapping[str, frozenset[str]] = {}

    @property
    def is_recount(self) -> bool:
        """Who has come meanwhile is not among the settled."""
        return True

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""
        return len(self._data) * 3

    @property
    def ids(self) -> list[str]:
        """What is gone."""
        return [id_ for id_, _, _ in self._gone]

    def show(self, counters: Counters, user_id: str) -> Shown:
        """Take off what was unread until now."""
        since = self._since(counters)
        settled = self.settled[user_id]
        fewer = Counter(
            category
            for id_, category, position in self._gone
            if id_ not in settled and position > since and category not in counters.silent
        )
        after = counters.with_fewer(fewer) if fewer else counters
        return after, self.again(after, user_id)

    def again(self, counters: Counters, user_id: str) -> bytes:  # noqa: ARG002 - it depends on the numbers
        """Show it with the numbers of now, and the ids of what came since he is in the room."""
        since = self._since(counters)
        data = self._data
        if any(position <= since for _, _, position in self._gone):
            data = to_json({"ids": [id_ for id_, _, position in self._gone if position > since]})
        return self._chunk(f'{to_json(counters.as_fields())[:-1]},"data":{data}}}', self.kind)

    def _since(self, counters: Counters) -> int:
        """Return when he came into the room; 0 if this was another time that he was in it."""
        since = 0 if self.room_id is None else counters.since.get(self.room_id, 0)
        return since if since < self.position else 0

    def forget(self) -> None:
        """Drop what was remembered."""
        self.settled = {}
