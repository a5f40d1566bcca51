from pathlib import Path

import pytest

from bench.goals import Results
from bench.page import read, write
from bench.size import Size

SIZE = Size(core=0)
RESULTS: Results = {
    ("wide", "ours"): [{"memory_bytes": 2048.0, "deliveries_per_second": n} for n in (90.0, 100.0, 900.0)],
    ("wide", "bare"): [{"memory_bytes": 1024.0, "deliveries_per_second": 110.0}],
}


@pytest.mark.server
def test_the_page_has_the_table_every_run_and_the_method(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "performance.md"
    write(page, RESULTS, SIZE, runs=3)
    text = page.read_text()
    assert "| 100/s | bare 110/s | 0.91 | at least 0.9 | met |" in text
    assert "| wide | ours | deliveries_per_second | 90.00, 100.00, 900.00 |" in text
    assert "## Method" in text


@pytest.mark.server
def test_a_new_measurement_replaces_only_its_set_up_on_the_page(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "performance.md"
    few: Results = {("few", "ours"): [{"post_p50_ms": n} for n in (1.25, 1.5, 1234.5)]}
    write(page, {**RESULTS, **few}, SIZE, runs=3)
    assert read(page) == {**RESULTS, **few}
    wide: Results = {("wide", "ours"): [{"memory_bytes": 512.0}]}
    write(page, wide, SIZE, runs=3)
    assert read(page) == {**wide, **few}
