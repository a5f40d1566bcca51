"""Builds: what is published, and servers that are installed from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from servers import RunningServer

ROOT = Path(__file__).resolve().parents[2]
EPOCH = "1700000000"
"""The date of the builds, in seconds; that of the commit in `make build`."""

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "dist", "node_modules", "__pycache__", ".*_cache", "*.db*"
)

INSTALL_SECONDS = 600.0
"""How long an installation may take on a busy machine."""


def clean_environment(**environ: str) -> dict[str, str]:
    """Return the environment without what makes this checkout importable, and without settings."""
    foreign = ("LUMEN_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | environ


def build(folder: Path, *targets: str) -> Path:
    """Build a source folder; return the folder with the results."""
    arguments = [argument for target in targets for argument in ("--target", target)]
    command = [sys.executable, "-m", "hatchling", "build", *arguments]
    subprocess.run(command, cwd=folder, env=clean_environment(SOURCE_DATE_EPOCH=EPOCH), check=True)
    return folder / "dist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What is published. source: the unpacked sdist."""

    wheel: Path
    sdist: Path
    source: Path


class Installed(RunningServer):
    """A server that is started as a person does: by a command. It may install first."""

    def __init__(self, folder: Path, *command: str | Path, **environ: str) -> None:
        super().__init__(folder)
        self._command = list(map(str, command))
        self.environ = clean_environment(LUMEN_PORT=str(self.port), PYTHONUNBUFFERED="1", **environ)

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env=self.environ,
        )


StartInstalled = Callable[..., Installed]
