"""Retention settings: how long rows are kept, and what is refused."""

from __future__ import annotations

from lumen_notify.settings import Settings

from .environments import problems_of


def test_retention_is_read_from_the_environment() -> None:
    settings = Settings.from_env(
        {"LUMEN_RETENTION_EVENTS_SECONDS": "60", "LUMEN_RETENTION_AUDIT_SECONDS": "0"}
    )
    assert (settings.retention_events_seconds, settings.retention_audit_seconds) == (60, 0)
    assert Settings().retention_audit_seconds == 365 * 86400


def test_retention_that_is_too_short_is_refused() -> None:
    name = "LUMEN_RETENTION_AUDIT_SECONDS"
    assert problems_of({name: "59"}) == {name: "must be 0, or from 60 to 315,360,000"}
