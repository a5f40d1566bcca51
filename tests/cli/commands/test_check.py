"""`lumen-notify check`: its arguments and its exit status. What it finds: `tests/cli/test_check.py`."""

from __future__ import annotations

import socket
from pathlib import Path

from ..conftest import RunCommand


def test_it_prints_a_line_for_each_part_and_its_status_says_the_result(
    run_command: RunCommand, tmp_path: Path
) -> None:
    done = run_command("check", "--port", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        [name, "ok"]
        for name in (
            *("settings", "database", "backplane", "keys", "categories", "push", "TLS", "port"),
            *("intake", "disk", "clock"),
        )
    ]
    assert list(tmp_path.iterdir()) == []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run_command("check", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "\nport       FAILS  " in done.stdout
