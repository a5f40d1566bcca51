"""Log settings: read as all others are."""

from __future__ import annotations

import pytest

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings


def test_logs_are_for_people_or_programs_and_nothing_is_traced_by_default() -> None:
    settings = Settings()
    assert (settings.log_level, settings.log_format) == ("info", "auto")
    assert (settings.access_log, settings.tracing) == ("off", "off")


def test_they_are_read_from_the_environment() -> None:
    settings = Settings.from_env({"LUMEN_LOG_FORMAT": "json", "LUMEN_TRACING": "yes"})
    assert (settings.log_format, settings.tracing) == ("json", "on")


def test_unknown_value_is_refused() -> None:
    with pytest.raises(Misconfigured, match="LUMEN_LOG_LEVEL"):
        Settings.from_env({"LUMEN_LOG_LEVEL": "loud"})
