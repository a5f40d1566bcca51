"""`python -m lumen_notify` is the same as `lumen-notify`."""

from __future__ import annotations

import gc
import runpy
from importlib.metadata import entry_points, version

import pytest

from lumen_notify import cli


def test_module_runs_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lumen_notify", "--version"])
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)  # `main` sets it for a process of its own
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("lumen_notify", run_name="__main__")
    assert not ended.value.code
    assert capsys.readouterr().out == f"lumen-notify {version('lumen-notify')}\n"


def test_installed_command_is_the_same_function() -> None:
    (command,) = entry_points(group="console_scripts", name="lumen-notify")
    assert command.load() is cli.main
