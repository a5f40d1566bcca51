"""Intake: the benchmark in short: each way takes what it is given, and its table is in the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import intake
from bench.intake import Result, measure, table, write_page

RESULTS = [
    Result(way="HTTP", database="SQLite", per_second=1234.5, cpu_us=678.9),
    Result(way="RabbitMQ", database="SQLite", per_second=12345.6, cpu_us=78.9),
]


@pytest.mark.slow
@pytest.mark.server
async def test_a_queue_is_measured_beside_the_route() -> None:
    results = await measure(["SQLite"], ["redis"], messages=2_000, seconds=0.5)
    assert [one.way for one in results] == [
        "HTTP, 64 connections, one in each",
        "HTTP, 64 connections, lists of 50",
        "Redis",
    ]
    assert all(one.per_second > 0 and one.cpu_us > 0 for one in results)


def test_page_has_the_table(tmp_path: Path) -> None:
    page = tmp_path / "intake.md"
    page.write_text(intake.PAGE.read_text("utf-8"), "utf-8")
    write_page(page, RESULTS)
    write_page(page, RESULTS)
    assert page.read_text("utf-8").count(table(RESULTS)) == 1
    assert "| RabbitMQ | 12,346 | 79 µs |" in table(RESULTS)
