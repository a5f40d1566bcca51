"""The two lock files: what `make run` installs, and what `make install` installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNTIME, ALL = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"


def pins(path: Path) -> dict[str, str]:
    """Return the version of each package, with its marker."""
    lines = re.findall(r"^([a-z0-9.-]+)==(.+?) \\$", path.read_text("utf-8"), re.MULTILINE)
    assert lines
    return dict(lines)


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[>=;]", requirement)[0] for requirement in requirements}


def test_both_pin_the_same_versions_for_the_runtime() -> None:
    assert pins(RUNTIME).items() <= pins(ALL).items()


def test_runtime_has_no_tool_and_no_test_library() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert names(project["dependencies"]) | names(extras["http2"]) <= set(pins(RUNTIME))
    assert not names(extras["dev"]) & set(pins(RUNTIME))
    assert names(extras["dev"]) <= set(pins(ALL))


@pytest.mark.parametrize("path", [RUNTIME, ALL], ids=lambda path: path.name)
def test_each_pin_has_hashes_and_no_address(path: Path) -> None:
    text = path.read_text("utf-8")
    for pin in re.findall(r"^\S.*==.*(?:\n    --hash.*)*", text, re.MULTILINE):
        assert "--hash=sha256:" in pin, pin
    assert "://" not in text
    assert "--index" not in text
