"""Restarts: pauses double while workers end soon, and it is given up after some."""

from __future__ import annotations

from lumen_notify.cli.workers.restarts import MAX_FAILURES, MAX_PAUSE_SECONDS, SETTLED_SECONDS, Restarts


def test_pauses_double_up_to_a_bound_and_then_it_is_given_up() -> None:
    restarts = Restarts()
    pauses = [restarts.pause_seconds(0.0) for _ in range(MAX_FAILURES)]
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert pauses[-2:] == [MAX_PAUSE_SECONDS, None]
    assert 20 < sum(pause or 0 for pause in pauses) < 60


def test_a_worker_that_ran_for_long_starts_again_soon() -> None:
    restarts = Restarts()
    for _ in range(MAX_FAILURES - 1):
        restarts.pause_seconds(SETTLED_SECONDS - 0.1)
    assert restarts.pause_seconds(SETTLED_SECONDS) == 0.1
    assert restarts.pause_seconds(0.0) == 0.2
