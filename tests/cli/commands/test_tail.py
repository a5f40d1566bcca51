"""`lumen-notify tail`: its arguments."""

from __future__ import annotations

from conftest import StartServer

from ..conftest import RunCommand


def test_tail_without_user_and_token_says_what_it_needs(run_command: RunCommand) -> None:
    done = run_command("tail")
    assert done.returncode == 2
    assert "LUMEN_TOKEN" in done.stderr


def test_tail_with_a_bad_token_ends(run_command: RunCommand, start_server: StartServer) -> None:
    server = start_server()
    done = run_command("tail", "--url", server.url, LUMEN_TOKEN="abc")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "lumen-notify: token_invalid: The token is not a well-formed JWT.\n"
