"""Withdrawn: the frames of an event whose text was deleted or edited since, for all users or for some."""

from __future__ import annotations

from lumen_notify.deliver.frames.frame import NOT_SHOWN, Applied, Frame
from lumen_notify.model import Counts, Event


class WithdrawnFrame(Frame):
    """Changes the counts as the event did, and shows nothing. frame: the event's own."""

    __slots__ = ("_frame",)

    def __init__(self, event: Event, epoch: str, frame: Frame) -> None:
        super().__init__(event, epoch)
        self._frame = frame

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory."""
        return self._frame.size_bytes

    def apply(self, counts: Counts, user_id: str) -> Applied:
        """Change the counts."""
        after, _ = self._frame.apply(counts, user_id)
        return after, NOT_SHOWN

    def render_replay(self, counts: Counts, user_id: str) -> bytes:  # noqa: ARG002 - the same for all users
        """Show nothing."""
        return NOT_SHOWN

    def clear_cache(self) -> None:
        """Drop what was cached."""
        self._frame.clear_cache()


class PartlyWithdrawnFrame(WithdrawnFrame):
    """The same for some users of a list. The others get the event's own frame."""

    __slots__ = ("_withdrawn",)

    def __init__(self, event: Event, epoch: str, frame: Frame) -> None:
        super().__init__(event, epoch, frame)
        self._withdrawn = event.withdrawn

    def apply(self, counts: Counts, user_id: str) -> Applied:
        """Change the counts, and show it to the others."""
        after, chunks = self._frame.apply(counts, user_id)
        return after, NOT_SHOWN if user_id in self._withdrawn else chunks

    def render_replay(self, counts: Counts, user_id: str) -> bytes:
        """Show it to the others."""
        return NOT_SHOWN if user_id in self._withdrawn else self._frame.render_replay(counts, user_id)
