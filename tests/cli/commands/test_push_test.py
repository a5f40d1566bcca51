"""`lumen-notify push-test`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..conftest import RunCommand

DEVICE = """
INSERT INTO lumen_device (id, user_id, provider, token, token_hash, created_at, registered_at)
VALUES ('1', 'bob', ?, 'the-token', '1', 0, 0)
"""


def test_push_test_prints_a_line_for_each_device(run_command: RunCommand, tmp_path: Path) -> None:
    assert run_command("migrate").returncode == 0
    none = run_command("push-test", "bob", LUMEN_PUSH_PROVIDERS="log")
    assert (none.returncode, none.stdout) == (1, "")
    assert none.stderr == "lumen-notify: bob has no device that gets pushes.\n"
    with sqlite3.connect(tmp_path / "lumen-notify.db") as connection:
        connection.execute(DEVICE, ("log",))
    connection.close()
    done = run_command("push-test", "bob", LUMEN_PUSH_PROVIDERS="log", LUMEN_LOG_FORMAT="text")
    assert (done.returncode, done.stdout) == (0, "log        1  -: sent\n")
    assert '"content":"This is a test."' in done.stderr
    failed = run_command("push-test", "bob", LUMEN_PUSH_PROVIDERS="webpush")
    assert (failed.returncode, failed.stdout) == (1, "log        1  -: refused: no provider log\n")
    assert "the-token" not in done.stderr + failed.stderr
