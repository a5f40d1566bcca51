"""Summary of a page: one line for what was handed over, and one for what has failed."""

from __future__ import annotations

import logging

import pytest

from lumen_notify.push.dispatch.summary import MAX_REASON_CHARACTERS, MAX_REASONS, log_page
from lumen_notify.push.push import SENT, Delivery, Push, Result, Target


def delivery(provider: str) -> Delivery:
    target = Target(id="d", user_id="u", provider=provider, token="the-token")
    push = Push(payload={"content": "the content"}, collapse_key="", badge=1, ttl_seconds=60)
    return Delivery(push=push, target=target, push_id="p", created_at=0)


def logged(caplog: pytest.LogCaptureFixture, *results: tuple[str, Result]) -> list[tuple[str, str]]:
    caplog.set_level(logging.DEBUG, "lumen_notify.push")
    log_page([delivery(provider) for provider, _ in results], [result for _, result in results])
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def failed(reason: str, **more: bool) -> Result:
    return Result(outcome="retry", reason=reason, **more)


def test_page_is_one_line_by_outcome_and_provider(caplog: pytest.LogCaptureFixture) -> None:
    gone = Result(outcome="gone")
    assert logged(caplog, ("fcm", SENT), ("fcm", SENT), ("webpush", gone)) == [
        ("INFO", "Pushes handed over: 2 sent by fcm, 1 gone by webpush")
    ]


def test_what_has_failed_is_a_warning_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    refused = Result(outcome="refused", reason="400")
    assert logged(caplog, ("fcm", SENT), ("fcm", failed("timeout")), ("apns", refused)) == [
        ("INFO", "Pushes handed over: 1 sent by fcm"),
        ("WARNING", "Pushes failed: 1 retry by fcm (timeout), 1 refused by apns (400)"),
    ]


def test_what_was_not_tried_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, ("fcm", failed("the service is failing", is_untried=True))) == []
    assert logged(caplog) == []


def test_line_is_bounded_whatever_a_provider_says(caplog: pytest.LogCaptureFixture) -> None:
    results = [("own", failed(f"{number} " + "x" * 1000)) for number in range(50)]
    ((level, line),) = logged(caplog, *results)
    assert level == "WARNING"
    assert line.endswith(f", {50 - MAX_REASONS} others")
    assert len(line) < (MAX_REASONS + 1) * (MAX_REASON_CHARACTERS + 30)
