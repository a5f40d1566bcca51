"""Process: the metrics of the process that any Prometheus client has, under their usual names.

prometheus_client's own would list all open files at each scrape: 50 ms with 100,000 streams.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from lumen_notify.metrics import Metrics

_PROC = Path("/proc/self")

_STARTED_AT = time.time()


def register_process_metrics(metrics: Metrics) -> None:
    """Add the metrics of this process. Those that only Linux has are 0 elsewhere."""
    metrics.counter(
        "process_cpu_seconds", "Seconds of CPU time that the process has used.", time.process_time
    )
    metrics.gauge("process_resident_memory_bytes", "Memory of the process.", _resident_bytes)
    metrics.gauge("process_open_fds", "Open files and connections of the process.", _open_files)
    metrics.gauge(
        "process_max_fds", "The most that it may open; 0 for no limit.", _max_files, is_maximum=True
    )
    metrics.gauge(
        "process_start_time_seconds",
        "When the process was started, in seconds since 1970; of several workers, the newest.",
        lambda: _STARTED_AT,
        is_maximum=True,
    )


def _resident_bytes() -> float:
    with suppress(OSError):
        return int((_PROC / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _open_files() -> float:
    with suppress(OSError):
        # The size of the folder is the number, since Linux 6.2; before that it is 0.
        return os.stat(_PROC / "fd").st_size or len(os.listdir(_PROC / "fd"))  # noqa: PTH116, PTH208
    return 0


def _max_files() -> float:
    try:
        import resource  # noqa: PLC0415 - not available on every system
    except ImportError:
        return 0
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if soft == resource.RLIM_INFINITY else soft
