import io
from pathlib import Path

import pytest
from rich.console import Console

from lumen_notify.load_test import run
from lumen_notify.load_test.process import free_port

SECRET = "a secret of at least thirty-two bytes"


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("https://example.com", {"secret": SECRET}, "not an http:// URL"),
        ("http://127.0.0.1:1", {}, "secret"),
        ("http://127.0.0.1:1", {"token": "x"}, "not a JWT"),
        ("http://127.0.0.1:1", {"secret": SECRET, "streams": 10_001}, "at most 10,000"),
        (f"http://127.0.0.1:{free_port()}", {"secret": SECRET}, "onnect"),
    ],
    ids=["https", "no secret", "no token", "too many", "no server"],
)
def test_an_impossible_measurement_is_reported_in_a_line(
    url: str, options: dict[str, object], message: str
) -> None:
    console = Console(file=io.StringIO(), width=200)
    assert run(url, console=console, seconds=0.1, **options) == 1  # type: ignore[arg-type]
    assert message in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.server
@pytest.mark.slow
def test_a_local_server_is_started_and_measured(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    assert run(streams=50, seconds=0.3, publishers=2, console=console) == 0
    output = console.file.getvalue()  # type: ignore[attr-defined]
    assert "deliveries per second, 2 publishers" in output
    assert "publish to receipt" in output
