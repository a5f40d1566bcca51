"""Outlets: what holds for each of them, however bytes leave it."""

from __future__ import annotations

import pytest

from lumen_notify.deliver.connection.connection import Outlet
from lumen_notify.deliver.connection.fallback import QueueOutlet
from lumen_notify.deliver.connection.transport import TransportOutlet
from lumen_notify.deliver.frames import control
from lumen_notify.model import CloseReason

from ..fakes import Closes, FakeTransport, RecordingOutlet
from ..writing import COMMON


@pytest.fixture(params=["connection", "queue"])
def outlet(request: pytest.FixtureRequest) -> Outlet:
    closes = Closes()
    if request.param == "queue":
        return QueueOutlet(max_backlog_bytes=100, on_close=closes, **COMMON)
    made = TransportOutlet(max_backlog_bytes=100, on_shutdown=lambda: None, on_close=closes, **COMMON)
    made.take(FakeTransport(made), set(), is_paused=False)
    return made


def test_peer_that_goes_after_the_close_does_not_change_its_reason(outlet: Outlet) -> None:
    outlet.close(CloseReason.EXPIRED)
    outlet.lost()
    assert outlet.close_reason is CloseReason.EXPIRED


def test_nothing_is_said_to_a_peer_that_is_gone(outlet: Outlet) -> None:
    outlet.lost()
    outlet.close(CloseReason.SHUTDOWN)
    outlet.write(control.ping("e-1"))
    assert outlet.close_reason is CloseReason.GONE
    assert outlet.backlog_bytes == 0


def test_outlet_takes_no_dictionary() -> None:
    made = TransportOutlet(max_backlog_bytes=0, on_shutdown=lambda: None, on_close=Closes(), **COMMON)
    for one in (made, RecordingOutlet()):
        assert not hasattr(one, "__dict__"), "a stream without __slots__ costs a hundred bytes more"
