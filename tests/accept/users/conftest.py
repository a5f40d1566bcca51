"""Fixtures: a deletion does not wait until other instances have read the log, of which there are none."""

from __future__ import annotations

import pytest

from lumen_notify.commit.users import deletion


@pytest.fixture(autouse=True)
def _deletions_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "WAITS", {})
