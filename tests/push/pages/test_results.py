"""What is written about the deliveries of a page."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.commit.push.due import Waiting
from lumen_notify.push.pages.entries import Entry, Sending
from lumen_notify.push.pages.results import DAY_MS, MAX_REFUSALS, Written, pause_seconds, results_of
from lumen_notify.push.push import Delivery, Push, Result, Target

from .test_decision import NOW, push_of


def sending(*, waited: Waiting | None = None, expires_at: int | None = None, **fields: Any) -> Sending:
    delivery = Delivery(
        push=Push(payload={}, collapse_key="n", badge=3, ttl_seconds=1),
        target=Target(id="d", user_id="bob", provider="log", token="t"),
        push_id="p",
        created_at=NOW,
        notification_id="n",
        attempts=0 if waited is None else waited.attempts,
        expires_at=expires_at,
    )
    entry = Entry(push=push_of(), user_id="bob", notification_id="n", waited=waited)
    return Sending(delivery=delivery, entries=[entry], **{"category": "like", "shown": ("n",), **fields})


def waited(attempts: int, tried_at: int) -> Waiting:
    return Waiting(
        user_id="bob",
        push_id="p",
        notification_id="",
        device_id="d",
        reason="retry",
        collapse_key="n",
        attempts=attempts,
        tried_at=tried_at,
        due_at=NOW,
        push=push_of(),
    )


def written(result: Result, **fields: Any) -> Written:
    return results_of([sending(**fields)], [result], NOW, lambda: 0.0)


def words(one: Written) -> list[tuple[str | None, str]]:
    return [(outcome.device_id, outcome.word) for outcome in one.outcomes]


def test_a_device_shows_what_it_got() -> None:
    one = written(Result(outcome="sent"))
    (device,) = one.devices
    assert (device.is_sent, device.shown, device.badge, device.failure) == (True, ("n",), 3, None)
    assert (words(one), one.waiting, one.dead_letters) == ([("d", "pushed")], (), ())


def test_a_retry_waits_for_its_device_with_its_collapse_key() -> None:
    one = written(Result(outcome="retry", reason="503"))
    (row,) = one.waiting
    assert (row.key.device_id, row.collapse_key, row.attempts, row.tried_at) == ("d", "n", 1, NOW)
    assert row.due_at == NOW + 5000
    assert words(one) == [("d", "retry: 503")]
    (device,) = one.devices
    assert (device.shown, device.is_sent, device.failure) == (("n",), False, None), "it may have got it"


def test_a_device_that_is_gone_is_dropped() -> None:
    one = written(Result(outcome="gone", reason="410"))
    assert one.devices[0].is_gone
    assert (words(one), one.waiting, one.dead_letters) == ([("d", "gone")], (), ())


def test_what_is_refused_is_a_dead_letter_and_a_failure_of_the_device() -> None:
    one = written(Result(outcome="refused", reason="too long"))
    assert one.devices[0].failure == "too long"
    (letter,) = one.dead_letters
    assert (letter.push_id, letter.notification_id, letter.user_id, letter.device_id, letter.reason) == (
        "p",
        "n",
        "bob",
        "d",
        "too long",
    )
    assert words(one) == [("d", "failed: too long")]


def test_only_a_device_that_is_at_fault_has_a_most_of_refusals() -> None:
    for result, most in (
        (Result(outcome="refused", reason="no", is_for_device=True), MAX_REFUSALS),
        (Result(outcome="refused", reason="no"), None),
        (Result(outcome="retry", reason="status 429", is_for_device=True), None),
    ):
        assert written(result).devices[0].max_failures == most


@pytest.mark.parametrize(
    ("expires_at", "tried_at", "is_late"),
    [
        (None, NOW - DAY_MS + 10_000, False),
        (None, NOW - DAY_MS + 9_999, True),
        (NOW + 10_001, NOW, False),
        (NOW + 10_000, NOW, True),
    ],
)
def test_what_comes_too_late_is_a_dead_letter(
    expires_at: int | None, tried_at: int, *, is_late: bool
) -> None:
    one = written(Result(outcome="retry", reason="503"), waited=waited(2, tried_at), expires_at=expires_at)
    assert (len(one.waiting), len(one.dead_letters)) == ((0, 1) if is_late else (1, 0))
    assert words(one) == ([("d", "failed: 503")] if is_late else [])


def test_pauses_double_up_to_their_bound_with_a_random_part() -> None:
    assert [pause_seconds(n, None, 1.0) for n in range(9)] == [5, 10, 20, 40, 80, 160, 320, 640, 900]
    assert [pause_seconds(n, None, 0.0) for n in (0, 1, 2, 50)] == [5, 5, 10, 450]


def test_a_provider_is_never_asked_before_it_wants_to_be() -> None:
    assert [pause_seconds(0, 3600, number) for number in (0.0, 0.5)] == [3600, 3780]


@pytest.mark.parametrize("asked", [0.0, -3600.0, 0.5])
def test_who_asks_for_no_pause_is_asked_as_seldom_as_who_does_not_say(asked: float) -> None:
    for attempts in range(9):
        assert pause_seconds(attempts, asked, 1.0) == pause_seconds(attempts, None, 1.0)


def test_a_push_that_is_tried_many_times_is_reported_twice() -> None:
    again = waited(1, NOW)
    assert words(written(Result(outcome="retry", reason="429"), waited=again)) == []
    assert words(written(Result(outcome="sent"), waited=again)) == [("d", "pushed")]
    late = waited(1, NOW - DAY_MS)
    assert words(written(Result(outcome="retry", reason="429"), waited=late)) == [("d", "failed: 429")]


def test_what_was_not_handed_over_has_not_failed_once_more() -> None:
    result = Result(outcome="retry", reason="too many at once", retry_seconds=2.0, is_untried=True)
    (row,) = written(result, waited=waited(6, NOW)).waiting
    assert (row.attempts, row.due_at) == (6, NOW + 2000)


def test_nobody_is_told_of_withdrawals() -> None:
    one = written(Result(outcome="sent"), is_silent=True, shown=(), hidden=("n",))
    assert (one.outcomes, one.devices[0].hidden) == ((), ("n",))
