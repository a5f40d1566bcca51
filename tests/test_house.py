"""The house: bounds on size and place that hold for the whole package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import lumen_notify

PACKAGE = Path(lumen_notify.__file__).parent
ROOT = PACKAGE.parent
TESTS = Path(__file__).parent

MAX_MODULE_LINES = 300
MAX_FOLDER_MODULES = 16

MODULES = sorted(PACKAGE.rglob("*.py"))

MIRRORED = (
    "auth",
    "cli",
    "commit",
    "deliver",
    "load_test",
    "model",
    "settings",
)
"""The folders whose modules each have a test file at the same path in `tests/`."""

WITHOUT_TEST_FILE = {
    "model/event.py": "one dataclass without methods; every test of the log builds it",
}
"""Modules of these folders that declare values and do nothing, and the reason why they have no test file."""


def names(paths: Iterator[Path] | list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", MODULES, ids=names(MODULES))
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_MODULE_LINES


def test_no_folder_has_too_many_modules() -> None:
    for folder in {path.parent for path in MODULES}:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= MAX_FOLDER_MODULES, folder


def test_each_module_has_its_test_file() -> None:
    modules = {
        str(path.relative_to(PACKAGE))
        for folder in MIRRORED
        for path in (PACKAGE / folder).rglob("*.py")
        if path.name != "__init__.py"
    }
    tested = {
        str(path.relative_to(TESTS).with_name(path.name.removeprefix("test_")))
        for path in TESTS.rglob("test_*.py")
    }
    assert modules - tested == set(WITHOUT_TEST_FILE)


@pytest.mark.parametrize("side", ["accept", "commit", "../sql/queries", "../tests/accept", "../tests/commit"])
def test_each_noun_has_its_folder_on_each_side(side: str) -> None:
    for noun in ("notifications", "rooms", "accounts", "preferences"):
        assert (PACKAGE / side / noun).is_dir(), f"{side} has no {noun}/"


def test_one_module_knows_the_text_of_an_audience() -> None:
    for path in MODULES:
        if path.name == "audience.py":
            continue
        text = path.read_text("utf-8")
        assert not re.search(r"""["'](user|room):["'{]""", text), f"{path} knows the text of an audience"


def test_users_are_they() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sql").rglob("*.sql")]
    for path in [*MODULES, *pages]:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            assert not re.search(r"\b(he|him|his)\b", line, re.IGNORECASE), f"{path}:{number}: {line.strip()}"
