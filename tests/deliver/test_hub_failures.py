"""The hub: an exception ends the streams of one user, and the others miss nothing."""

from __future__ import annotations

import pytest

from lumen_notify.model import EVERYONE, CloseReason, Counts

from .fakes import RecordingConnection
from .test_hub import USERS, deliver, make_hub, open_stream, seen


class Spoilt(RecordingConnection):
    """A connection whose bytes cannot be written."""

    def enqueue(self, chunks: bytes) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize("audiences", [(EVERYONE,), (EVERYONE, EVERYONE), ("user:bob", EVERYONE)])
def test_frame_that_cannot_be_made_ends_the_streams_of_one_user_and_the_others_miss_nothing(
    audiences: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    hub = make_hub()
    streams = {user: [open_stream(hub, user) for _ in range(2)] for user in USERS}
    hub.channels["bob"].total = None  # type: ignore[assignment]
    deliver(hub, *audiences)
    assert [one.close_reason for one in streams["bob"]] == [CloseReason.GONE] * 2
    assert [one.chunks for one in streams["bob"]] == [[], []]
    expected = [number for number, one in enumerate(audiences, start=1) if one == EVERYONE]
    for user in ("ann", "cyd"):
        assert [[position for position, _ in seen(one)] for one in streams[user]] == [expected] * 2
    assert (hub.failures, caplog.text.count("frames could not be made")) == (1, 1)


def test_stream_that_is_slow_or_raises_does_not_stop_an_ephemeral_frame() -> None:
    hub = make_hub()
    streams = [open_stream(hub, user) for user in USERS]
    spoilt = Spoilt("dan", on_close=lambda connection, _reason: hub.remove(connection))
    slow = RecordingConnection("eve", on_close=lambda connection, _reason: hub.remove(connection))
    slow.is_slow = True
    for connection in (spoilt, slow):
        hub.add(hub.get_channel(connection.user_id), connection, Counts({}, {}))
    last = open_stream(hub, "fay")
    hub.send_ephemeral(EVERYONE, "typing", {})
    assert [len(one.chunks) for one in (*streams, last)] == [1] * 4
    assert [one.close_reason for one in (spoilt, slow)] == [CloseReason.GONE, CloseReason.SLOW]
    assert set(hub.channels) == {*USERS, "fay"}
