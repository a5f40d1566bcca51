"""Channel: one connected user; their counts, their open connections, and their frames.

Promise: every connection of the user gets the same chunks in the same order, with the counts that hold at
that position.

Not here: one notification for many users at once (`broadcast`), which also explains `total`, `shape` and
`direct_fd`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from lumen_notify.deliver.connection.connection import NO_FD, Connection
from lumen_notify.deliver.frames import Frame
from lumen_notify.deliver.frames.count_shape import NOTHING_UNREAD, CountShape
from lumen_notify.model import CloseReason, Counts

_log = logging.getLogger("lumen_notify.streams")


class Channel:
    """One user, on this instance.

    connections: the user's open streams, oldest first. The tuple is replaced, never changed in place, so
    that a connection that is too slow can leave while all are written to. opening: the streams that are
    being opened. position: events up to it have been delivered. last_sent_at: when something was last
    sent, in whole seconds of the timer wheel's clock. total, shape: the unread counts at the position.
    They are undefined while no connection is open; each new connection sets them. direct_fd: the file
    descriptor of the only connection while it may be written to directly, else NO_FD. indexed_rooms: the
    rooms under which the hub lists this channel.
    """

    __slots__ = (
        "connections",
        "direct_fd",
        "indexed_rooms",
        "last_sent_at",
        "opening",
        "position",
        "shape",
        "total",
        "user_id",
    )

    def __init__(self, user_id: str, position: int) -> None:
        self.user_id = user_id
        self.position = position
        self.last_sent_at = 0
        self.total = 0
        self.shape = NOTHING_UNREAD
        self.indexed_rooms = NOTHING_UNREAD.since
        self.connections: tuple[Connection, ...] = ()
        self.direct_fd = NO_FD
        self.opening: tuple[Connection, ...] = ()

    @property
    def is_unused(self) -> bool:
        """No stream is open, and none is being opened."""
        return not self.connections and not self.opening

    @property
    def counts(self) -> Counts:
        """The unread counts at the position."""
        return self.shape.counts(self.total)

    def has_device(self, device: str | None) -> bool:
        """Return whether a stream of a kind of device is live; None: of one that names none."""
        return any(one.device == device for one in self.connections)

    def add(self, connection: Connection, counts: Counts) -> None:
        """Add a connection that is up to date. counts: the user's counts at the position."""
        self.shape, self.total = CountShape.of(counts), counts.total
        self.connections = (*self.connections, connection)
        connection.allow_direct_writes(self)
        self.direct_fd_changed()

    def remove(self, connection: Connection) -> None:
        """Remove a connection, if it is here."""
        self.connections = tuple(other for other in self.connections if other is not connection)
        connection.direct_writer = None
        self.direct_fd_changed()

    def direct_fd_changed(self) -> None:
        """Copy the file descriptor of the only connection."""
        self.direct_fd = self.connections[0].direct_fd if len(self.connections) == 1 else NO_FD

    def deliver(self, frames: Sequence[Frame], position: int, now: int) -> int:
        """Apply new frames to the counts, and send those that the user may see; return their number.

        position: of the newest event of all, whoever it is for. now: whole seconds of the timer wheel's
        clock.
        """
        self.position = position
        parts: list[bytes] = []
        for frame in frames:
            if frame.ends is not None:
                self.write(b"".join(parts), now)
                self.close(frame.ends, frame.ended_ids)
            if not self.connections:
                break
            if frame.room_id is None or frame.room_id in self.shape.rooms:
                self.shape, self.total, chunks = frame.apply_compact(self.shape, self.total, self.user_id)
                if chunks:
                    parts.append(chunks)
        self.write(parts[0] if len(parts) == 1 else b"".join(parts), now)
        return len(parts)

    def write(self, chunks: bytes, now: int) -> None:
        """Send whole chunks to every connection; do nothing if they are empty."""
        if chunks:
            self.last_sent_at = now
            remaining = iter(self.connections)
            while True:
                try:
                    for connection in remaining:
                        connection.write(chunks)
                    return
                except Exception:  # noqa: BLE001 - one stream ends, whatever it is
                    failed: Connection = connection  # type: ignore[possibly-undefined]  # only the loop raises
                    _log.exception("Stream %s failed.", failed.id)
                    failed.fail()

    def close(self, reason: CloseReason, ids: Collection[str] | None = None) -> None:
        """Close every connection; if clients are not to reconnect, those that are being opened too. ids: of
        those to close; None for all."""
        for connection in self.connections if reason.reconnect else (*self.connections, *self.opening):
            if ids is None or connection.id in ids:
                connection.close(reason)

    def fail(self) -> None:
        """End every connection after an exception: see `Connection.fail`."""
        for connection in self.connections:
            connection.fail()
