"""Control frames: what they look like."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lumen_notify.deliver.frames import control
from lumen_notify.deliver.frames.chunks import chunk, unchunk
from lumen_notify.model import CloseReason, ResetReason

from .events import counters, read_one

UNREAD = '"unread_count":2,"unread":{"categories":{"like":2},"rooms":{}}'


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (
            control.ready(
                "c", counters(like=2), id_="e-9", is_recovered=False, replayed=0, ping_seconds=30, retry_ms=1
            ),
            [
                "retry: 1",
                "id: e-9",
                "event: ready",
                f'data: {{"connection_id":"c",{UNREAD},"recovered":false,"replayed":0,"ping_seconds":30}}',
            ],
        ),
        (
            control.ready(
                "c", counters(like=2), id_=None, is_recovered=True, replayed=3, ping_seconds=30, retry_ms=1
            ),
            [
                "retry: 1",
                "event: ready",
                f'data: {{"connection_id":"c",{UNREAD},"recovered":true,"replayed":3,"ping_seconds":30}}',
            ],
        ),
        (
            control.reset(ResetReason.TRIMMED, counters(like=2), id_="e-9"),
            ["id: e-9", "event: reset", f'data: {{"reason":"trimmed",{UNREAD}}}'],
        ),
        (control.ping("e-9"), ["id: e-9", "event: ping", "data: {}"]),
        (control.expiring(60), ["event: expiring", 'data: {"seconds":60}']),
        (
            control.closing(CloseReason.OVERLOADED, 1500),
            ["retry: 1500", "event: closing", 'data: {"reason":"overloaded","reconnect":true}'],
        ),
        (
            control.closing(CloseReason.EXPIRED, 86_400_000),
            ["retry: 86400000", "event: closing", 'data: {"reason":"expired","reconnect":false}'],
        ),
    ],
    ids=[
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


@pytest.mark.parametrize("reason", CloseReason)
def test_client_that_is_not_to_reconnect_stays_away_for_about_a_day(reason: CloseReason) -> None:
    seconds = [control.retry_ms_after(reason) / 1000 for _ in range(100)]
    lowest, highest = (1, 4) if reason.reconnect else (20 * 3600, 28 * 3600)
    assert lowest <= min(seconds) < max(seconds) <= highest


@given(name=st.text(min_size=1))
@example(name="\x85\u2028\u2029\r\n\v\f\x1c\x1d\x1e")
def test_frame_is_one_block_for_a_client_that_splits_lines_anywhere(name: str) -> None:
    made = control.ephemeral("typing", {"name": name})
    event, data, *rest = unchunk(made).decode().splitlines()
    assert (event, rest) == ("event: typing", [""])
    assert json.loads(data.removeprefix("data: ")) == {"name": name}
