"""Frames: an event as bytes on the wire; what it does to a reader's numbers, and who may see it.

What comes out is one HTTP/1.1 chunk that holds one event (HTML, section 9.2.6). By kind of event:

| kind | audience | frame | what it does to the numbers |
|---|---|---|---|
| notification | any | `Notification`, no `event:` line, so `onmessage` gets it | one more of its category |
| read, seen, unread, archive, unarchive, expire, preferences, joined, left | a user | `Stated` | states all |
| update, bundle | a user | `Stated`, no `event:` line | states all |
| expire | a room or all | `Gone` | takes off what the reader had not settled |
| message | a room | `RoomMessage`, no `event:` line | one more there; none for its sender |
| room_read | a room | `RoomRead`, as `read` | states the reader's own |
| categories, revoked | all; a user | `Ending` | the stream ends: what it would say is not known here |
| any other | a room | `RoomNews` | nothing |

A replayed frame carries the numbers of now, not of then. Control frames have no event behind them: `control`.
"""

from collections.abc import Mapping

from lumen_notify.deliver.frames.ending import ENDS, Ending
from lumen_notify.deliver.frames.frame import MAX_REMEMBERED, NOT_SHOWN, Frame, Shown
from lumen_notify.deliver.frames.gone import Gone
from lumen_notify.deliver.frames.notification import Notification
from lumen_notify.deliver.frames.rooms import RoomMessage, RoomNews, RoomRead
from lumen_notify.deliver.frames.stated import Stated
from lumen_notify.model import Event

__all__ = ["MAX_REMEMBERED", "NOT_SHOWN", "Frame", "Gone", "Notification", "Shown", "Stated", "frame_of"]

_KINDS: Mapping[str, type[Notification | RoomMessage | RoomRead | Ending]] = {
    "notification": Notification,
    "message": RoomMessage,
    "room_read": RoomRead,
    **dict.fromkeys(ENDS, Ending),
}


def frame_of(event: Event, epoch: str) -> Frame:
    """Make an event's frame."""
    kind = _KINDS.get(event.kind)
    if kind is not None:
        return kind(event, epoch)
    if event.audience.is_personal:
        return Stated(event, epoch)
    return Gone(event, epoch) if event.kind == "expire" else RoomNews(event, epoch)
