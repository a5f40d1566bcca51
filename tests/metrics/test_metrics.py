"""Metrics: the text has each metric with the value of the moment."""

from __future__ import annotations

from collections import Counter

from lumen_notify.metrics import BATCH_BUCKETS, CONTENT_TYPE, DURATION_BUCKETS, Metrics


def lines(metrics: Metrics) -> list[str]:
    return metrics.text().decode().splitlines()


def test_gauge_and_counter_are_read_at_each_scrape() -> None:
    metrics, numbers = Metrics(), [7]
    metrics.gauge("lumen_streams", "Open streams.", lambda: numbers[-1])
    metrics.counter("lumen_deliveries", "Frames delivered.", lambda: 10 * numbers[-1])
    assert {"lumen_streams 7.0", "lumen_deliveries_total 70.0"} <= set(lines(metrics))
    numbers.append(8)
    text = lines(metrics)
    assert {"lumen_streams 8.0", "lumen_deliveries_total 80.0"} <= set(text)
    assert {"# TYPE lumen_streams gauge", "# HELP lumen_streams Open streams."} <= set(text)
    assert "# TYPE lumen_deliveries_total counter" in text


def test_counter_with_a_label_has_a_number_for_each_value_so_far() -> None:
    metrics = Metrics()
    ended: Counter[str] = Counter()
    metrics.counters("lumen_streams_ended", "Ended streams.", "reason", lambda: ended)
    assert not [line for line in lines(metrics) if line.startswith("lumen_streams_ended")]
    ended.update(["slow", "gone", "slow"])
    found = [line for line in lines(metrics) if line.startswith("lumen_streams_ended")]
    assert sorted(found) == [
        'lumen_streams_ended_total{reason="gone"} 1.0',
        'lumen_streams_ended_total{reason="slow"} 2.0',
    ]


def test_histograms_count_what_they_observe() -> None:
    metrics = Metrics()
    for commands in (1, 3, 300):
        metrics.batch_commands.observe(commands)
    metrics.commit_seconds.observe(0.004)
    with metrics.fan_out_seconds.time():
        pass
    text = set(lines(metrics))
    assert {
        'lumen_batch_commands_bucket{le="1.0"} 1.0',
        'lumen_batch_commands_bucket{le="4.0"} 2.0',
        f'lumen_batch_commands_bucket{{le="{BATCH_BUCKETS[-1]:.1f}"}} 2.0',
        'lumen_batch_commands_bucket{le="+Inf"} 3.0',
        "lumen_batch_commands_sum 304.0",
        'lumen_commit_seconds_bucket{le="0.0025"} 0.0',
        'lumen_commit_seconds_bucket{le="0.005"} 1.0',
        "lumen_fan_out_seconds_count 1.0",
    } <= text
    assert list(DURATION_BUCKETS) == sorted(DURATION_BUCKETS)


def test_two_registries_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.gauge("lumen_streams", "Open streams.", lambda: 1)
    assert "lumen_streams 1.0" in lines(one)
    assert "lumen_streams 1.0" not in lines(other)


def test_content_type_is_that_of_the_text_format() -> None:
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
