"""Options: `--url` and `--token` mean the same to every command that has them; help never shows a token."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from lumen_notify.cli.options import Token, Url


def run(*arguments: str, token: str | None = None) -> tuple[int, str]:
    """Run a command that prints both options; return its exit status and output. token: LUMEN_TOKEN."""
    app = typer.Typer()

    @app.command()
    def show(url: Url = None, token: Token = None) -> None:
        typer.echo(f"{url} {token}")

    environ = {"LUMEN_TOKEN": token, "COLUMNS": "200", "TERM": "dumb"}
    done = CliRunner().invoke(app, arguments, env=environ)
    return done.exit_code, done.output


def test_token_is_taken_from_the_environment_unless_it_is_given() -> None:
    assert run() == (0, "None None\n")
    assert run(token="a") == (0, "None a\n")
    assert run("--token", "b", "--url", "http://x", token="a") == (0, "http://x b\n")


def test_help_names_the_variables_and_not_their_values() -> None:
    status, shown = run("--help", token="a-secret-token")
    assert status == 0
    assert "LUMEN_TOKEN" in shown
    assert "LUMEN_HOST and LUMEN_PORT" in shown
    assert "a-secret-token" not in shown
