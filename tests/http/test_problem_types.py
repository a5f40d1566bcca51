"""Problem types: each has a title of its own, and every refusal in the sources is a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import lumen_notify
from lumen_notify.http.problem_types import PROBLEM_TYPES

SOURCES = Path(lumen_notify.__file__).parent
REFUSALS = {
    *("Invalid", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "TooLarge", "EncodingUnsupported"),
    *("RateLimited", "Unavailable", "DatabaseUnavailable"),
}
_SENTENCE = re.compile(r"[A-Z0-9`\u2026].*([^.]\.|\u2026)", re.DOTALL)
_WHOLE = {"bad_request", "not_implemented"}


def texts() -> Iterator[tuple[str, str]]:
    """Yield (place, text) of each refusal: an ellipsis stands for what is filled in."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                is_predicate = any(keyword.arg == "field" for keyword in node.keywords)
                if node.func.id in REFUSALS | _WHOLE and not is_predicate and (text := _text(node.args[0])):
                    yield f"{path.relative_to(SOURCES)}:{node.lineno}", text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(one) or "\u2026" for one in node.values)
    return ""


def test_every_refusal_is_a_sentence() -> None:
    found = list(texts())
    assert len(found) > 40
    assert [one for one in found if not _SENTENCE.fullmatch(one[1])] == []


def test_each_type_has_a_title_of_its_own_and_a_meaning_in_sentences() -> None:
    titles = [one.title for one in PROBLEM_TYPES.values()]
    assert len(set(titles)) == len(titles)
    for code, one in PROBLEM_TYPES.items():
        assert re.fullmatch(r"[A-Z].*[^.]", one.title), code
        assert _SENTENCE.fullmatch(one.meaning), code
