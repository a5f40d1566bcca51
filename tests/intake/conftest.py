"""Fixtures of intake: a fake broker in the place of that of the settings."""

from __future__ import annotations

import pytest

from lumen_notify.intake import intake as intake_module

from .fake_source import FakeSource


@pytest.fixture
def fake_source(monkeypatch: pytest.MonkeyPatch) -> FakeSource:
    """Give the broker that each Intake of the test takes in from."""
    source = FakeSource()
    monkeypatch.setattr(intake_module, "open_source", lambda settings: settings.intake_url and source)
    return source
