"""Frames: an event as bytes on the wire, and its effect on a reader's counts.

Each frame renders one HTTP/1.1 chunk that holds one server-sent event (HTML Standard, section 9.2.6).

| payload (`model/events`) | frame | SSE event name | effect on the counts |
|---|---|---|---|
| `NotificationPublished` | `NotificationFrame` | none: `onmessage` | one more of its category |
| `NotificationEdited` | `NotificationEditedFrame` | `notification_edited` | none |
| `NotificationUpdated`, `DigestDelivered` | `AbsoluteCountsFrame` | none | sets all |
| other payloads with counts | `AbsoluteCountsFrame` | the event's kind | sets all |
| `SharedNotificationsRemoved` | `RemovedFrame` | `expire` | minus what the reader had not read |
| `MessageSent` | `MessageFrame` | none | one more in the room, but not for its sender |
| `RoomRead` | `RoomReadFrame` | `read` | sets the reader's own number for the room |
| other payloads of rooms | `RoomEventFrame` | the event's kind | none |
| `CategoriesChanged`, `SessionsRevoked`, `StreamsEnded` | `StreamEndFrame` | `closing` | the stream ends |
| `EventsRewritten` | `RewrittenFrame` | nothing is sent | none |
| any whose text was withdrawn | `WithdrawnFrame` | nothing is sent | as before |
| of a list, withdrawn for some users | `PartlyWithdrawnFrame` | to them nothing is sent | as before |
| none: this version does not know the event | `SkippedFrame` | nothing is sent | none |

A replayed frame shows the current counts, not those at its position. `control` builds the frames that come
from no event.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lumen_notify.deliver.frames.absolute_counts import AbsoluteCountsFrame
from lumen_notify.deliver.frames.frame import MAX_CACHED, NOT_SHOWN, Frame
from lumen_notify.deliver.frames.notification import NotificationEditedFrame, NotificationFrame
from lumen_notify.deliver.frames.removed import RemovedFrame
from lumen_notify.deliver.frames.rewritten import RewrittenFrame
from lumen_notify.deliver.frames.rooms import MessageFrame, RoomEventFrame, RoomReadFrame
from lumen_notify.deliver.frames.skipped import SkippedFrame
from lumen_notify.deliver.frames.stream_end import StreamEndFrame
from lumen_notify.deliver.frames.withdrawn import PartlyWithdrawnFrame, WithdrawnFrame
from lumen_notify.model import Event, events

__all__ = [
    "MAX_CACHED",
    "NOT_SHOWN",
    "AbsoluteCountsFrame",
    "Frame",
    "NotificationFrame",
    "RemovedFrame",
    "SkippedFrame",
    "frame_of",
]

_MakeFrame = Callable[[Event, str, Any], Frame]

_FRAMES: Mapping[type[events.Payload], _MakeFrame] = {
    events.NotificationPublished: NotificationFrame,
    events.NotificationEdited: NotificationEditedFrame,
    events.EventsRewritten: RewrittenFrame,
    events.SharedNotificationsRemoved: RemovedFrame,
    events.MessageSent: MessageFrame,
    events.RoomRead: RoomReadFrame,
    events.CategoriesChanged: StreamEndFrame,
    events.SessionsRevoked: StreamEndFrame,
    events.StreamsEnded: StreamEndFrame,
}
"""The frames of payloads that need one of their own."""


def _frame_for(payload: type[events.Payload]) -> _MakeFrame:
    if payload in _FRAMES:
        return _FRAMES[payload]
    if issubclass(payload, events.CountsPayload):
        return AbsoluteCountsFrame
    if issubclass(payload, events.RoomPayload):
        return RoomEventFrame
    raise TypeError(f"{payload.__name__} has no frame")


_BY_PAYLOAD = {payload: _frame_for(payload) for payload in events.PAYLOADS}


def frame_of(event: Event, epoch: str) -> Frame:
    """Return an event's frame. Never raises: an event that this version does not know, or cannot make a frame
    of, becomes a `SkippedFrame`."""
    try:
        payload = events.decode(event)
    except events.UnknownEvent as error:
        return SkippedFrame(event, epoch, str(error))
    try:
        frame = _BY_PAYLOAD[type(payload)](event, epoch, payload)
    except Exception as error:  # noqa: BLE001 - one event must not stop those of everyone behind it
        return SkippedFrame(event, epoch, repr(error))
    if payload.is_withdrawn:
        return WithdrawnFrame(event, epoch, frame)
    return PartlyWithdrawnFrame(event, epoch, frame) if event.withdrawn else frame
