"""`lumen-notify settings`: its arguments. What it prints: `tests/cli/test_settings_text.py`."""

from __future__ import annotations

from typer.testing import CliRunner

from lumen_notify.cli import app

ENVIRON = {"COLUMNS": "200", "TERM": "dumb", "LUMEN_PORT": "8123"}


def test_it_lists_the_current_values_or_prints_a_file() -> None:
    listed = CliRunner().invoke(app, ["settings"], env=ENVIRON)
    assert listed.exit_code == 0
    assert "8123" in listed.output
    file = CliRunner().invoke(app, ["settings", "--env"], env=ENVIRON)
    assert "#LUMEN_PORT=8000\n" in file.output
