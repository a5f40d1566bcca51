"""`lumen-notify send`."""

from __future__ import annotations

import httpx
import pytest

from conftest import StartServer

from ..conftest import RunCommand

SECRET = "a secret of at least thirty-two bytes"


def test_send_publishes(run_command: RunCommand, start_server: StartServer) -> None:
    server = start_server()
    port = str(server.port)
    done = run_command(
        "send", "alice", "the text", "--category", "news", "--title", "the title",
        folder=server.folder, LUMEN_PORT=port,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sent 0")
    assert done.stdout.endswith(" to alice at position 1\n")

    token = run_command("token", "alice", folder=server.folder).stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    listed = httpx.get(f"{server.url}/api/v1/notifications", headers=headers, trust_env=False).json()["items"]
    shown = {name: listed[0][name] for name in ("category", "title", "content", "sender")}
    system = {"id": "system", "username": "system", "avatar": None}
    assert shown == {"category": "news", "title": "the title", "content": "the text", "sender": system}

    # A given token takes precedence over a new one, and needs the scope.
    refused = run_command("send", "bob", "x", "--url", server.url, LUMEN_TOKEN=token)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("lumen-notify: Not sent: 403 forbidden: ")
    own = run_command("send", "alice", "x", "--url", server.url, "--token", token, LUMEN_TOKEN="not this")
    assert own.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--category", "No Slug"], "422 invalid: category "),
        (["--token", "abc"], "401 token_invalid: The token is not a well-formed JWT."),
        (["--url", "http://127.0.0.1:9"], "does not answer"),
        (["--url", "ftp://127.0.0.1"], "does not answer"),
        (["--url", "http://127.0.0.1:x"], "is not a URL"),
    ],
)
def test_send_says_why_it_did_not(
    run_command: RunCommand, start_server: StartServer, arguments: list[str], says: str
) -> None:
    server = start_server()
    done = run_command("send", "alice", "x", *arguments, folder=server.folder, LUMEN_PORT=str(server.port))
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
