"""Stream end: the frame of an event that ends streams."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping

from lumen_notify.deliver.frames.frame import NOT_SHOWN, Applied, Frame
from lumen_notify.model import CloseReason, Counts, Event
from lumen_notify.model.events import CategoriesChanged, Payload, SessionsRevoked, StreamsEnded, UnknownEvent

REASONS: Mapping[type[Payload], CloseReason] = {
    CategoriesChanged: CloseReason.SHUTDOWN,
    SessionsRevoked: CloseReason.REVOKED,
    StreamsEnded: CloseReason.REVOKED,
}
"""Why streams end. After `shutdown` clients reconnect by themselves, and their counts are loaded again."""


def revoked_tokens(events: Iterable[Event]) -> Iterator[tuple[str, int]]:
    """Yield the user and the time, in milliseconds, before which tokens no longer count; for each event that
    revokes tokens."""
    for event in events:
        if event.kind == SessionsRevoked.kind and event.audience.user_id is not None:
            with contextlib.suppress(UnknownEvent):
                not_before = SessionsRevoked.decode(event).data.get("not_before")
                if isinstance(not_before, int):
                    yield event.audience.user_id, not_before


class StreamEndFrame(Frame):
    """Ends streams whose counts the event changes in a way it does not state, whose users have lost access,
    or which an administrator has ended."""

    __slots__ = ("ended_ids", "ends")

    def __init__(
        self, event: Event, epoch: str, payload: CategoriesChanged | SessionsRevoked | StreamsEnded
    ) -> None:
        super().__init__(event, epoch)
        self.ends = REASONS[type(payload)]
        ids = payload.data["ids"] if isinstance(payload, StreamsEnded) else None
        self.ended_ids = None if ids is None else frozenset(ids)

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
