"""`python -m bench`: measure every server in turn, print the ratios, write `docs/performance.md`.

`--quick` is a trial of a minute with smaller numbers, which writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

import uvloop

from bench import figures, report, subjects, writes
from bench.size import Size
from lumen_notify.bench.load import raise_file_limit
from lumen_notify.bench.process import pin

PAGE_RUNS = 3
"""With fewer the page is left as it is."""

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
MEASURES = {
    "wide": figures.wide,
    "many": figures.many,
    "storm": figures.storm,
    "few": figures.few,
    "publish": writes.publish,
    "send": writes.send,
}


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for. Return 1 if a goal was not met, or nothing could be measured."""
    asked = _arguments().parse_args(argv)
    server_core, load_core = asked.cores
    size = Size(core=server_core)
    if asked.quick:
        size = Size(core=server_core, wide=2_000, seconds=1.5, beats=3, messages=200, tries=1)
    pin(load_core)
    if raise_file_limit(size.wide) < size.wide:
        _say(f"this account may not open {size.wide} connections (ulimit -n)")
        return 1
    runs = 1 if asked.quick else asked.runs
    results = measure(asked.only or list(MEASURES), asked.servers or list(subjects.installed()), size, runs)
    if not results:
        return 1
    table = report.rows(results, size)
    for row in table:
        _say(f"{row.figure}: {row.ours}  {row.other}  {row.ratio}  ({row.must_be})  {row.met}")
    if not asked.quick and not asked.servers and runs >= PAGE_RUNS:
        report.write(PAGE, results, size, runs)
        _say(f"written: {PAGE}")
    return int(any(row.met == "NOT MET" for row in table))


def measure(setups: list[str], servers: list[str], size: Size, runs: int) -> report.Results:
    """Measure each set-up on each of its servers, all servers once before any a second time."""
    results: dict[tuple[str, str], list[figures.Values]] = defaultdict(list)
    for run in range(1, runs + 1):
        for setup in setups:
            for name in report.SETUPS[setup]:
                if name not in servers:
                    continue
                started = time.monotonic()
                values = uvloop.run(MEASURES[setup](name, size))
                results[setup, name].append(values)
                numbers = "  ".join(f"{value} {number:,.2f}" for value, number in values.items())
                _say(f"run {run} {setup:7} {name:15} {numbers}  [{time.monotonic() - started:.0f} s]")
    return results


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="one set-up; may be repeated")
    parser.add_argument(
        "--servers", action="append", choices=subjects.NAMES, help="one server; may be repeated"
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
        raise argparse.ArgumentTypeError("two different cores of this machine are needed")
    return server, load


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
