"""Report: compares the medians with their goals, as a table and as `docs/performance.md`."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench import figures, subjects, writes
from bench.size import Size
from bench.watch import DISTURBED_SHARE

METHOD = Path(__file__).with_name("method.md")

Results = Mapping[tuple[str, str], Sequence[figures.Values]]
"""(set-up, subject) -> the values of each run."""

SETUPS: Mapping[str, tuple[str, ...]] = {
    "wide": ("ours", "bare", "nchan", "nchan-own"),
    "many": ("ours", "bare", "nchan", "plain"),
    "storm": ("ours",),
    "few": ("ours", "bare", "nchan", "plain"),
    "publish": ("ours", "ours-postgresql", "empty"),
    "send": ("ours", "ours-postgresql", "empty"),
}
"""The subjects that each set-up measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One row of the table: one of our values, or its ratio to another subject's, and the bound.

    `ours`: our subject. `other`: the subject to compare with, or "" for an absolute bound. `at_most`,
    `at_least`: the bound; without one, the value is only reported.
    """

    figure: str
    setup: str
    value: str
    show: Callable[[float], str]
    ours: str = "ours"
    other: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def must_be(self) -> str:
        """The bound as text."""
        if self.at_most is not None:
            return f"at most {self.at_most if self.other else self.show(self.at_most)}"
        return f"at least {self.at_least}" if self.at_least is not None else "no goal"

    def is_met(self, measured: float) -> bool:
        """Return whether a ratio (or, without another subject, a value) is within the bound."""
        if self.at_most is not None:
            return measured <= self.at_most
        return self.at_least is None or measured >= self.at_least


def _bytes(value: float) -> str:
    return f"{value / 1024:.2f} KiB"


def _rate(value: float) -> str:
    return f"{value:,.0f}/s"


def _ms(value: float) -> str:
    return f"{value:.2f} ms"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


_MEMORY = "memory per idle stream, {wide} streams of {wide} users"
_WIDE = "deliveries, one publisher, {wide} streams"
_MANY = "deliveries, {publishers} publishers at once, {many} streams"


def _writes(setup: str, figure: str) -> Iterable[Goal]:
    for ours, database in (("ours", "SQLite"), ("ours-postgresql", "PostgreSQL")):
        said = f"{figure}, {database}"
        yield Goal(
            figure=said,
            setup=setup,
            value="writes_per_second",
            show=_rate,
            ours=ours,
            other="empty",
            at_least=0.4,
        )
        yield Goal(figure=f"{said}: p99", setup=setup, value="write_p99_ms", show=_ms, ours=ours)


GOALS = (
    Goal(figure=_MEMORY, setup="wide", value="memory_bytes", show=_bytes, at_most=3072),
    Goal(figure=_MEMORY, setup="wide", value="memory_bytes", show=_bytes, other="nchan-own", at_most=0.3),
    Goal(figure=_MEMORY, setup="wide", value="memory_bytes", show=_bytes, other="nchan", at_most=0.3),
    Goal(figure=_WIDE, setup="wide", value="deliveries_per_second", show=_rate, other="bare", at_least=0.9),
    Goal(figure=_WIDE, setup="wide", value="deliveries_per_second", show=_rate, other="nchan", at_least=1.3),
    Goal(
        figure=_WIDE, setup="wide", value="deliveries_per_second", show=_rate, other="nchan-own", at_least=1.3
    ),
    Goal(figure=_MANY, setup="many", value="deliveries_per_second", show=_rate, other="bare", at_least=0.9),
    Goal(figure=_MANY, setup="many", value="deliveries_per_second", show=_rate, other="nchan", at_least=1.0),
    Goal(figure=_MANY, setup="many", value="deliveries_per_second", show=_rate, other="plain", at_least=4.0),
    Goal(
        figure="p99 from publish to receipt, one publish a second, {wide} streams",
        setup="wide",
        value="receipt_p99_ms",
        show=_ms,
        other="nchan",
        at_most=1.0,
    ),
    Goal(
        figure="{wide} streams reconnect at once with a cursor: all ready, nothing lost or repeated",
        setup="storm",
        value="ready_seconds",
        show=_seconds,
        at_most=4.0,
    ),
    Goal(figure="one user on 5 streams: p50 of the POST", setup="few", value="post_p50_ms", show=_ms),
    Goal(figure="one user on 5 streams: p50 of the receipt", setup="few", value="receipt_p50_ms", show=_ms),
    *_writes("publish", "durable publishes to one user each, {at_once} at once"),
    *_writes("send", "durable messages to rooms, {at_once} at once"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table, as text."""

    figure: str
    ours: str
    other: str
    ratio: str
    must_be: str
    met: str


def rows(results: Results, size: Size) -> list[Row]:
    """Compare the medians with the goals. Values that were not measured are marked as such."""
    made = []
    for goal in GOALS:
        ours = median(results, goal.setup, goal.ours, goal.value)
        other = median(results, goal.setup, goal.other, goal.value) if goal.other else None
        measured = ours if not goal.other else ours / other if ours is not None and other else None
        made.append(
            Row(
                figure=goal.figure.format(
                    wide=f"{size.wide:,}",
                    many=f"{size.many:,}",
                    publishers=size.publishers,
                    at_once=writes.AT_ONCE,
                ),
                ours="not measured" if ours is None else goal.show(ours),
                other=_other(goal, other),
                ratio="" if not goal.other or measured is None else f"{measured:.2f}",
                must_be=goal.must_be,
                met=_verdict(goal, measured),
            )
        )
    return made


def _verdict(goal: Goal, measured: float | None) -> str:
    if measured is None or goal.at_most is goal.at_least is None:
        return ""
    return "met" if goal.is_met(measured) else "NOT MET"


def _other(goal: Goal, value: float | None) -> str:
    if not goal.other:
        return ""
    if value is not None:
        return f"{goal.other} {goal.show(value)}"
    return f"{goal.other}: " + ("not measured" if goal.other in subjects.installed() else "not installed")


def median(results: Results, setup: str, subject: str, value: str) -> float | None:
    """Return the median of the runs; None if the value was not measured."""
    values = [run[value] for run in results.get((setup, subject), ()) if value in run]
    return statistics.median(values) if values else None


def read(path: Path) -> Results:
    """Read the values of each run from a page; empty if the page does not exist."""
    kept: dict[tuple[str, str], list[dict[str, float]]] = {}
    text = path.read_text() if path.exists() else ""
    for line in text.partition("## Every run")[2].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != len(("set-up", "server", "value", "runs")) or cells[0] not in SETUPS:
            continue
        setup, subject, value, numbers = cells
        runs = [float(number.replace(",", "")) for number in numbers.split(", ")]
        measured = kept.setdefault((setup, subject), [{} for _ in runs])
        for run, number in zip(measured, runs, strict=True):
            run[value] = number
    return kept


def write(path: Path, results: Results, size: Size, runs: int) -> None:
    """Write the page. Set-ups that are not in `results` keep the values of the existing page."""
    path.parent.mkdir(exist_ok=True)
    measured = {setup for setup, _ in results}
    results = {key: values for key, values in read(path).items() if key[0] not in measured} | dict(results)
    path.write_text("\n".join(_page(results, size, runs)) + "\n")


def _page(results: Results, size: Size, runs: int) -> Iterable[str]:
    yield "# Performance\n"
    yield f"Written by `make bench`: medians of {runs} run{'s' if runs > 1 else ''}."
    yield "Both values of a ratio come from the same runs."
    yield "`python -m bench --only wide` measures one set-up again, with all of its servers.\n"
    yield f"{machine()}\n"
    yield "| figure | ours | other | ratio | must be | met |"
    yield "|---|---|---|---|---|---|"
    for row in rows(results, size):
        cells = (row.figure, row.ours, row.other, row.ratio, row.must_be, row.met)
        yield "| " + " | ".join(cells) + " |"
    yield "\n## Every run\n"
    yield "| set-up | server | value | runs |"
    yield "|---|---|---|---|"
    for (setup, subject), measured in sorted(results.items()):
        for value in measured[0]:
            numbers = ", ".join(f"{run[value]:,.2f}" for run in measured)
            yield f"| {setup} | {subject} | {value} | {numbers} |"
    yield "\n" + METHOD.read_text().format(
        disturbed=DISTURBED_SHARE,
        tries=size.tries,
        seconds=size.seconds,
        beats=size.beats,
        wide=f"{size.wide:,}",
        missed=figures.STORM_MISSED,
        at_once=f"{figures.STORM_AT_ONCE:,}",
        writers=writes.AT_ONCE,
        written_to=f"{writes.USERS:,}",
        rooms=writes.ROOMS,
        messages=size.messages,
    )


def machine() -> str:
    """Describe the machine and the versions: one line of text."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    parts = [f"{os.cpu_count()} cores of {model}", f"{platform.system()} {platform.release()}"]
    parts += [f"Python {platform.python_version()}"]
    parts += [f"{name} {version(name)}" for name in ("uvloop", "uvicorn", "sse-starlette")]
    if "nchan" in subjects.installed():
        said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr  # noqa: S607
        parts.append(said.strip().rpartition(" ")[2].replace("/", " ") + " with nchan")
    else:
        parts.append("nginx with nchan: not installed")
    return " · ".join(parts)
