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
    "accept",
    "api",
    "app.py",
    "auth",
    "cli",
    "client",
    "commit",
    "deliver",
    "errors.py",
    "http",
    "intake",
    "load_test",
    "model",
    "settings",
)
"""The folders and modules of the package with a test file for each module, at the same path in `tests/`."""

_SHAPES = "it only declares shapes of responses; api/openapi/test_answers.py holds each response to its shape"

_SOURCES = "contract/test_source.py runs its contract on every implementation"

WITHOUT_TEST_FILE = {
    "accept/accounts/responses.py": _SHAPES,
    "accept/admin/responses.py": _SHAPES,
    "accept/devices/responses.py": _SHAPES,
    "accept/notifications/responses.py": _SHAPES,
    "accept/preferences/responses.py": _SHAPES,
    "accept/push/responses.py": _SHAPES,
    "accept/rooms/message_responses.py": _SHAPES,
    "accept/rooms/room_responses.py": _SHAPES,
    "accept/users/responses.py": _SHAPES,
    "intake/brokers/nats.py": _SOURCES,
    "intake/brokers/rabbitmq.py": _SOURCES,
    "intake/brokers/redis.py": _SOURCES,
    "intake/source.py": _SOURCES,
    "deliver/backplane/backplane.py": "contract/test_backplane.py runs its contract on every implementation",
    "deliver/tail_ends.py": "mypy holds log and hub to it; deliver/test_tail.py has one of each",
}
"""Modules of these folders that only declare something, and the reason why they have no test file."""


def names(paths: Iterator[Path] | list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", MODULES, ids=names(MODULES))
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_MODULE_LINES


def test_no_folder_has_too_many_modules() -> None:
    for folder in {path.parent for path in MODULES}:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= MAX_FOLDER_MODULES, folder


@pytest.mark.parametrize("side", ["accept", "commit", "../sql/queries", "../tests/accept", "../tests/commit"])
def test_each_noun_has_its_folder_on_each_side(side: str) -> None:
    for noun in ("notifications", "rooms", "accounts", "preferences", "devices", "users"):
        assert (PACKAGE / side / noun).is_dir(), f"{side} has no {noun}/"


def test_each_module_has_its_test_file() -> None:
    modules = [path.relative_to(PACKAGE) for path in MODULES if path.name != "__init__.py"]
    mirrored = [path for path in modules if path.parts[0] in MIRRORED]
    assert {path.parts[0] for path in mirrored} == set(MIRRORED)
    missing = {str(path) for path in mirrored if not (TESTS / path.parent / f"test_{path.name}").is_file()}
    assert missing == set(WITHOUT_TEST_FILE)


def test_one_module_knows_the_text_of_an_audience() -> None:
    for path in MODULES:
        if path.name == "audience.py":
            continue
        text = path.read_text("utf-8")
        assert not re.search(r"""["'](user|room):["'{]""", text), f"{path} knows the text of an audience"


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sql").rglob("*.sql")]


@pytest.mark.parametrize("path", [*MODULES, *PAGES], ids=names([*MODULES, *PAGES]))
def test_users_are_they(path: Path) -> None:
    assert found_in(path, r"\b(he|him|his)\b") == []


def test_pages_have_the_plain_form() -> None:
    phrases = r"\b(there (is|are)|what is|whoever|so many|exactly once)\b"
    assert [line for path in PAGES if path.suffix == ".md" for line in found_in(path, phrases)] == []


def found_in(path: Path, phrases: str) -> list[str]:
    """Return the lines of a file with one of the phrases, with their place."""
    lines = enumerate(path.read_text("utf-8").splitlines(), start=1)
    return [f"{path}:{number}: {line}" for number, line in lines if re.search(phrases, line, re.IGNORECASE)]
