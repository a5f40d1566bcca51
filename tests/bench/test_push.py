"""Push: the benchmark in short. One publish is one row, and the memory of its pushes is bounded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import push
from bench.push import Figures, measure, table, write_page

FIGURES = Figures(
    devices=100_000,
    rows=1,
    publish_ms=(2.0, 2.1),
    idle_ms=5.0,
    pushing_ms=9.0,
    grown_bytes=3 * 2**20,
    per_second=2345.6,
)

MOST_BYTES = 24 * 2**20
"""What pages in memory may add; all devices at once would add more."""


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.timeout(240)
async def test_one_publish_to_all_is_one_row_and_bounded_memory() -> None:
    figures = await measure(devices=10_000, publishes=10, rounds=1)
    assert figures.rows == 1
    assert figures.grown_bytes < MOST_BYTES


def test_page_has_the_table(tmp_path: Path) -> None:
    page = tmp_path / "push.md"
    page.write_text(push.PAGE.read_text("utf-8"), "utf-8")
    write_page(page, FIGURES)
    write_page(page, FIGURES)
    assert page.read_text("utf-8").count(table(FIGURES)) == 1
    assert "| pushes handed over to a provider that does nothing | 2,346 per second |" in table(FIGURES)


def test_receipts_of_the_last_measurement_are_within_their_bound() -> None:
    """A benchmark is a command, and no test of time: this holds what it has written into the page."""
    page = push.PAGE.read_text("utf-8")
    found = re.search(r"\| ([\d.]+) ms during the pushes, ([\d.]+) ms before \|", page)
    assert found is not None
    pushing_ms, idle_ms = map(float, found.groups())
    assert pushing_ms <= 2 * idle_ms + 20
    assert "to 100,000 devices" in page
