"""`make build` makes the same bytes from each clone of a commit."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from .builds import ROOT, clean_environment


def digests(clone: Path) -> dict[str, str]:
    """Build a clone as `make build` does, with this Python; return the SHA-256 of each file."""
    command = ["make", "build", "--old-file=install", f"BIN={Path(sys.executable).parent}"]
    subprocess.run(command, cwd=clone, env=clean_environment(), check=True, stdout=subprocess.DEVNULL)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (clone / "dist").iterdir()}


@pytest.mark.slow
@pytest.mark.server
def test_two_clones_of_a_commit_build_the_same_files(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone: it has no commit to build")
    one, other = tmp_path / "one", tmp_path / "another" / "folder"
    for clone in (one, other):
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    for path in other.rglob("*"):  # as if checked out at another time, by another user
        if path.is_file() and ".git" not in path.parts:
            path.chmod(path.stat().st_mode & 0o711)
    built = digests(one)
    assert {name.split("-")[0] for name in built} == {"lumen_notify"}
    assert len(built) == 2
    assert digests(other) == built
