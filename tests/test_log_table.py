"""The table of docs/logs.md has every line that the package can log, at the level of its source."""

from __future__ import annotations

import re

from log_calls import LEVELS, log_calls
from pages import DOCS

_ROW = re.compile(r"^\| (\w+) \| (\w+) \| `(.+?)` \| ?.*\|$", re.MULTILINE)


def rows() -> list[tuple[str, ...]]:
    """Return level, logger and line of each row, in their order."""
    _, _, table = (DOCS / "logs.md").read_text("utf-8").partition("## Every line\n")
    return _ROW.findall(table)


def logged() -> dict[tuple[str, ...], str]:
    """Return the same of each call of the source, with its place. A row has no backquotes within."""
    # `logs.AccessFilter` makes the first one of uvicorn's.
    found: dict[tuple[str, ...], str] = {("info", "access", "… … … from …"): "logs.py"}
    for call in log_calls():
        found[call.level, call.logger, call.line.replace("`", "'")] = call.place
    return found


def test_each_line_is_in_the_table_with_its_level() -> None:
    known = rows()
    missing = [f"{place}: | {' | '.join(row)} |" for row, place in logged().items() if row not in known]
    assert missing == [], "add them to docs/logs.md, where the levels are explained"


def test_table_has_no_other_lines() -> None:
    known = logged()
    assert [row for row in rows() if row not in known] == []


def test_table_is_in_the_order_of_the_levels() -> None:
    levels = [LEVELS.index(row[0]) for row in rows()]
    assert len(levels) > 50
    assert levels == sorted(levels)
