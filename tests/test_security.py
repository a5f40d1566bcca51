"""Security: the tables of docs/security.md and of the rate limits say what the code does.

`python tests/test_security.py` writes them.
"""

from __future__ import annotations

import re
from pathlib import Path

from lumen_notify.http.rate_limits import ALL

ROOT = Path(__file__).resolve().parents[1]


def rate_limits() -> str:
    """Write the table of the rate limits."""
    rows = [f"| `{one.name}` | {one.rate.number} | {one.rate.capacity} | {one.of} |" for one in ALL]
    return "\n".join(["| limit | a minute | at once | |", "|---|---|---|---|", *rows])


TABLES = {("docs/api/service.md", "rate limits"): rate_limits}


def with_table(text: str, name: str, table: str) -> str:
    """Return a document with a table put in its place."""
    opening, end = f"<!-- {name}: written by `python tests/test_security.py` -->", f"<!-- end of {name} -->"
    pattern = re.compile(rf"{re.escape(opening)}\n.*?{re.escape(end)}", re.DOTALL)
    assert pattern.search(text), f"{name} has no place"
    return pattern.sub(lambda _: f"{opening}\n{table}\n{end}", text)


def test_tables_say_what_the_code_does() -> None:
    for (path, name), table in TABLES.items():
        text = (ROOT / path).read_text("utf-8")
        assert with_table(text, name, table()) == text, f"{path}: run `python tests/test_security.py`"


if __name__ == "__main__":
    for (path, name), table in TABLES.items():
        document = ROOT / path
        document.write_text(with_table(document.read_text("utf-8"), name, table()), "utf-8")
