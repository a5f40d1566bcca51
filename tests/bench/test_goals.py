from collections.abc import Sequence

from bench import goals, stream_measurements
from bench.size import Size

SIZE = Size(core=0)
RESULTS: goals.Results = {
    ("wide", "ours"): [{"memory_bytes": 2048.0, "deliveries_per_second": n} for n in (90.0, 100.0, 900.0)],
    ("wide", "bare"): [{"memory_bytes": 1024.0, "deliveries_per_second": 110.0}],
}


def test_a_ratio_is_the_median_over_the_median() -> None:
    vs_bare = next(row for row in goals.rows(RESULTS, SIZE) if row.other.startswith("bare"))
    assert (vs_bare.ours, vs_bare.ratio, vs_bare.must_be, vs_bare.met) == (
        "100/s",
        "0.91",
        "at least 0.9",
        "met",
    )


def test_a_missed_bound_is_reported() -> None:
    slow: dict[tuple[str, str], Sequence[stream_measurements.Values]] = dict(RESULTS)
    slow["wide", "ours"] = [{"memory_bytes": 4096.0, "deliveries_per_second": 9.0}]
    judged = [row.met for row in goals.rows(slow, SIZE) if row.met]
    assert judged == ["NOT MET", "NOT MET"]


def test_what_was_not_measured_is_not_judged() -> None:
    assert all(row.met == "" for row in goals.rows({}, SIZE))
