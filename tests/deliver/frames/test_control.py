"""Control frames: what they look like."""

from __future__ import annotations

import pytest

from lumen_notify.deliver.frames import control
from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.model import CloseReason

from .events import counters, read_one

UNREAD = '"unread_count":2,"unread":{"categories":{"like":2},"rooms":{}}'


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (control.retry(1234), ["retry: 1234"]),
        (
            control.ready("c", counters(like=2), id_="e-9", is_recovered=False, replayed=0),
            [
                "id: e-9",
                "event: ready",
                f'data: {{"connection_id":"c",{UNREAD},"recovered":false,"replayed":0}}',
            ],
        ),
        (
            control.ready("c", counters(like=2), id_=None, is_recovered=True, replayed=3),
            ["event: ready", f'data: {{"connection_id":"c",{UNREAD},"recovered":true,"replayed":3}}'],
        ),
        (
            control.reset(counters(like=2), id_="e-9"),
            ["id: e-9", "event: reset", f"data: {{{UNREAD}}}"],
        ),
        (control.ping("e-9"), ["id: e-9", "event: ping", "data: {}"]),
        (control.expiring(60), ["event: expiring", 'data: {"seconds":60}']),
        (
            control.closing(CloseReason.OVERLOADED, 1500),
            ["retry: 1500", "event: closing", 'data: {"reason":"overloaded","reconnect":true}'],
        ),
        (
            control.closing(CloseReason.EXPIRED, 0),
            ["event: closing", 'data: {"reason":"expired","reconnect":false}'],
        ),
    ],
    ids=[
        "retry",
        "ready",
        "ready before a replay",
        "reset",
        "ping",
        "expiring",
        "closing",
        "closing for good",
    ],
)
def test_control_frame_is_one_event(made: bytes, lines: list[str]) -> None:
    assert made == chunk("".join(f"{line}\n" for line in [*lines, ""]).encode())
    assert read_one(made)
