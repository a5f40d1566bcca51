"""A channel: one user's count, and the same chunks to each of his streams."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any

from clients import Frame as Read
from clients import read_frames
from lumen_notify.deliver.channel import Channel, show_to_all
from lumen_notify.deliver.connection.connection import NO_SOCKET
from lumen_notify.deliver.frames import Frame, NotificationFrame, frame_of
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import Audience, CloseReason, Counts, Event, to_json

from .fakes import RecordingOutlet


def frame(position: int, *, total: int | None = None) -> Frame:
    """Make a frame that counts one more, or states a total."""
    body: dict[str, Any] = {"data": {}, "categories": {"like": total}, "rooms": {}}
    event = Event(
        position=position,
        audience=Audience("user:ann"),
        kind="notification" if total is None else "read",
        category="like" if total is None else None,
        body=to_json({} if total is None else body),
        created_at=0,
    )
    return frame_of(event, "e")


def notification(position: int) -> NotificationFrame:
    made = frame(position)
    assert isinstance(made, NotificationFrame)
    return made


def unread(number: int) -> Counts:
    return Counts({"like": number}, {})


def read(outlet: RecordingOutlet) -> list[Read]:
    return list(read_frames(unchunk(b"".join(outlet.chunks)).decode()))


def counts(outlet: RecordingOutlet) -> list[tuple[int, int]]:
    return [(one.position, one.data["unread_count"]) for one in read(outlet)]


def test_each_stream_of_a_user_gets_the_same_bytes() -> None:
    channel = Channel("ann", 0)
    one, other = RecordingOutlet(), RecordingOutlet()
    channel.enter(one, unread(3))
    channel.enter(other, unread(3))
    channel.show([frame(1)], 1, 50)
    channel.show([frame(2), frame(3)], 4, 51)
    assert counts(one) == [(1, 4), (2, 5), (3, 6)]
    assert all(mine is his for mine, his in zip(one.chunks, other.chunks, strict=True))
    assert (channel.counts.total, channel.position, channel.shown_at) == (6, 4, 51)


def test_frames_of_one_moment_leave_in_one_write() -> None:
    channel, outlet = Channel("ann", 0), RecordingOutlet()
    channel.enter(outlet, unread(0))
    channel.show([frame(1), frame(2), frame(3)], 3, 50)
    assert len(outlet.chunks) == 1


def test_mark_states_the_count_and_later_events_go_on_from_it() -> None:
    channel, outlet = Channel("ann", 0), RecordingOutlet()
    channel.enter(outlet, unread(9))
    channel.show([frame(1, total=2)], 1, 50)
    channel.show([frame(2), frame(3, total=0), frame(4)], 4, 50)
    assert counts(outlet) == [(1, 2), (2, 3), (3, 0), (4, 1)]


def test_events_of_others_move_the_position_and_nothing_else() -> None:
    channel, outlet = Channel("ann", 0), RecordingOutlet()
    channel.enter(outlet, unread(9))
    channel.show([], 7, 50)
    assert (channel.position, channel.counts.total, channel.shown_at, outlet.chunks) == (7, 9, 0, [])


def test_stream_that_is_too_slow_leaves_while_it_is_written_to_and_the_others_get_theirs() -> None:
    channel = Channel("ann", 0)
    outlets = [RecordingOutlet(on_close=lambda outlet, _reason: channel.leave(outlet)) for _ in range(3)]
    for outlet in outlets:
        channel.enter(outlet, unread(0))
    outlets[1].is_slow = True
    channel.show([frame(1)], 1, 50)
    channel.show([frame(2)], 2, 50)
    assert [len(outlet.chunks) for outlet in outlets] == [2, 0, 2]
    assert outlets[1].close_reason is CloseReason.SLOW
    assert channel.outlets == (outlets[0], outlets[2])


def test_only_stream_is_written_to_past_its_outlet_as_long_as_nothing_waits() -> None:
    here, there = socket.socketpair()
    with here, there:
        channel, outlet, second = Channel("ann", 0), RecordingOutlet(), RecordingOutlet()
        show = partial(show_to_all, [channel], second=50)
        outlet._flow(here.fileno())
        channel.enter(outlet, unread(0))
        show(notification(1), 1)
        outlet._flow(NO_SOCKET)
        show(notification(2), 2)
        outlet._flow(here.fileno())
        show(notification(3), 3)
        channel.enter(second, unread(3))
        show(notification(4), 4)
        channel.leave(second)
        show(notification(5), 5)
        show(notification(5), 5)
        channel.leave(outlet)
        show(notification(6), 6)
        received = there.recv(4096)
    assert [one.position for one in read_frames(unchunk(received).decode())] == [1, 3, 4, 5]
    assert counts(outlet) == [(2, 2)]
    assert counts(second) == [(4, 4)]
    assert channel.is_unused


def test_what_the_kernel_does_not_take_is_left_to_the_outlet() -> None:
    here, there = socket.socketpair()
    channel, outlet = Channel("ann", 0), RecordingOutlet()
    outlet._flow(here.fileno())
    channel.enter(outlet, unread(0))
    with here, there:
        here.setblocking(False)
        position = 0
        while not outlet.chunks:
            position += 1
            show_to_all([channel], notification(position), position, 50)
        there.setblocking(False)
        received = b"".join(iter(lambda: receive(there), b""))
        frames = list(read_frames(unchunk(received + outlet.chunks[0]).decode()))
        assert [one.data["unread_count"] for one in frames] == list(range(1, position + 1))
        there.close()
        show_to_all([channel], notification(position + 1), position + 1, 50)
    assert len(outlet.chunks) == 2, "an error is the transport's to meet"


def receive(there: socket.socket) -> bytes:
    try:
        return there.recv(65536)
    except BlockingIOError:
        return b""


def test_channel_is_in_use_while_somebody_is_on_the_way_in() -> None:
    channel, outlet = Channel("ann", 0), RecordingOutlet()
    told = [channel.is_unused]
    channel.joining += 1
    told.append(channel.is_unused)
    channel.enter(outlet, unread(0))
    channel.joining -= 1
    told.append(channel.is_unused)
    channel.leave(outlet)
    channel.leave(outlet)
    told.append(channel.is_unused)
    assert told == [True, False, False, True]
