"""Channel: one connected user; his counters, his open streams, and his frames.

Promise: every stream of the user gets the same chunks in the same order, with the counts that hold
at that position.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lumen_notify.deliver.frames import Frame
from lumen_notify.deliver.outlet import NO_SOCKET, Outlet, send
from lumen_notify.model import EVERYONE, user_audience


class Channel:
    """One user, here.

    outlets: his open streams, oldest first; never changed in place, so that one that is too slow can
    leave while it is written to. socket: the file number that takes chunks, if there is one stream and
    nothing waits for it; this spares a fan-out to many the way through the outlet, which by then is in no
    cache. joining: how many are on their way in. position: up to which events are shown; shown_at: when
    something last was, in the wheel's seconds. total: what is unread at the position; it means nothing
    while no stream is open, and is set anew by each that comes.
    """

    __slots__ = ("joining", "outlets", "position", "shown_at", "socket", "total", "user_id")

    def __init__(self, user_id: str, position: int) -> None:
        self.user_id = user_id
        self.position = position
        self.shown_at = 0
        self.total = 0
        self.outlets: tuple[Outlet, ...] = ()
        self.socket = NO_SOCKET
        self.joining = 0

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whose events concern this user."""
        return (user_audience(self.user_id), EVERYONE)

    @property
    def is_unused(self) -> bool:
        """Nobody is here, and nobody is on the way."""
        return not self.outlets and not self.joining

    def enter(self, outlet: Outlet, total: int) -> None:
        """Take in a stream that has been brought up to date. total: what is unread now."""
        self.total = total
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
        """Count new frames and send them to every stream. position: of the newest event of all;
        second: of the wheel's clock, now."""
        self.position = position
        if not frames or not self.outlets:
            return
        self.shown_at = second
        total = self.total
        if len(frames) == 1:
            stated = frames[0].stated_total
            total = total + 1 if stated is None else stated
            chunks = frames[0].encode(total)
        else:
            parts = []
            for frame in frames:
                total = total + 1 if frame.stated_total is None else frame.stated_total
                parts.append(frame.encode(total))
            chunks = b"".join(parts)
        self.total = total
        for outlet in self.outlets:
            outlet.write(chunks)


def show_to_all(channels: Iterable[Channel], frame: Frame, position: int, second: int) -> None:
    """Do what `Channel.show` does with one frame, for many channels, without a call for each.

    This loop is what a broadcast to thousands takes beside the system's writes; channels that have been
    shown `position` are left out.
    """
    stated = frame.stated_total
    encode = frame.encode
    encoded = frame.encoded
    for channel in channels:
        if channel.position < position:
            channel.position = position
            channel.shown_at = second
            channel.total = total = channel.total + 1 if stated is None else stated
            chunks = encoded.get(total) or encode(total)
            socket = channel.socket
            if socket == NO_SOCKET:
                for outlet in channel.outlets:
                    outlet.write(chunks)
            elif left := send(socket, chunks):
                channel.outlets[0].hold(left)
