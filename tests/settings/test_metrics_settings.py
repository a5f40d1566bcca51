"""Metrics settings: what they accept."""

from __future__ import annotations

import pytest

from lumen_notify.settings import Settings

from .environments import problems_of


def test_counts_are_sampled_unless_that_is_off() -> None:
    assert Settings.from_env({}).count_sample_seconds == 5
    settings = Settings.from_env({"LUMEN_METRICS": "off", "LUMEN_COUNT_SAMPLE_SECONDS": "0"})
    assert (settings.metrics, settings.count_sample_seconds) == ("off", 0)


@pytest.mark.parametrize("text", ["-1", "3601", "nan", "soon"])
def test_interval_that_makes_no_sense_is_refused(text: str) -> None:
    assert list(problems_of({"LUMEN_COUNT_SAMPLE_SECONDS": text})) == ["LUMEN_COUNT_SAMPLE_SECONDS"]
