"""`lumen-notify account`: its arguments. The account itself: `tests/cli/test_account.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lumen_notify import logs
from lumen_notify.cli import app
from lumen_notify.cli.commands import account
from lumen_notify.settings import Settings

from ..conftest import RunCommand


@pytest.mark.parametrize(
    ("arguments", "scopes", "sets_password"),
    [
        ([], None, False),
        (["--scope", "notify:publish", "--scope", "notify:admin"], ["notify:publish", "notify:admin"], False),
        (["--password"], None, True),
    ],
)
def test_scopes_and_password_are_changed_only_if_asked_for(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], scopes: list[str] | None, sets_password: bool
) -> None:
    async def save_account(
        settings: Settings, name: str, *, scopes: Sequence[str] | None, sets_password: bool
    ) -> str:
        return f"{name} {scopes} {sets_password}"

    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(account, "save_account", save_account)
    monkeypatch.setattr(account, "require_database", lambda _: None)
    done = CliRunner().invoke(app, ["account", "ann", *arguments])
    assert done.stdout == f"ann {scopes} {sets_password}\n"


def test_without_a_database_it_says_where_to_run_and_makes_none(
    run_command: RunCommand, tmp_path: Path
) -> None:
    done = run_command("account", "ann")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"lumen-notify: No lumen-notify.db in {tmp_path}. "
        "Run this where the server runs, or set LUMEN_DATABASE_URL.\n"
    )
    assert list(tmp_path.iterdir()) == []
