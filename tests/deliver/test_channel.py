"""A channel: one user's counts, and the same chunks to each of their streams."""

from __future__ import annotations

from typing import Any

from clients import Frame as Read
from clients import read_frames
from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.frames import Frame, frame_of
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import Audience, CloseReason, Counts, Event, to_json

from .fakes import RecordingConnection


def frame(position: int, *, total: int | None = None) -> Frame:
    """Build a frame that adds one, or states a total."""
    body: dict[str, Any] = {"data": {}, "categories": {"like": total}, "rooms": {}}
    event = Event(
        position=position,
        audience=Audience("user:ann"),
        kind="notification" if total is None else "read",
        category="like" if total is None else None,
        body=to_json({"id": "n"} if total is None else body),
        created_at=0,
    )
    return frame_of(event, "e")


def unread(number: int) -> Counts:
    return Counts({"like": number}, {})


def read(connection: RecordingConnection) -> list[Read]:
    return list(read_frames(unchunk(b"".join(connection.chunks)).decode()))


def counts(connection: RecordingConnection) -> list[tuple[int, int]]:
    return [(one.position, one.data["unread_count"]) for one in read(connection)]


def test_each_stream_of_a_user_gets_the_same_bytes() -> None:
    channel = Channel("ann", 0)
    one, other = RecordingConnection(), RecordingConnection()
    channel.add(one, unread(3))
    channel.add(other, unread(3))
    assert channel.deliver([frame(1)], 1, 50) == 1
    assert channel.deliver([frame(2), frame(3)], 4, 51) == 2, "one per user, however many streams"
    assert counts(one) == [(1, 4), (2, 5), (3, 6)]
    assert all(chunk is same for chunk, same in zip(one.chunks, other.chunks, strict=True))
    assert (channel.counts.total, channel.position, channel.last_sent_at) == (6, 4, 51)


def test_frames_of_one_moment_leave_in_one_write() -> None:
    channel, connection = Channel("ann", 0), RecordingConnection()
    channel.add(connection, unread(0))
    channel.deliver([frame(1), frame(2), frame(3)], 3, 50)
    assert len(connection.chunks) == 1


def test_mark_states_the_count_and_later_events_go_on_from_it() -> None:
    channel, connection = Channel("ann", 0), RecordingConnection()
    channel.add(connection, unread(9))
    channel.deliver([frame(1, total=2)], 1, 50)
    channel.deliver([frame(2), frame(3, total=0), frame(4)], 4, 50)
    assert counts(connection) == [(1, 2), (2, 3), (3, 0), (4, 1)]


def test_events_of_others_move_the_position_and_nothing_else() -> None:
    channel, connection = Channel("ann", 0), RecordingConnection()
    channel.add(connection, unread(9))
    channel.deliver([], 7, 50)
    assert (channel.position, channel.counts.total, channel.last_sent_at, connection.chunks) == (
        7,
        9,
        0,
        [],
    )


def test_stream_that_is_too_slow_is_removed_during_a_write_and_the_others_get_theirs() -> None:
    channel = Channel("ann", 0)
    connections = [
        RecordingConnection(on_close=lambda connection, _reason: channel.remove(connection)) for _ in range(3)
    ]
    for connection in connections:
        channel.add(connection, unread(0))
    connections[1].is_slow = True
    channel.deliver([frame(1)], 1, 50)
    channel.deliver([frame(2)], 2, 50)
    assert [len(connection.chunks) for connection in connections] == [2, 0, 2]
    assert connections[1].close_reason is CloseReason.SLOW
    assert channel.connections == (connections[0], connections[2])


class Spoilt(RecordingConnection):
    """A connection with a defect."""

    def enqueue(self, chunks: bytes) -> None:
        raise ZeroDivisionError


def test_channel_is_in_use_while_a_stream_is_being_opened() -> None:
    channel, connection = Channel("ann", 0), RecordingConnection()
    states = [channel.is_unused]
    channel.opening = (connection,)
    states.append(channel.is_unused)
    channel.add(connection, unread(0))
    channel.opening = ()
    states.append(channel.is_unused)
    channel.remove(connection)
    channel.remove(connection)
    states.append(channel.is_unused)
    assert states == [True, False, False, True]


def test_connection_that_raises_ends_alone() -> None:
    channel = Channel("ann", 0)
    kinds = (RecordingConnection, Spoilt, Spoilt, RecordingConnection)
    connections = [kind(on_close=lambda connection, _reason: channel.remove(connection)) for kind in kinds]
    for connection in connections:
        channel.add(connection, unread(0))
    channel.deliver([frame(1)], 1, 50)
    channel.deliver([frame(2)], 2, 50)
    assert [counts(connection) for connection in connections] == [[(1, 1), (2, 2)], [], [], [(1, 1), (2, 2)]]
    assert [connection.aborts for connection in connections] == [0, 1, 1, 0]
    assert channel.connections == (connections[0], connections[3])


def test_streams_are_ended_by_their_id_also_one_that_is_being_opened() -> None:
    channel = Channel("ann", 0)
    one, two, opening = (
        RecordingConnection(on_close=lambda connection, _reason: channel.remove(connection)) for _ in range(3)
    )
    channel.add(one, unread(0))
    channel.add(two, unread(0))
    channel.opening = (opening,)
    channel.close(CloseReason.REVOKED, {two.id, opening.id})
    assert [connection.close_reason for connection in (one, two, opening)] == [
        None,
        CloseReason.REVOKED,
        CloseReason.REVOKED,
    ]
    channel.close(CloseReason.REVOKED)
    assert one.close_reason is CloseReason.REVOKED
