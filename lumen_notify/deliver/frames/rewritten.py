"""Rewritten: the frame of the event that tells instances which earlier events have another text now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from lumen_notify.deliver.frames.frame import NOT_SHOWN, Applied, Frame
from lumen_notify.model import Counts, Event
from lumen_notify.model.events import EventsRewritten, UnknownEvent


def rewritten_positions(events: Iterable[Event]) -> list[int]:
    """Return the positions of the earlier events that these events say were rewritten."""
    positions: list[int] = []
    for event in events:
        if event.kind == EventsRewritten.kind:
            with contextlib.suppress(UnknownEvent):
                positions += EventsRewritten.decode(event).positions
    return positions


class RewrittenFrame(Frame):
    """Shows nothing and changes nothing: no user gets it."""

    __slots__ = ()

    def __init__(self, event: Event, epoch: str, _payload: EventsRewritten) -> None:
        super().__init__(event, epoch)

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory."""
        return 200

    def apply(self, counts: Counts, user_id: str) -> Applied:  # noqa: ARG002 - the same for all users
        """Leave the counts as they are."""
        return counts, NOT_SHOWN

    def render_replay(self, counts: Counts, user_id: str) -> bytes:  # noqa: ARG002 - the same for all users
        """Show nothing."""
        return NOT_SHOWN
