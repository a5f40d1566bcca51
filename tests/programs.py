"""Programs: those that a test runs but does not install. Without one the test skips, or fails if
LUMEN_TEST_PROGRAMS=required."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

NODE = Path(__file__).parent / "node" / "node_modules"
PYTHON = Path(sys.prefix) / "generators" / "bin"


def program(name: str) -> str:
    """Return the path of a program."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        _skip(f"{name} is not installed")
    return path


def installed(folder: Path, command: str) -> Path:
    """Return a folder. command: creates it."""
    if not folder.exists():
        _skip(f"run `{command}`")
    return folder


def from_npm(name: str) -> list[str]:
    """Return the command of a program from npm."""
    installed(NODE, "npm ci --prefix tests/node")
    return [program("node"), str((NODE / ".bin" / name).resolve())]


def from_pypi(name: str) -> list[str]:
    """Return the command of a program in the environment of the generators."""
    return [str(installed(PYTHON, "make generators") / name)]


def _skip(problem: str) -> NoReturn:
    if os.environ.get("LUMEN_TEST_PROGRAMS") == "required":
        pytest.fail(problem)
    pytest.skip(problem)
