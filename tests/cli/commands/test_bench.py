"""`lumen-notify bench`: its arguments. The measurement itself: `tests/bench`."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from lumen_notify.cli import app
from lumen_notify.load_test import report

SECRET = "a secret of at least thirty-two bytes"
URL = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("arguments", "secret", "token"),
    [
        ([], None, None),
        (["--url", URL], SECRET, None),
        (["--url", URL, "--token", "abc"], None, "abc"),
    ],
    ids=["own server", "secret", "token"],
)
def test_a_running_server_is_measured_with_its_secret_or_a_token(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], secret: str | None, token: str | None
) -> None:
    calls: list[dict[str, Any]] = []

    def run(url: str | None, **options: Any) -> int:
        calls.append({"url": url, **options})
        return 3

    monkeypatch.setattr(report, "run", run)
    done = CliRunner().invoke(app, ["bench", *arguments], env={"LUMEN_JWT_SECRET": SECRET})
    assert done.exit_code == 3, done.output
    (call,) = calls
    assert call["url"] == (URL if arguments else None)
    assert (call["secret"], call["token"]) == (secret, token)
    assert (call["streams"], call["seconds"], call["publishers"]) == (None, 5.0, 8)
