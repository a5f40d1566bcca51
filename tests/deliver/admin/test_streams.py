"""Streams of administrators: a frame each second, until the token ends or the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from clients import Frame, eventually, read_frames
from lumen_notify.auth import Principal, Revocations
from lumen_notify.deliver.admin import streams as module
from lumen_notify.deliver.admin.streams import AdminStreams
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.metrics.figures import Figures
from lumen_notify.model import CloseReason

from ..fakes import FakeClock, RecordingConnection
from .figures import figures


class Watched:
    """Streams of one instance, and what they sent."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.reads = 0
        self.sent: list[str] = []
        self.revocations = Revocations()
        self.messages = Messages()
        self.streams = AdminStreams(
            instance="here",
            read=self._read,
            send=lambda name, _fields: self.sent.append(name),
            messages=self.messages,
            revocations=self.revocations,
            wall_clock=lambda: round(self.clock() * 1000),
            clock=self.clock,
        )

    def _read(self) -> Figures:
        self.reads += 1
        return figures(self.clock(), streams=self.reads)

    def open(
        self, kind: type[RecordingConnection] = RecordingConnection, **fields: Any
    ) -> RecordingConnection:
        connection = kind(user_id="root", on_close=self.streams.on_close)
        given: dict[str, Any] = {"user_id": "root", "expires_at": 10**12, "issued_at": 1}
        self.streams.add(connection, Principal(**(given | fields)))
        return connection

    def second(self) -> None:
        self.clock.seconds += 1
        self.streams.tick()


def frames(connection: RecordingConnection) -> list[Frame]:
    return list(read_frames(unchunk(b"".join([*connection.chunks, connection.last])).decode()))


def events(connection: RecordingConnection) -> list[str]:
    return [frame.event for frame in frames(connection)]


def test_every_stream_gets_the_same_frame_each_second() -> None:
    watched = Watched()
    one, two = watched.open(), watched.open()
    watched.second()
    watched.second()
    assert events(one) == events(two) == ["figures", "figures"]
    assert [frame.data["streams"]["total"] for frame in frames(one)] == [1, 2]
    assert watched.reads == 2, "once for all"
    assert watched.sent == ["figures_wanted"] * 2


def test_stream_ends_with_its_token() -> None:
    watched = Watched()
    connection = watched.open(expires_at=round((watched.clock() + 2) * 1000))
    watched.second()
    watched.second()
    assert events(connection) == ["figures", "closing"]
    assert frames(connection)[-1].data == {"reason": "expired", "reconnect": False}
    assert len(watched.streams) == 0


def test_stream_ends_once_its_token_is_revoked() -> None:
    watched = Watched()
    connection, other = watched.open(), watched.open(issued_at=99)
    watched.revocations.revoke("root", 50)
    watched.second()
    assert connection.close_reason is CloseReason.REVOKED
    assert events(other) == ["figures"]


def test_number_of_streams_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 2)
    watched = Watched()
    watched.open()
    assert watched.streams.refusal() is None
    watched.open().on_disconnect()
    assert watched.streams.refusal() is None
    watched.open()
    assert watched.streams.refusal() is CloseReason.OVERLOADED


def test_streams_end_when_the_server_stops() -> None:
    watched = Watched()
    connection = watched.open()
    watched.streams.start_drain()
    assert frames(connection)[-1].data == {"reason": "shutdown", "reconnect": True}
    assert watched.streams.refusal() is CloseReason.SHUTDOWN


def test_client_that_does_not_take_the_last_bytes_is_dropped() -> None:
    watched = Watched()
    connection = watched.open()
    watched.streams.start_drain()
    watched.second()
    assert connection.aborts == 0
    watched.clock.seconds += module.LAST_BYTES_SECONDS
    watched.streams.tick()
    assert connection.aborts == 1


def test_stream_that_raises_ends_alone() -> None:
    class Spoilt(RecordingConnection):
        __slots__ = ()

        def write(self, chunks: bytes) -> None:
            raise RuntimeError

    watched = Watched()
    spoilt, other = watched.open(Spoilt), watched.open()
    watched.second()
    assert spoilt.close_reason is CloseReason.GONE
    assert events(other) == ["figures"]
    assert len(watched.streams) == 1


async def test_nothing_is_read_until_somebody_watches_here_or_elsewhere() -> None:
    watched = Watched()
    task = asyncio.create_task(watched.streams.run())
    try:
        await asyncio.sleep(0)
        assert (watched.reads, watched.sent) == (0, [])
        wanted: Mapping[str, Any] = {}
        watched.messages.receive("figures_wanted", wanted)
        await eventually(lambda: "figures" in watched.sent, what="the figures of this instance")
        assert "figures_wanted" not in watched.sent, "nobody watches here"
        connection = watched.open()
        await eventually(lambda: events(connection), what="a frame at once")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
