"""`lumen-notify serve`: its arguments. The server itself: `tests/cli/test_server.py`."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from lumen_notify import logs
from lumen_notify.cli import app, server
from lumen_notify.cli.workers import pool
from lumen_notify.settings import Settings

SECRET = "a secret of at least thirty-two bytes"


def test_arguments_override_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)
    served: list[tuple[Settings, str | None]] = []
    monkeypatch.setattr(server, "serve", lambda settings, *, app, **_: served.append((settings, app)))
    environ = {"LUMEN_HOST": "192.0.2.1", "LUMEN_PORT": "1", "LUMEN_JWT_SECRET": SECRET}
    done = CliRunner().invoke(
        app, ["serve", "--host", "127.0.0.1", "--port", "0", "--app", "x:y"], env=environ
    )
    assert done.exit_code == 0, done.output
    ((settings, application),) = served
    assert (settings.host, settings.port, application) == ("127.0.0.1", 0, "x:y")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--app", "x:y"], "--app."), (["--workers", "2"], "--workers or LUMEN_WORKERS.")],
    ids=["app", "workers"],
)
def test_the_demo_cannot_be_combined_with(arguments: list[str], named: str) -> None:
    done = CliRunner().invoke(app, ["serve", "--demo", *arguments], env={"COLUMNS": "200", "TERM": "dumb"})
    assert done.exit_code == 2
    assert f"--demo cannot be combined with {named}" in done.output


@pytest.mark.parametrize(
    ("given", "used"),
    [("", ("webpush", "log")), ("log", ("log",)), ("off", ())],
    ids=["by default", "log", "off"],
)
def test_the_demo_shows_pushes_in_the_log(
    monkeypatch: pytest.MonkeyPatch, given: str, used: tuple[str, ...]
) -> None:
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)
    served: list[Settings] = []
    monkeypatch.setattr(server, "serve", lambda settings, **_: served.append(settings))
    environ = {"LUMEN_PUSH_PROVIDERS": given, "LUMEN_JWT_SECRET": SECRET}
    assert CliRunner().invoke(app, ["serve", "--demo"], env=environ).exit_code == 0
    assert served[0].push_provider_names == used


def test_several_workers_have_a_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)
    served: list[int] = []
    monkeypatch.setattr(
        pool, "serve_with_workers", lambda settings, *, app, on_started: served.append(settings.workers)
    )
    environ = {"LUMEN_WORKERS": "2", "LUMEN_JWT_SECRET": SECRET}
    for arguments in ([], ["--workers", "3"]):
        assert CliRunner().invoke(app, ["serve", *arguments], env=environ).exit_code == 0
    assert served == [2, 3]


def test_reload_runs_one_process() -> None:
    arguments = ["serve", "--app", "x:y", "--reload", "--workers", "2"]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "TERM": "dumb"})
    assert done.exit_code == 2
    assert "--reload cannot be combined with --workers or LUMEN_WORKERS." in done.output
