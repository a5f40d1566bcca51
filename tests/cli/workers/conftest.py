"""Fixtures: fake workers (`fake_worker.py`), whose behaviour the test chooses."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Behave = Callable[[str], None]


@pytest.fixture
def behave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Behave:
    """Return a function that sets how workers behave that start from now on; they are good at first."""
    path = tmp_path / "behaviour"
    path.write_text("good")
    program = str(Path(__file__).with_name("fake_worker.py"))
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, "-S", program, str(path)])

    def behave(behaviour: str) -> None:
        path.write_text(behaviour)

    return behave


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener
