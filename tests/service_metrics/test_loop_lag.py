"""Loop lag: a loop that is busy is late, and that is measured."""

from __future__ import annotations

import time

import pytest

from clients import eventually
from lumen_notify.service_metrics import loop_lag as module
from lumen_notify.service_metrics.loop_lag import LoopLag
from supervised import supervised

BUSY_SECONDS = 0.2


async def test_busy_loop_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_SECONDS", 0.01)
    observed: list[float] = []
    async with supervised(LoopLag(observed.append, time.monotonic).run):
        await eventually(lambda: len(observed) >= 2, what="two samples")
        number = len(observed)
        time.sleep(BUSY_SECONDS)  # noqa: ASYNC251 - it blocks the loop
        await eventually(lambda: len(observed) > number, what="the late one")
    assert min(observed) >= 0
    assert observed[number] >= BUSY_SECONDS - 0.02
