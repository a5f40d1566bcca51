from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import figures, report
from bench.size import Size

SIZE = Size(core=0)
RESULTS: report.Results = {
    ("wide", "ours"): [{"memory_bytes": 2048.0, "deliveries_per_second": n} for n in (90.0, 100.0, 900.0)],
    ("wide", "bare"): [{"memory_bytes": 1024.0, "deliveries_per_second": 110.0}],
}


def test_a_ratio_is_the_median_over_the_median() -> None:
    vs_bare = next(row for row in report.rows(RESULTS, SIZE) if row.other.startswith("bare"))
    assert (vs_bare.ours, vs_bare.ratio, vs_bare.must_be, vs_bare.met) == (
        "100/s",
        "0.91",
        "at least 0.9",
        "met",
    )


def test_a_bound_that_is_missed_says_so() -> None:
    slow: dict[tuple[str, str], Sequence[figures.Values]] = dict(RESULTS)
    slow["wide", "ours"] = [{"memory_bytes": 4096.0, "deliveries_per_second": 9.0}]
    judged = [row.met for row in report.rows(slow, SIZE) if row.met]
    assert judged == ["NOT MET", "NOT MET"]


def test_what_was_not_measured_is_not_judged() -> None:
    assert all(row.met == "" for row in report.rows({}, SIZE))


@pytest.mark.server
def test_the_page_has_the_table_every_run_and_the_method(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "performance.md"
    report.write(page, RESULTS, SIZE, runs=3)
    text = page.read_text()
    assert "| 100/s | bare 110/s | 0.91 | at least 0.9 | met |" in text
    assert "| wide | ours | deliveries_per_second | 90.00, 100.00, 900.00 |" in text
    assert "## Method" in text


@pytest.mark.server
def test_what_is_measured_anew_replaces_its_set_up_on_the_page_alone(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "performance.md"
    few: report.Results = {("few", "ours"): [{"post_p50_ms": n} for n in (1.25, 1.5, 1234.5)]}
    report.write(page, {**RESULTS, **few}, SIZE, runs=3)
    assert report.read(page) == {**RESULTS, **few}
    anew: report.Results = {("wide", "ours"): [{"memory_bytes": 512.0}]}
    report.write(page, anew, SIZE, runs=3)
    assert report.read(page) == {**anew, **few}
