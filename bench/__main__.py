"""`python -m bench`: measure every server in turn, print the ratios, write `docs/performance.md`.

`--quick` takes about a minute with smaller numbers and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from bench import (
    compared_servers,
    goals,
    instance_measurements,
    page,
    stream_measurements,
    write_measurements,
)
from bench.size import Size
from lumen_notify.load_test.load import raise_file_limit
from lumen_notify.load_test.process import pin

PAGE_RUNS = 3
"""With fewer runs the page is not written."""

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
MEASURES: Mapping[str, Callable[[str, Size], Coroutine[Any, Any, stream_measurements.Values]]] = {
    "wide": stream_measurements.wide,
    "many": stream_measurements.many,
    "storm": stream_measurements.storm,
    "few": stream_measurements.few,
    "publish": write_measurements.publish,
    "publish-many": write_measurements.publish_to_many,
    "publish-many-2k": partial(write_measurements.publish_to_many, characters=2_000),
    "publish-many-38k": partial(write_measurements.publish_to_many, characters=38_000),
    "send": write_measurements.send,
    "workers": instance_measurements.workers,
    "across": instance_measurements.across,
    "send-to-instances": instance_measurements.send_to_instances,
}


def main(argv: list[str] | None = None) -> int:
    """Measure, print and write the page. Return 1 if a goal was not met or nothing could be measured."""
    arguments = _parser().parse_args(argv)
    server_core, load_core = arguments.cores
    size = Size(core=server_core)
    if arguments.quick:
        size = Size(
            core=server_core, wide=2_000, seconds=1.5, latency_publishes=3, messages=200, max_attempts=1
        )
    pin(load_core)
    if raise_file_limit(size.wide) < size.wide:
        _print(f"`ulimit -n` does not allow {size.wide} connections.")
        return 1
    runs = 1 if arguments.quick else arguments.runs
    for name in compared_servers.NAMES:
        if (reason := compared_servers.missing(name)) is not None:
            _print(f"{name} is left out: {reason}.")
    results = measure(
        arguments.only or list(MEASURES), arguments.servers or list(compared_servers.installed()), size, runs
    )
    if not results:
        return 1
    table = goals.rows(results, size)
    for row in table:
        _print(f"{row.title}: {row.ours}  {row.other}  {row.ratio}  ({row.must_be})  {row.met}")
    if not arguments.quick and not arguments.servers and runs >= PAGE_RUNS:
        page.write(PAGE, results, size, runs)
        _print(f"wrote {PAGE}")
    return int(any(row.met == "NOT MET" for row in table))


def measure(setups: list[str], servers: list[str], size: Size, runs: int) -> goals.Results:
    """Measure each set-up on each of its servers. Each run measures all servers once, so that they
    alternate."""
    results: dict[tuple[str, str], list[stream_measurements.Values]] = defaultdict(list)
    for run in range(1, runs + 1):
        for setup in setups:
            for name in goals.SETUPS[setup]:
                if name not in servers:
                    continue
                started = time.monotonic()
                values = uvloop.run(MEASURES[setup](name, size))
                results[setup, name].append(values)
                numbers = "  ".join(f"{value} {number:,.2f}" for value, number in values.items())
                _print(f"run {run} {setup:17} {name:19} {numbers}  [{time.monotonic() - started:.0f} s]")
    return results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="one set-up; may be repeated")
    parser.add_argument(
        "--servers", action="append", choices=compared_servers.NAMES, help="one server; may be repeated"
    )
    parser.add_argument("--runs", type=int, default=3, choices=range(1, 21), metavar="N", help="default 3")
    parser.add_argument("--quick", action="store_true", help="one run with smaller numbers")
    parser.add_argument(
        "--cores", type=_cores, default=_cores("0,1"), metavar="SERVER,LOAD", help="default 0,1"
    )
    return parser


def _cores(text: str) -> tuple[int, int]:
    server, load = (int(core) for core in text.split(","))
    if server == load or not {server, load} <= os.sched_getaffinity(0):
        raise argparse.ArgumentTypeError("must be two different cores of this machine")
    return server, load


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
