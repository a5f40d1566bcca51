"""Modules of the browser: the tests of their logic, which `node --test` runs without a browser."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from programs import program

FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))

RUN_SECONDS = 120


@pytest.mark.server
@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_logic_of_module_holds(path: Path) -> None:
    command = [program("node"), "--test", "--test-reporter=tap", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# pass 0" not in run.stdout
