"""The changelog says which commit a version is: the one with its tag."""

from __future__ import annotations

import datetime as dt
import re
import subprocess

import pytest

from lumen_notify.version import __version__

from .builds import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
TAG = f"v{__version__}"


def test_newest_entry_names_version_date_and_tag() -> None:
    version, date = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", CHANGELOG, re.MULTILINE)[0]
    assert version == __version__
    assert dt.date.fromisoformat(date) >= dt.date(2026, 11, 28)
    entry = CHANGELOG.partition(f"## [{version}]")[2].partition("\n## ")[0]
    assert f"`{TAG}`" in entry
    assert f"git rev-list -n 1 {TAG}" in entry


@pytest.mark.server
def test_tag_of_the_version_is_a_commit_of_this_version() -> None:
    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    if git("rev-parse", "--verify", "--quiet", f"refs/tags/{TAG}^{{commit}}").returncode:
        pytest.skip(f"this is no clone with the tag {TAG}")
    assert f'"{__version__}"' in git("show", f"{TAG}:lumen_notify/version.py").stdout
    assert f"## [{__version__}]" in git("show", f"{TAG}:CHANGELOG.md").stdout
