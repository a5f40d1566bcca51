"""`python -m bench.scaling`: what one instance more costs, and what numbers of users need.

Prints the tables of docs/scaling.md from what `simulation` measures; `--write` puts them into the page.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.durable_postgresql import temporary_database
from bench.simulation import INSTANCES, ROUNDS, Figures, measure

USERS = (10_000, 100_000, 1_000_000, 10_000_000)
ONLINE = 0.2
"""The share of users with an open stream at the busiest time."""

EVENTS_A_DAY = 20
"""Notifications, messages and marks that one user causes."""

PEAK_HOUR = 0.1
"""The share of a day's events in its busiest hour."""

STREAMS_PER_INSTANCE = 25_000
"""One instance holds more, but all of them come back at once when it dies: about 1 ms of CPU each."""

STREAM_BYTES = 3 * 1024
"""See docs/performance.md."""

PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"


def measured(figures: Figures) -> str:
    """Return the figures as a table."""
    rows = [
        (
            "an event that concerns nobody on this instance, read from the log",
            f"{figures.read_us:.1f} µs of CPU",
        ),
        (
            "the same, announced as by Redis, without receiving and decoding it",
            f"{figures.announced_us:.1f} µs of CPU",
        ),
        ("an event for a user with a stream on this instance", f"{figures.delivered_us:.1f} µs of CPU"),
        (
            f"an event, for each of {INSTANCES} instances on one log, if one of them has a stream for it",
            f"{figures.many_us:.1f} µs of CPU",
        ),
    ]
    rows += [
        (
            f"a transaction of {batch} publish{'es' if batch > 1 else ''}: the log is locked",
            f"{ms:.2f} ms: at most {batch * 1000 / ms:,.0f} publishes/s",
        )
        for batch, ms in figures.locked_ms.items()
    ]
    return _table(("what", "measured"), rows)


def worked_out(figures: Figures) -> str:
    """Return what numbers of users need, as a table."""
    rows = []
    for users in USERS:
        streams = users * ONLINE
        events = users * EVENTS_A_DAY * PEAK_HOUR / 3600
        instances = max(2, math.ceil(streams / STREAMS_PER_INSTANCE))
        busy = (events * figures.read_us + events / instances * figures.delivered_us) / 1e6
        rows.append(
            (
                f"{users:,}",
                f"{streams:,.0f}",
                f"{events:,.0f}",
                f"{events / figures.ceiling:.0%}",
                f"{instances}",
                f"{streams / instances * STREAM_BYTES / 2**20:,.0f} MiB",
                f"{busy:.1%}",
            )
        )
    titles = (
        "users",
        "streams",
        "events/s",
        "of the log's ceiling",
        "instances",
        "memory for streams, each",
        "CPU, each",
    )
    return _table(titles, rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_page(page: Path, figures: Figures) -> None:
    """Put both tables into the page, between their marks."""
    text = page.read_text("utf-8")
    for name, table in (("measured", measured(figures)), ("worked out", worked_out(figures))):
        begin, end = (
            f"<!-- {name}: written by `python -m bench.scaling --write` -->\n",
            f"<!-- end: {name} -->\n",
        )
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        assert after, f"{page} has no table `{name}`"
        text = f"{before}{begin}{table}{end}{after}"
    page.write_text(text, "utf-8")


def main() -> None:
    """Start a PostgreSQL, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--write", action="store_true", help="write the tables of docs/scaling.md")
    arguments = parser.parse_args()
    with temporary_database() as database:
        figures = uvloop.run(measure(database.url, arguments.rounds))
    sys.stdout.write(f"{measured(figures)}\n{worked_out(figures)}")
    if arguments.write:
        write_page(PAGE, figures)


if __name__ == "__main__":
    main()
