"""`lumen-notify account`: its arguments. The account itself: `tests/cli/test_account.py`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from lumen_notify import logs
from lumen_notify.cli import app
from lumen_notify.cli.commands import account
from lumen_notify.settings import Settings


@pytest.mark.parametrize(
    ("arguments", "scopes", "sets_password"),
    [([], None, False), (["--scope", "a", "--scope", "b"], ["a", "b"], False), (["--password"], None, True)],
)
def test_scopes_and_password_are_changed_only_if_asked_for(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], scopes: list[str] | None, sets_password: bool
) -> None:
    async def save_account(
        settings: Settings, name: str, *, scopes: Sequence[str] | None, sets_password: bool
    ) -> str:
        return f"{name} {scopes} {sets_password}"

    monkeypatch.setattr(logs, "configure", lambda _: None)
    monkeypatch.setattr(account, "save_account", save_account)
    done = CliRunner().invoke(app, ["account", "ann", *arguments])
    assert done.stdout == f"ann {scopes} {sets_password}\n"
