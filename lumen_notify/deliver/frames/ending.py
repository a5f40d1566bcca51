"""Ending: an event that ends streams."""

from __future__ import annotations

from lumen_notify.deliver.frames.counters import Counters
from lumen_notify.deliver.frames.frame import NOT_SHOWN, Frame, Shown
from lumen_notify.model import CloseReason, Event

ENDS = {"categories": CloseReason.SHUTDOWN, "revoked": CloseReason.REVOKED}
"""By kind of event: why. After `shutdown` clients come back by themselves, and are counted anew."""


class Ending(Frame):
    """What streams cannot follow, or may not: they end, and those who may come back find out anew."""

    __slots__ = ("ends",)

    def __init__(self, event: Event, epoch: str) -> None:
        super().__init__(event, epoch)
        self.ends = ENDS[event.kind]

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""
        return 200

    @property
    def is_recount(self) -> bool:
        """What was read before it may be wrong."""
        return True

    def show(self, counters: Counters, user_id: str) -> Shown:  # noqa: ARG002 - it is the same for all
        """Show nothing: the channel ends its streams."""
        return counters, NOT_SHOWN

    def again(self, counters: Counters, user_id: str) -> bytes:  # noqa: ARG002 - it is the same for all
        """Show nothing: that is past."""
        return NOT_SHOWN
