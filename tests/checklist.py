"""A checklist: lines that must hold, each with the tests that hold it; without any it is still to be done."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent

Lines = dict[str, tuple[str, ...]]
"""For each line the tests that hold it, as `file::function`, relative to this folder."""


def cases(lines: Lines) -> list[Any]:
    """Return a parameter set for each line; one without tests is a strict xfail until it has some."""
    open_line = pytest.mark.xfail(strict=True, reason="still to be done")
    return [pytest.param(line, id=line, marks=[] if lines[line] else [open_line]) for line in lines]


def check(line: str, tests: tuple[str, ...]) -> None:
    """Fail if no test holds a line, or if one of its tests does not exist."""
    assert tests, f"nothing holds: {line}"
    missing = [test for test in tests if not _exists(test)]
    assert not missing, missing


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    tree = ast.parse((TESTS / path).read_text())
    return any(getattr(node, "name", None) == name for node in ast.walk(tree))
