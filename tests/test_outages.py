"""Outages: one line at the beginning, with the cause's own words, and one at the end."""

from __future__ import annotations

import logging

import pytest

from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.outages import Outage, cause_of


def failure(words: str) -> Exception:
    error = DatabaseUnavailable("The database does not answer.")
    error.__cause__ = OSError(words)
    return error


def test_outage_is_logged_once_at_its_beginning_and_once_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    times = iter((10.0, 12.5, 20.0, 21.0))
    outage = Outage("writes", times.__next__)
    for _ in range(2):
        outage.end()
        outage.begin(first := failure("database or disk is full"))
        outage.begin(failure("something else"))
        assert outage.error is first
        outage.end()
        assert outage.error is None
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "writes: failing: database or disk is full"),
        (logging.WARNING, "writes: working again after 2.5 s"),
        (logging.ERROR, "writes: failing: database or disk is full"),
        (logging.WARNING, "writes: working again after 1.0 s"),
    ]


def test_outage_of_a_server_names_its_place(caplog: pytest.LogCaptureFixture) -> None:
    Outage("backplane", place="LUMEN_BACKPLANE_URL (Redis at cache port 6379)").begin(failure("refused"))
    assert caplog.messages == ["backplane: failing: LUMEN_BACKPLANE_URL (Redis at cache port 6379): refused"]


def test_defect_is_logged_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    Outage("a task").begin(ZeroDivisionError(), has_trace=True)
    assert caplog.records[0].exc_info is not None
    assert caplog.records[0].getMessage() == "a task: failing: ZeroDivisionError"


def test_cause_is_one_line() -> None:
    assert cause_of(failure("one\n two")) == "one two"
