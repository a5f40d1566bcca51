"""Stream end: the frame of an event that ends streams."""

from __future__ import annotations

from collections.abc import Mapping

from lumen_notify.deliver.frames.frame import NOT_SHOWN, Applied, Frame
from lumen_notify.model import CloseReason, Counts, Event
from lumen_notify.model.events import CategoriesChanged, Payload, SessionsRevoked

REASONS: Mapping[type[Payload], CloseReason] = {
    CategoriesChanged: CloseReason.SHUTDOWN,
    SessionsRevoked: CloseReason.REVOKED,
}
"""Why streams end. After `shutdown` clients reconnect by themselves, and their counts are loaded again."""


class StreamEndFrame(Frame):
    """Ends streams whose counts the event changes in a way it does not state, or whose users have lost
    access."""

    __slots__ = ("ends",)

    def __init__(self, event: Event, epoch: str, payload: CategoriesChanged | SessionsRevoked) -> None:
        super().__init__(event, epoch)
        self.ends = REASONS[type(payload)]

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory."""
        return 200

    @property
    def requires_recount(self) -> bool:
        """Counts from before it may be wrong."""
        return True

    def apply(self, counts: Counts, user_id: str) -> Applied:  # noqa: ARG002 - the same for all users
        """Show nothing: the channel ends its streams."""
        return counts, NOT_SHOWN

    def render_replay(self, counts: Counts, user_id: str) -> bytes:  # noqa: ARG002 - the same for all users
        """Show nothing: it only ended the streams that were open at that time."""
        return NOT_SHOWN
