"""Connections: what holds for each kind, however its bytes leave."""

from __future__ import annotations

import pytest

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.connection.fallback import QueueConnection
from lumen_notify.deliver.connection.transport import TransportConnection
from lumen_notify.deliver.frames import control
from lumen_notify.model import CloseReason

from ..connection_strategies import CONNECTION_FIELDS
from ..fakes import FakeTransport, RecordedCloses, RecordingConnection


@pytest.fixture(params=["transport", "queue"])
def connection(request: pytest.FixtureRequest) -> Connection:
    closes = RecordedCloses()
    if request.param == "queue":
        return QueueConnection(max_backlog_bytes=100, on_close=closes, **CONNECTION_FIELDS)
    made = TransportConnection(
        max_backlog_bytes=100, on_shutdown=lambda: None, on_close=closes, **CONNECTION_FIELDS
    )
    made.take_over(FakeTransport(made), set(), is_paused=False)
    return made


def test_peer_that_disconnects_after_the_close_does_not_change_its_reason(connection: Connection) -> None:
    connection.close(CloseReason.EXPIRED)
    connection.on_disconnect()
    assert connection.close_reason is CloseReason.EXPIRED


def test_nothing_is_sent_to_a_peer_that_has_disconnected(connection: Connection) -> None:
    connection.on_disconnect()
    connection.close(CloseReason.SHUTDOWN)
    connection.write(control.ping("e-1"))
    assert connection.close_reason is CloseReason.GONE
    assert connection.backlog_bytes == 0


def test_connection_that_cannot_be_closed_leaves_all_tables(connection: Connection) -> None:
    class Spoilt(type(connection)):  # type: ignore[misc]
        """A connection with a defect."""

        __slots__ = ()

        def _end(self, last: bytes) -> None:
            raise ZeroDivisionError

        def abort(self) -> None:
            raise ZeroDivisionError

    connection.__class__ = Spoilt
    connection.close(CloseReason.SHUTDOWN)
    connection.write(control.ping("e-1"))
    assert connection.close_reason is CloseReason.GONE
    assert connection._on_close.seen == [CloseReason.GONE]  # type: ignore[attr-defined]


def test_connection_has_no_dict() -> None:
    made = TransportConnection(
        max_backlog_bytes=0, on_shutdown=lambda: None, on_close=RecordedCloses(), **CONNECTION_FIELDS
    )
    for one in (made, RecordingConnection()):
        assert not hasattr(one, "__dict__"), "a connection without __slots__ takes a hundred bytes more"
