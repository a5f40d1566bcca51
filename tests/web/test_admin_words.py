"""Words of the page for administrators: the same keys in each language, and each that a module uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import lumen_notify
from lumen_notify.api.openapi.admin_stream import FIGURES
from lumen_notify.commit.audit.audit import ACTIONS
from lumen_notify.model import CloseReason
from lumen_notify.push.push import Outcome

WEB = Path(lumen_notify.__file__).with_name("web")
FOLDER = WEB / "admin"
LANGUAGES = ("en", "zh-Hans", "zh-Hant")
MODULES = sorted(FOLDER.glob("*.js"))

_ENTRY = re.compile(r"^  (\w+): \"(.+)\",$", re.MULTILINE)
_USED = re.compile(r"[\"'`]_?((?:admin|bell|chat|page)_[a-z0-9_]+)[\"'`]")
_BEGUN = re.compile(r"`(admin_[a-z_]+_)\$\{")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def words_of(path: Path) -> dict[str, str]:
    return dict(_ENTRY.findall(path.read_text("utf-8")))


def known(words: dict[str, str]) -> set[str]:
    """Return the keys, and those whose plural forms exist."""
    return {*words, *(key.removesuffix("_other") for key in words if key.endswith("_other"))}


ENGLISH = words_of(FOLDER / "words" / "en.js")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_words_in_order(language: str) -> None:
    words = words_of(FOLDER / "words" / f"{language}.js")
    assert list(words) == sorted(words)
    assert len(words) > 100
    # Chinese has no form for one (Unicode CLDR, "Plural Rules").
    singular = {key for key in ENGLISH if f"{key.removesuffix('_one')}_other" in ENGLISH} - words.keys()
    assert words.keys() == ENGLISH.keys() - singular
    for key, text in words.items():
        places = set(_PLACEHOLDER.findall(text))
        assert places == set(_PLACEHOLDER.findall(ENGLISH[key])) | (places & {"count"}), key


def test_each_word_that_a_module_uses_exists_and_no_other() -> None:
    client = words_of(WEB / "client" / "words" / "en.js")
    texts = {path.name: path.read_text("utf-8") for path in MODULES}
    used: set[str] = set()
    for name, text in texts.items():
        found = set(_USED.findall(text))
        assert found <= known(ENGLISH) | known(client), f"{name}: {found - known(ENGLISH) - known(client)}"
        used |= found
    begun = {beginning for text in texts.values() for beginning in _BEGUN.findall(text)}
    idle = {key for key in ENGLISH if re.sub("_(one|other)$", "", key) not in used and key not in used}
    assert {key for key in idle if not key.startswith(tuple(begun))} == set()


def test_each_name_that_the_server_sends_has_its_words() -> None:
    actions = {f"admin_did_{action.replace('.', '_')}" for action in ACTIONS}
    assert actions <= ENGLISH.keys()
    assert {f"admin_reason_{reason.word}" for reason in CloseReason} <= ENGLISH.keys()
    queues = FIGURES.schema["properties"]["queues"]["properties"]
    assert {f"admin_queue_{name}" for name in queues} <= ENGLISH.keys()
    assert {f"admin_push_{outcome}" for outcome in get_args(Outcome)} <= ENGLISH.keys()
