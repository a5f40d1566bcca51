"""Channel: one connected user; his counters, his open streams, and his frames.

Promise: every stream of the user gets the same chunks in the same order, with the counts that hold
at that position.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lumen_notify.deliver.connection.connection import NO_SOCKET, Outlet, send
from lumen_notify.deliver.frames import NOT_SHOWN, Frame, NotificationFrame
from lumen_notify.deliver.frames.control import jittered_retry_ms
from lumen_notify.deliver.frames.count_shape import NOTHING_UNREAD, CountShape
from lumen_notify.model import CloseReason, Counts


class Channel:
    """One user, here.

    outlets: his open streams, oldest first; never changed in place, so that one that is too slow can
    leave while it is written to. socket: the file number that takes chunks, if there is one stream and
    nothing waits for it; this spares a fan-out to many the way through the outlet, which by then is in no
    cache. joining: how many are on their way in. position: up to which events are shown; shown_at: when
    something last was, in the wheel's seconds. total, shape: what is unread at the position; they mean
    nothing while no stream is open, and are set anew by each that comes. placed: the rooms in which the
    hub has it.
    """

    __slots__ = (
        "joining",
        "outlets",
        "placed",
        "position",
        "shape",
        "shown_at",
        "socket",
        "total",
        "user_id",
    )

    def __init__(self, user_id: str, position: int) -> None:
        self.user_id = user_id
        self.position = position
        self.shown_at = 0
        self.total = 0
        self.shape = NOTHING_UNREAD
        self.placed = NOTHING_UNREAD.since
        self.outlets: tuple[Outlet, ...] = ()
        self.socket = NO_SOCKET
        self.joining = 0

    @property
    def is_unused(self) -> bool:
        """Nobody is here, and nobody is on the way."""
        return not self.outlets and not self.joining

    @property
    def counts(self) -> Counts:
        """What is unread at the position."""
        return self.shape.counts(self.total)

    def enter(self, outlet: Outlet, counts: Counts) -> None:
        """Take in a stream that has been brought up to date. counts: of now."""
        self.shape, self.total = CountShape.of(counts), counts.total
        self.outlets = (*self.outlets, outlet)
        outlet.watch(self)
        self.socket_changed()

    def leave(self, outlet: Outlet) -> None:
        """Let a stream go, if it is in."""
        self.outlets = tuple(other for other in self.outlets if other is not outlet)
        outlet.watcher = None
        self.socket_changed()

    def socket_changed(self) -> None:
        """Look again at what takes chunks: told by the outlets."""
        self.socket = self.outlets[0].socket if len(self.outlets) == 1 else NO_SOCKET

    def show(self, frames: Sequence[Frame], position: int, second: int) -> None:
        """Follow new frames and send every stream what is for it. position: of the newest event of all;
        second: of the wheel's clock, now."""
        self.position = position
        parts: list[bytes] = []
        for frame in frames:
            if frame.ends is not None:
                self.write(b"".join(parts), second)
                self.end(frame.ends)
            if not self.outlets:
                return
            if frame.room_id is None or frame.room_id in self.shape.rooms:
                self.shape, self.total, chunks = frame.apply_compact(self.shape, self.total, self.user_id)
                parts.append(chunks)
        self.write(parts[0] if len(parts) == 1 else b"".join(parts), second)

    def write(self, chunks: bytes, second: int) -> None:
        """Send whole chunks to every stream; nothing if they are empty."""
        if chunks:
            self.shown_at = second
            for outlet in self.outlets:
                outlet.write(chunks)

    def end(self, reason: CloseReason) -> None:
        """Close every stream."""
        for outlet in self.outlets:
            outlet.close(reason, jittered_retry_ms() if reason.reconnect else 0)


def show_to_all(channels: Iterable[Channel], frame: NotificationFrame, position: int, second: int) -> None:
    """Do what `Channel.show` does with one notification, for many channels, without calls for each.

    This loop is what a broadcast to thousands takes beside the system's writes; channels that have been
    shown `position` are left out.
    """
    next_shapes = frame.next_shapes
    made = frame.encoded
    for channel in channels:
        if channel.position < position:
            channel.position = position
            before = channel.shape
            shape = next_shapes[before] if before in next_shapes else frame.next_shape(before)
            if shape is None:
                continue
            if shape is not before:
                channel.shape = shape
            channel.shown_at = second
            channel.total = total = channel.total + 1
            chunks = made.get(total) or frame.encode(total)
            socket = channel.socket
            if socket == NO_SOCKET:
                for outlet in channel.outlets:
                    outlet.write(chunks)
            elif left := send(socket, chunks):
                channel.outlets[0].hold(left)


def show_several_to_all(
    channels: Iterable[Channel], frames: Sequence[NotificationFrame], position: int, second: int
) -> None:
    """Do the same with several, in one write for all of them."""
    tables = [(frame, frame.next_shapes, frame.encoded) for frame in frames]
    for channel in channels:
        if channel.position < position:
            channel.position = position
            shape, total, chunks = channel.shape, channel.total, NOT_SHOWN
            for frame, next_shapes, made in tables:
                after = next_shapes[shape] if shape in next_shapes else frame.next_shape(shape)
                if after is not None:
                    shape = after
                    total += 1
                    chunks += made.get(total) or frame.encode(total)
            channel.shape = shape
            channel.total = total
            if channel.socket != NO_SOCKET and chunks:
                channel.shown_at = second
                if left := send(channel.socket, chunks):
                    channel.outlets[0].hold(left)
            else:
                channel.write(chunks, second)
