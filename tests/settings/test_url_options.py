"""URL options: each once, and each as the caller wants it."""

from __future__ import annotations

import pytest

from lumen_notify.settings.url_options import parse_options


def problem_of(name: str, value: str) -> str | None:
    return f"has the bad option {name}" if value == "bad" else None


def test_options_are_decoded() -> None:
    assert parse_options("a=1&b=%2Fx&c=", problem_of) == {"a": "1", "b": "/x", "c": ""}
    assert parse_options("", problem_of) == {}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("a", "not name=value"),
        ("a=1&a=1", "the option a twice"),
        ("a=bad", "has the bad option a"),
    ],
)
def test_anything_else_is_refused(query: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_options(query, problem_of)
