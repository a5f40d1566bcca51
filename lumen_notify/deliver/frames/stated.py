"""Stated: an event of one user, which states all his numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lumen_notify.deliver.frames.counters import Counters
from lumen_notify.deliver.frames.frame import NOT_SHOWN, Frame, Shown
from lumen_notify.model import Event, to_json


class Stated(Frame):
    """An event of one user that states all his numbers. left: the room that he left by it, and since
    when he was in it; None for none."""

    __slots__ = ("_categories", "_data", "_rooms", "_silent", "_type", "category", "left")

    def __init__(self, event: Event, epoch: str) -> None:
        super().__init__(event, epoch)
        body = json.loads(event.body)
        self.category = event.category
        self._categories: Mapping[str, int] = body["categories"]
        self._rooms: Mapping[str, int] = body["rooms"]
        self._silent = frozenset(body["silent"]) if "silent" in body else None
        self._type: str | None = body.get("type")
        self._data = to_json(body["data"])
        self.left: tuple[str, int] | None = None
        if event.kind == "left":
            self.left = body["data"]["room_id"], body["data"]["since"]

    @property
    def is_recount(self) -> bool:
        """He is in a room more, or less."""
        return self.kind in ("joined", "left")

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""
        return len(self._data) + 200 + 40 * (len(self._categories) + len(self._rooms))

    def show(self, counters: Counters, user_id: str) -> Shown:
        """Take the numbers as it states them."""
        after = counters.as_stated(self._categories, self._rooms, self._silent, self.position)
        return after, self.again(after, user_id)

    def again(self, counters: Counters, user_id: str) -> bytes:  # noqa: ARG002 - there is only one
        """Show it with the numbers of now."""
        if self._type is None:
            return self._chunk(f'{to_json(counters.as_fields())[:-1]},"data":{self._data}}}', self.kind)
        if self.category in counters.silent:
            return NOT_SHOWN
        update = '"update":true,' if self.kind == "update" else ""
        count = f'"type":{to_json(self._type)},"unread_count":{counters.total}'
        return self._chunk(f'{{{count},{update}"data":{self._data}}}')
