"""Skipped: the frame of an event that this version does not know."""

from __future__ import annotations

from lumen_notify.deliver.frames.frame import NOT_SHOWN, Applied, Frame
from lumen_notify.model import Counts, Event


class SkippedFrame(Frame):
    """Shows nothing and changes nothing: streams pass over it by position. reason: why it was skipped."""

    __slots__ = ("reason",)

    def __init__(self, event: Event, epoch: str, reason: str) -> None:
        super().__init__(event, epoch)
        self.reason = reason

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
