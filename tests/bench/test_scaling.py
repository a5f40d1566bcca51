"""Scaling: the tables of docs/scaling.md."""

from __future__ import annotations

import re
from pathlib import Path

from bench import scaling
from bench.scaling import measured, worked_out, write_page
from bench.simulation import Figures

FIGURES = Figures(
    read_us=5.0, announced_us=4.0, delivered_us=20.0, many_us=6.0, locked_ms={1: 2.0, 64: 8.0, 256: 40.0}
)


def test_numbers_of_users_are_worked_out() -> None:
    rows = worked_out(FIGURES).splitlines()[2:]
    assert rows[0].startswith("| 10,000 | 2,000 | 6 | 0% | 2 | 3 MiB |")
    assert rows[-1].startswith("| 10,000,000 | 2,000,000 | 5,556 | 69% | 80 | 73 MiB |")


def test_page_has_both_tables(tmp_path: Path) -> None:
    page = tmp_path / "scaling.md"
    page.write_text(scaling.PAGE.read_text("utf-8"), "utf-8")
    write_page(page, FIGURES)
    write_page(page, FIGURES)
    text = page.read_text("utf-8")
    assert text.count(measured(FIGURES)) == 1
    assert text.count(worked_out(FIGURES)) == 1


def test_published_numbers_of_users_are_worked_out_from_the_published_figures() -> None:
    text = scaling.PAGE.read_text("utf-8")
    read, announced, delivered, many = map(float, re.findall(r"\| ([\d.]+) µs of CPU \|", text)[:4])
    locked = re.findall(r"^\| a transaction of (\d+) publish.*\| ([\d.]+) ms: at most", text, re.MULTILINE)
    figures = Figures(
        read_us=read,
        announced_us=announced,
        delivered_us=delivered,
        many_us=many,
        locked_ms={int(batch): float(ms) for batch, ms in locked},
    )
    assert worked_out(figures) in text
