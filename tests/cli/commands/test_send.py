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
    assert refused.stderr.startswith("lumen-notify: Not sent: forbidden: ")
    own = run_command("send", "alice", "x", "--url", server.url, "--token", token, LUMEN_TOKEN="not this")
    assert own.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--category", "No Slug"], "Not sent: invalid: 1 field is invalid: `category` "),
        (["--token", "abc"], "Not sent: token_invalid: The token is not a well-formed JWT."),
        (["--url", "http://127.0.0.1:9"], "does not answer"),
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


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://127.0.0.1:x"])
def test_a_url_that_is_not_one_is_a_wrong_argument(run_command: RunCommand, url: str) -> None:
    done = run_command("send", "alice", "x", "--url", url, LUMEN_JWT_SECRET=SECRET)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"lumen-notify: {url} is not a")
    assert len(done.stderr.splitlines()) == 1
