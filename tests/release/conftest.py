"""Fixtures for the tests of what is published: wheel and sdist, built from a copy of this folder."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from servers import wait_until

from .builds import INSTALL_SECONDS, NOT_COPIED, ROOT, Distribution, Installed, StartInstalled, build


@pytest.fixture
def distribution(tmp_path: Path) -> Distribution:
    """Give wheel and sdist of this checkout, and the unpacked sdist."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    results = build(copy, "sdist", "wheel")
    (wheel,), (sdist,) = results.glob("*.whl"), results.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    shutil.rmtree(copy / "lumen_notify")  # so that nothing is imported from here
    return Distribution(wheel=wheel, sdist=sdist, source=tmp_path / sdist.name.removesuffix(".tar.gz"))


@pytest.fixture
def start_command() -> Iterator[StartInstalled]:
    """Run a command in a folder; return it once it serves and has printed its demo text."""
    with ExitStack() as running:

        def start(folder: Path, *command: str | Path, **environ: str) -> Installed:
            server = Installed(folder, *command, **environ)
            running.callback(server.kill)
            server.start(within_seconds=INSTALL_SECONDS)
            wait_until(lambda: "liked your photo" in server.log(), within_seconds=60, what="the demo text")
            return server

        yield start
