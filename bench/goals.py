"""Goals: what the comparison measures in which set-up, the bound of each value, and the verdicts."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench import compared_servers, instance_measurements, stream_measurements, write_measurements
from bench.size import Size

Results = Mapping[tuple[str, str], Sequence[stream_measurements.Values]]
"""(set-up, server) -> the values of each run."""

SETUPS: Mapping[str, tuple[str, ...]] = {
    "wide": ("ours", "bare", "nchan", "nchan-own"),
    "many": ("ours", "bare", "nchan", "plain"),
    "storm": ("ours",),
    "few": ("ours", "bare", "nchan", "plain"),
    "publish": ("ours", "ours-postgresql", "empty"),
    "publish-many": ("ours", "ours-postgresql", "empty"),
    "publish-many-2k": ("ours", "ours-postgresql", "empty"),
    "publish-many-38k": ("ours", "ours-postgresql", "empty"),
    "send": ("ours", "ours-postgresql", "empty"),
    "workers": ("one-worker", "two-workers"),
    "across": ("two-instances", "two-instances-redis"),
    "send-to-instances": ("one-instance", "two-instances"),
}
"""The servers that each set-up measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One row of the table: a value of ours, or its ratio to another server's value, and its bound.

    ours: which of our servers. other: the server to compare with; "" for an absolute bound. at_most,
    at_least: the bound; without one the value is only reported.
    """

    title: str
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
        return f"at least {self.at_least}" if self.at_least is not None else "reported"

    def is_met(self, measured: float) -> bool:
        """Return whether a ratio, or a value without another server, is within the bound."""
        if self.at_most is not None:
            return measured <= self.at_most
        return self.at_least is None or measured >= self.at_least


def _kib(value: float) -> str:
    return f"{value / 1024:.2f} KiB"


def _rate(value: float) -> str:
    return f"{value:,.0f}/s"


def _ms(value: float) -> str:
    return f"{value:.2f} ms"


def _us(value: float) -> str:
    return f"{value:,.1f} us"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


_MEMORY = "memory per idle stream, {wide} streams of {wide} users"
_WIDE = "deliveries, 1 publisher, {wide} streams"
_MANY = "deliveries, {publishers} publishers, {many} streams"


def _write_goals(setup: str, title: str) -> Iterable[Goal]:
    for ours, database in (("ours", "SQLite"), ("ours-postgresql", "PostgreSQL")):
        full_title = f"{title}, {database}"
        yield Goal(
            title=full_title,
            setup=setup,
            value="writes_per_second",
            show=_rate,
            ours=ours,
            other="empty",
            at_least=0.4,
        )
        yield Goal(
            title=f"{full_title}: 99th percentile", setup=setup, value="write_p99_ms", show=_ms, ours=ours
        )
        yield _cpu(f"durable {setup}, {database}", setup, "write_cpu_us", ours)


def _cpu(of: str, setup: str, value: str, ours: str = "ours") -> Goal:
    return Goal(title=f"CPU time of the server: {of}", setup=setup, value=value, show=_us, ours=ours)


def _many_goals() -> Iterable[Goal]:
    for ours, database in (("ours", "SQLite"), ("ours-postgresql", "PostgreSQL")):
        title = f"durable publishes to {{users}} users each, {database}: rows"
        yield Goal(title=title, setup="publish-many", value="rows_per_second", show=_rate, ours=ours)
        yield _cpu(f"row of a publish to many, {database}", "publish-many", "row_cpu_us", ours)


def _instance_goals() -> Iterable[Goal]:
    title = "memory per idle stream, {wide} streams, PostgreSQL"
    yield Goal(title=title, setup="workers", value="memory_bytes", show=_kib, ours="one-worker", at_most=3072)
    title = "CPU time of the server: delivery, {wide} streams, two workers"
    yield Goal(
        title=title,
        setup="workers",
        value="delivery_cpu_us",
        show=_us,
        ours="two-workers",
        other="one-worker",
    )
    for ours, way in (("two-instances", "LISTEN and NOTIFY"), ("two-instances-redis", "Redis")):
        for share, at_most in (("50th", 5.0), ("99th", None)):
            yield Goal(
                title=f"commit to receipt at another instance, {{per_second}} publishes/s, {way}: {share}"
                " percentile",
                setup="across",
                value=f"commit_to_receipt_p{share[:2]}_ms",
                show=_ms,
                ours=ours,
                at_most=at_most,
            )
    title = "durable messages to rooms, {concurrency} concurrently, to two instances on one PostgreSQL"
    yield Goal(
        title=title,
        setup="send-to-instances",
        value="writes_per_second",
        show=_rate,
        ours="two-instances",
        other="one-instance",
    )


GOALS = (
    Goal(title=_MEMORY, setup="wide", value="memory_bytes", show=_kib, at_most=3072),
    Goal(title=_MEMORY, setup="wide", value="memory_bytes", show=_kib, other="nchan-own", at_most=0.3),
    Goal(title=_MEMORY, setup="wide", value="memory_bytes", show=_kib, other="nchan", at_most=0.3),
    Goal(title=_WIDE, setup="wide", value="deliveries_per_second", show=_rate, other="bare", at_least=0.9),
    Goal(title=_WIDE, setup="wide", value="deliveries_per_second", show=_rate, other="nchan", at_least=1.3),
    Goal(
        title=_WIDE, setup="wide", value="deliveries_per_second", show=_rate, other="nchan-own", at_least=1.3
    ),
    Goal(title=_MANY, setup="many", value="deliveries_per_second", show=_rate, other="bare", at_least=0.9),
    Goal(title=_MANY, setup="many", value="deliveries_per_second", show=_rate, other="nchan", at_least=1.0),
    Goal(title=_MANY, setup="many", value="deliveries_per_second", show=_rate, other="plain", at_least=4.0),
    Goal(
        title="publish to receipt, 99th percentile, 1 publish per second, {wide} streams",
        setup="wide",
        value="receipt_p99_ms",
        show=_ms,
        other="nchan",
        at_most=1.0,
    ),
    Goal(
        title="{wide} streams reconnect at once with a cursor: all ready, nothing lost or repeated",
        setup="storm",
        value="ready_seconds",
        show=_seconds,
        at_most=4.0,
    ),
    Goal(
        title="one user with 5 streams: median time to the response",
        setup="few",
        value="post_p50_ms",
        show=_ms,
    ),
    Goal(
        title="one user with 5 streams: median time to the receipt",
        setup="few",
        value="receipt_p50_ms",
        show=_ms,
    ),
    _cpu("open", "wide", "open_cpu_us"),
    _cpu("delivery, {wide} streams", "wide", "delivery_cpu_us"),
    _cpu("reconnect with a cursor", "storm", "reconnect_cpu_us"),
    *_write_goals("publish", "durable publishes to one user each, {concurrency} concurrently"),
    *_many_goals(),
    *_write_goals("send", "durable messages to rooms, {concurrency} concurrently"),
    *_instance_goals(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table, as text."""

    title: str
    ours: str
    other: str
    ratio: str
    must_be: str
    met: str


def rows(results: Results, size: Size) -> list[Row]:
    """Compare the medians with the goals."""
    table = []
    for goal in GOALS:
        ours = median(results, goal.setup, goal.ours, goal.value)
        other = median(results, goal.setup, goal.other, goal.value) if goal.other else None
        measured = ours if not goal.other else ours / other if ours is not None and other else None
        table.append(
            Row(
                title=goal.title.format(
                    wide=f"{size.wide:,}",
                    many=f"{size.many:,}",
                    publishers=size.publishers,
                    users=f"{write_measurements.USERS:,}",
                    concurrency=write_measurements.CONCURRENCY,
                    per_second=instance_measurements.PUBLISHES_PER_SECOND,
                ),
                ours=compared_servers.missing(goal.ours) or "not measured"
                if ours is None
                else goal.show(ours),
                other=_other(goal, other),
                ratio="" if not goal.other or measured is None else f"{measured:.2f}",
                must_be=goal.must_be,
                met=_verdict(goal, measured),
            )
        )
    return table


def _verdict(goal: Goal, measured: float | None) -> str:
    if measured is None or goal.at_most is goal.at_least is None:
        return ""
    return "met" if goal.is_met(measured) else "NOT MET"


def _other(goal: Goal, value: float | None) -> str:
    if not goal.other:
        return ""
    if value is not None:
        return f"{goal.other} {goal.show(value)}"
    return f"{goal.other}: {compared_servers.missing(goal.other) or 'not measured'}"


def median(results: Results, setup: str, server: str, value: str) -> float | None:
    """Return the median of the runs, or None if the value was not measured."""
    values = [run[value] for run in results.get((setup, server), ()) if value in run]
    return statistics.median(values) if values else None
