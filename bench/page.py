"""Page: write the results to `docs/performance.md`, and read the values of earlier runs from it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from bench import compared_servers, instance_measurements, stream_measurements, write_measurements
from bench.cpu_usage import MAX_OTHER_CPU_SHARE
from bench.goals import SETUPS, Results, rows
from bench.size import Size

METHOD = Path(__file__).with_name("method.md")


def read(path: Path) -> Results:
    """Read the values of each run from a page; empty if it does not exist."""
    earlier: dict[tuple[str, str], list[dict[str, float]]] = {}
    text = path.read_text() if path.exists() else ""
    for line in text.partition("## Every run")[2].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != len(("set-up", "server", "value", "runs")) or cells[0] not in SETUPS:
            continue
        setup, server, value, numbers = cells
        runs = [float(number.replace(",", "")) for number in numbers.split(", ")]
        measured = earlier.setdefault((setup, server), [{} for _ in runs])
        for run, number in zip(measured, runs, strict=True):
            run[value] = number
    return earlier


def write(path: Path, results: Results, size: Size, runs: int) -> None:
    """Write the page; keep the results of set-ups that were not measured now."""
    path.parent.mkdir(exist_ok=True)
    measured = {setup for setup, _ in results}
    results = {key: values for key, values in read(path).items() if key[0] not in measured} | dict(results)
    path.write_text("\n".join(_page(results, size, runs)) + "\n")


def _page(results: Results, size: Size, runs: int) -> Iterable[str]:
    yield "# Performance\n"
    yield f"Written by `make bench`: medians of {runs} run{'s' if runs > 1 else ''}."
    yield "`python -m bench --only wide` measures one set-up again, with all of its servers.\n"
    yield f"{machine()}\n"
    yield "| value | ours | other | ratio | goal | met |"
    yield "|---|---|---|---|---|---|"
    for row in rows(results, size):
        cells = (row.title, row.ours, row.other, row.ratio, row.must_be, row.met)
        yield "| " + " | ".join(cells) + " |"
    yield "\n## Every run\n"
    yield "| set-up | server | value | runs |"
    yield "|---|---|---|---|"
    for (setup, server), measured in sorted(results.items()):
        for value in measured[0]:
            numbers = ", ".join(f"{run[value]:,.2f}" for run in measured)
            yield f"| {setup} | {server} | {value} | {numbers} |"
    yield "\n" + METHOD.read_text().format(
        disturbed=MAX_OTHER_CPU_SHARE,
        attempts=size.max_attempts,
        seconds=size.seconds,
        latency_publishes=size.latency_publishes,
        wide=f"{size.wide:,}",
        missed=stream_measurements.STORM_MISSED,
        concurrency=f"{stream_measurements.STORM_CONCURRENCY:,}",
        writers=write_measurements.CONCURRENCY,
        recipients=f"{write_measurements.USERS:,}",
        text=write_measurements.TEXT_CHARACTERS,
        groups=write_measurements.GROUPS,
        rooms=write_measurements.ROOMS,
        messages=size.messages,
        per_second=instance_measurements.PUBLISHES_PER_SECOND,
    )


def machine() -> str:
    """Describe the machine and the versions."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    parts = [f"{os.cpu_count()} cores of {model}", f"{platform.system()} {platform.release()}"]
    parts += [f"Python {platform.python_version()}"]
    parts += [f"{name} {version(name)}" for name in ("uvloop", "uvicorn", "sse-starlette")]
    if "nchan" in compared_servers.installed():
        output = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr  # noqa: S607
        parts.append(output.strip().rpartition(" ")[2].replace("/", " ") + " with nchan")
    else:
        parts.append("nginx with nchan: not installed")
    return " · ".join(parts)
