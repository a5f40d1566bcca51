"""Many streams over several workers: all open, spread, and none ended, with the memory of one process.

LUMEN_TEST_WORKER_STREAMS=40000 is the long form, of some minutes: memory is compared from 10,000 streams on.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bench.workers import Values, measure, table

STREAMS = int(os.environ.get("LUMEN_TEST_WORKER_STREAMS", "300"))
WORKERS = 3

MAX_STREAM_BYTES = 3.2 * 1024
"""Somewhat more than in one process: memory that each worker allocates once counts here, too."""

VALUES = Values(
    workers=1,
    streams=14_000,
    worker_bytes=80 * 2**20,
    parent_bytes=0,
    stream_bytes=2.9 * 1024,
    open_cpu_us=1000.4,
    delivery_cpu_us=10.06,
    emptiest=14_000,
    fullest=14_000,
)


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.postgresql
@pytest.mark.timeout(120 + STREAMS // 10)
async def test_streams_are_open_over_three_workers_and_each_receives_what_is_published() -> None:
    values = await measure(STREAMS, WORKERS)  # it raises if a stream is refused or misses a notification
    assert values.emptiest * WORKERS > STREAMS * 0.5
    assert values.fullest * WORKERS < STREAMS * 1.5
    assert values.worker_bytes < 200 * 2**20
    if STREAMS >= 10_000:
        assert values.stream_bytes < MAX_STREAM_BYTES


def test_the_table_has_a_column_for_each_server() -> None:
    several = replace(VALUES, workers=3, streams=40_000, parent_bytes=49 * 2**20, emptiest=13_200)
    assert table([VALUES, several]).splitlines() == [
        "|  | 1 worker | 3 workers |",
        "| --- | --- | --- |",
        "| streams | 14,000 | 40,000 |",
        "| streams of the emptiest worker | 14,000 | 13,200 |",
        "| streams of the fullest worker | 14,000 | 14,000 |",
        "| memory of an idle worker | 80 MiB | 80 MiB |",
        "| memory of the parent | 0 MiB | 49 MiB |",
        "| memory per stream | 2.90 KiB | 2.90 KiB |",
        "| CPU per stream opened | 1,000 µs | 1,000 µs |",
        "| CPU per delivery | 10.1 µs | 10.1 µs |",
    ]
