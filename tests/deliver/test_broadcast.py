"""Broadcast: does what `Channel.deliver` does, and writes directly to the file descriptor where it may."""

from __future__ import annotations

import socket
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients import read_frames
from lumen_notify.deliver.broadcast import broadcast, broadcast_several
from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.connection.connection import NO_FD
from lumen_notify.deliver.frames import NotificationFrame, frame_of
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import EVERYONE, Counts, Event

from .fakes import RecordingConnection

CATEGORIES = ("like", "follow", "system")

counters = st.builds(
    Counts,
    st.dictionaries(st.sampled_from(CATEGORIES), st.integers(1, 3)),
    st.dictionaries(st.sampled_from(["r", "q"]), st.integers(0, 2)),
    st.frozensets(st.sampled_from(CATEGORIES), max_size=2),
)


def notification(position: int, category: str = "like") -> NotificationFrame:
    event = Event(
        position=position,
        audience=EVERYONE,
        kind="notification",
        category=category,
        body='{"id":"n"}',
        created_at=0,
    )
    made = frame_of(event, "e")
    assert isinstance(made, NotificationFrame)
    return made


def unread(number: int) -> Counts:
    return Counts({"like": number}, {})


def positions_and_counts(connection: RecordingConnection) -> list[tuple[int | None, int]]:
    frames = read_frames(unchunk(b"".join(connection.chunks)).decode())
    return [(frame.position, frame.data["unread_count"]) for frame in frames]


@pytest.mark.parametrize("is_one_by_one", [True, False])
@given(
    users=st.lists(counters, min_size=1, max_size=4),
    categories=st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=5),
)
def test_broadcast_does_what_each_channel_would_do(
    is_one_by_one: bool, users: list[Counts], categories: list[str]
) -> None:
    def open_channels() -> tuple[list[Channel], list[RecordingConnection]]:
        channels = [Channel(f"user {number}", 0) for number in range(len(users))]
        connections = [RecordingConnection(channel.user_id) for channel in channels]
        for channel, connection, counters in zip(channels, connections, users, strict=True):
            channel.add(connection, counters)
        return channels, connections

    frames = [notification(position, category) for position, category in enumerate(categories, start=1)]
    expected_channels, expected = open_channels()
    expected_sent = sum(
        channel.deliver([frame], frame.position, 50) for channel in expected_channels for frame in frames
    )
    channels, connections = open_channels()
    if is_one_by_one:
        sent = sum(broadcast(channels, frame, frame.position, 50, unexpected) for frame in frames)
    else:
        sent = broadcast_several(channels, frames, len(frames), 50, unexpected)
    assert sent == expected_sent == sum(len(positions_and_counts(one)) for one in connections)
    for channel, same in zip(channels, expected_channels, strict=True):
        assert channel.counts.as_fields() == same.counts.as_fields()
        assert channel.total == channel.shape.counts(channel.total).total >= channel.shape.fixed
        assert (channel.position, channel.last_sent_at) == (same.position, same.last_sent_at)
    for connection, other in zip(connections, expected, strict=True):
        assert b"".join(connection.chunks) == b"".join(other.chunks)


def test_channels_that_are_there_already_are_skipped() -> None:
    channel, connection = Channel("ann", 2), RecordingConnection()
    channel.add(connection, unread(0))
    assert broadcast([channel], notification(2), 2, 50, unexpected) == 0
    assert broadcast_several([channel], [notification(1), notification(2)], 2, 50, unexpected) == 0
    assert (connection.chunks, channel.total, channel.last_sent_at) == ([], 0, 0)


def test_users_whose_counts_differ_in_the_main_category_alone_share_a_shape() -> None:
    channels = [Channel(f"user {number}", 0) for number in range(3)]
    for number, channel in enumerate(channels):
        channel.add(RecordingConnection(channel.user_id), unread(number + 1))
        channel.shape = channels[0].shape
    frame = notification(1, "follow")
    broadcast(channels, frame, 1, 50, unexpected)
    assert len(frame.next_shapes) == 1
    assert len({id(channel.shape) for channel in channels}) == 1
    assert [channel.counts.categories for channel in channels] == [
        {"like": number, "follow": 1} for number in (1, 2, 3)
    ]


def test_only_stream_of_a_user_is_written_to_directly_while_nothing_waits() -> None:
    here, there = socket.socketpair()
    with here, there:
        channel, connection, second = Channel("ann", 0), RecordingConnection(), RecordingConnection()
        show = partial(broadcast, [channel], now=50, on_failure=unexpected)
        connection._set_direct_fd(here.fileno())
        channel.add(connection, unread(0))
        show(notification(1), 1)
        connection._set_direct_fd(NO_FD)
        show(notification(2), 2)
        connection._set_direct_fd(here.fileno())
        show(notification(3), 3)
        channel.add(second, unread(3))
        show(notification(4), 4)
        channel.remove(second)
        show(notification(5), 5)
        show(notification(5), 5)
        channel.remove(connection)
        show(notification(6), 6)
        received = there.recv(4096)
    assert [one.position for one in read_frames(unchunk(received).decode())] == [1, 3, 4, 5]
    assert positions_and_counts(connection) == [(2, 2)]
    assert positions_and_counts(second) == [(4, 4)]
    assert channel.is_unused


def test_bytes_that_the_kernel_does_not_take_go_to_the_connection() -> None:
    here, there = socket.socketpair()
    channel, connection = Channel("ann", 0), RecordingConnection()
    connection._set_direct_fd(here.fileno())
    channel.add(connection, unread(0))
    with here, there:
        here.setblocking(False)
        position = 0
        while not connection.chunks:
            position += 1
            broadcast([channel], notification(position), position, 50, unexpected)
        there.setblocking(False)
        received = b"".join(iter(lambda: receive(there), b""))
        frames = list(read_frames(unchunk(received + connection.chunks[0]).decode()))
        assert [one.data["unread_count"] for one in frames] == list(range(1, position + 1))
        there.close()
        broadcast([channel], notification(position + 1), position + 1, 50, unexpected)
    assert len(connection.chunks) == 2, "an error is left to the transport"


def receive(there: socket.socket) -> bytes:
    try:
        return there.recv(65536)
    except BlockingIOError:
        return b""


def unexpected(_channel: Channel) -> None:
    raise AssertionError("no channel has failed")


@pytest.mark.parametrize("number", [1, 2])
def test_channel_that_raises_does_not_stop_the_others(number: int) -> None:
    channels = [Channel(f"user {index}", 0) for index in range(7)]
    connections = [RecordingConnection(channel.user_id) for channel in channels]
    for channel, connection in zip(channels, connections, strict=True):
        channel.add(connection, unread(0))
    spoilt = [channels[0], channels[3], channels[4], channels[6]]
    for channel in spoilt:
        channel.total = None  # type: ignore[assignment]
    failed: list[Channel] = []
    frames = [notification(position) for position in range(1, number + 1)]
    if number == 1:
        sent = broadcast(channels, frames[0], 1, 50, failed.append)
    else:
        sent = broadcast_several(channels, frames, 2, 50, failed.append)
    assert failed == spoilt
    assert sent == (len(channels) - len(spoilt)) * number
    for channel, connection in zip(channels, connections, strict=True):
        expected = [] if channel in spoilt else [(position, position) for position in range(1, number + 1)]
        assert positions_and_counts(connection) == expected
