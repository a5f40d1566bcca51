"""Fixtures for the command line: run `lumen-notify` as a child process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

COMMAND = [sys.executable, "-m", "lumen_notify"]


class RunCommand(Protocol):
    """Runs the command with arguments and LUMEN_ variables; returns its exit status and output."""

    def __call__(
        self, *arguments: str, folder: Path | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]: ...


class StartCommand(Protocol):
    """Starts the command with arguments and LUMEN_ variables; its output goes to a file."""

    def __call__(self, *arguments: str, folder: Path | None = None, **environ: str) -> Running: ...


class Running:
    """A command that runs in the background."""

    def __init__(
        self, arguments: tuple[str, ...], folder: Path, path: Path, environ: Mapping[str, str]
    ) -> None:
        self._path = path
        with path.open("wb") as out:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments], stdout=out, stderr=out, cwd=folder, env=dict(environ)
            )

    def output(self) -> str:
        """Return the output so far, stderr included."""
        return self._path.read_text("utf-8")


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LUMEN_")}
    return own | {"PYTHONUNBUFFERED": "1", "TERM": "dumb", "COLUMNS": "200"} | dict(environ)


@pytest.fixture
def run_command(tmp_path: Path) -> RunCommand:
    """Run `lumen-notify ARGUMENTS` in `tmp_path`, or in another folder, to its end."""

    def run(*arguments: str, folder: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=folder or tmp_path,
            env=environment(environ),
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def start_command(tmp_path: Path) -> Iterator[StartCommand]:
    """Start `lumen-notify ARGUMENTS`; kill it after the test."""
    started: list[Running] = []

    def start(*arguments: str, folder: Path | None = None, **environ: str) -> Running:
        path = tmp_path / f"command-{len(started)}.txt"
        started.append(Running(arguments, folder or tmp_path, path, environment(environ)))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
