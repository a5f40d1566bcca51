"""Process: what any Prometheus client reports of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lumen_notify.metrics import Metrics
from lumen_notify.service_metrics import process as module
from lumen_notify.service_metrics.process import register_process_metrics


def read() -> dict[str, float]:
    metrics = Metrics()
    register_process_metrics(metrics)
    return {sample[0]: sample[2] for family in metrics.families() for sample in family["samples"]}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_metrics_of_the_process_have_their_values() -> None:
    before = read()
    with Path(os.devnull).open():
        after = read()
    assert after["process_open_fds"] == before["process_open_fds"] + 1 > 3
    assert 2**20 < after["process_resident_memory_bytes"] < 2**40
    assert after["process_cpu_seconds_total"] >= before["process_cpu_seconds_total"] > 0
    assert time.time() - 86_400 < after["process_start_time_seconds"] <= time.time()
    assert after["process_max_fds"] >= 0


def test_without_proc_what_it_says_is_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROC", Path("/nowhere"))
    found = read()
    assert found["process_open_fds"] == found["process_resident_memory_bytes"] == 0
