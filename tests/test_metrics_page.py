"""docs/metrics.md: each metric of a server is described there as in the code, and no other.

`python tests/test_metrics_page.py` writes type, labels and meaning into the rows, and lists new metrics at
the end: move them to their section.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping

from clients import SECRET
from lumen_notify import Lumen, Settings
from lumen_notify.cli.workers.totals import ANSWERING
from lumen_notify.settings import Secret
from pages import DOCS

PAGE = DOCS / "metrics.md"
NO_BROKER = "redis://127.0.0.1:1/0"
"""For the metrics of intake, which need no broker."""

ROW = re.compile(r"^\| `((?:lumen|process)_[a-z_]+)` \|.*\|$", re.MULTILINE)
HEAD = "| metric | type | labels | |\n|---|---|---|---|\n"


async def rows(database_url: str) -> Mapping[str, str]:
    """Return the row of each metric of a server, by name."""
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET), intake_url=NO_BROKER)
    async with Lumen(settings) as lumen:
        found = {
            one.name: _row(one.name, one.kind, one.labels, one.doc) for one in lumen.metrics.descriptions
        }
    name = ANSWERING["name"]
    return {**found, name: _row(name, ANSWERING["type"], (), ANSWERING["doc"])}


def _row(name: str, kind: str, labels: tuple[str, ...], doc: str) -> str:
    return f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {doc.removesuffix('.')} |"


def with_rows(text: str, rows: Mapping[str, str]) -> str:
    """Return the page with the rows in their places, without metrics that are gone; new ones last."""
    known = set(ROW.findall(text))
    text = ROW.sub(lambda found: rows.get(found[1], ""), text).replace("|\n\n|", "|\n|")
    new = [row for name, row in rows.items() if name not in known]
    return f"{text}\n{HEAD}" + "\n".join(new) + "\n" if new else text


async def test_page_describes_each_metric_as_the_code_does(sqlite_url: str) -> None:
    text = PAGE.read_text("utf-8")
    assert with_rows(text, await rows(sqlite_url)) == text, "run `python tests/test_metrics_page.py`"
    names = ROW.findall(text)
    assert len(names) == len(set(names))


async def test_page_says_of_which_metrics_the_largest_counts(sqlite_url: str) -> None:
    text = PAGE.read_text("utf-8")
    (told,) = re.findall(r"^- take the largest: (.*?)\.$", text, re.MULTILINE | re.DOTALL)
    async with Lumen(Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET))) as lumen:
        maxima = {one.name for one in lumen.metrics.descriptions if one.is_maximum}
    assert set(re.findall(r"`(\w+)`", told)) == maxima


async def test_metric_that_is_not_described_is_noticed(sqlite_url: str) -> None:
    text = PAGE.read_text("utf-8")
    new = {**await rows(sqlite_url), "lumen_new": "| `lumen_new` | gauge |  | New |"}
    assert "lumen_new" in with_rows(text, new)
    del new["lumen_new"], new["lumen_streams"]
    assert "`lumen_streams` |" not in with_rows(text, new)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        written = asyncio.run(rows(f"sqlite:///{folder}/lumen.db"))
    PAGE.write_text(with_rows(PAGE.read_text("utf-8"), written), "utf-8")
