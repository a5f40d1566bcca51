"""Errors: the tree that `errors` draws is the tree of its classes; one sentence counts the invalid fields."""

from __future__ import annotations

import inspect
import re

import pytest

from lumen_notify import errors
from lumen_notify.errors import Fault, Invalid, LumenError, Misconfigured


def drawn() -> dict[str, str]:
    """Return the parent of each class as the module's docstring draws it."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        if found := re.match(r"(?:    )([ │├└─]*)(\w+)", line):
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            if depth:
                parents[found[2]] = path[depth - 1]
    return parents


def test_docstring_draws_the_tree_of_the_classes() -> None:
    classes = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, LumenError)]
    assert drawn() == {one.__name__: one.__base__.__name__ for one in classes if one is not LumenError}  # type: ignore[union-attr]


def test_codes_differ() -> None:
    classes = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, LumenError)]
    assert len({one.code for one in classes}) == len(classes)


@pytest.mark.parametrize(
    ("faults", "number", "message"),
    [(1, None, "1 field is invalid."), (2, None, "2 fields are invalid."), (2, 30, "30 fields are invalid.")],
)
def test_invalid_says_how_many_fields_are_wrong(faults: int, number: int | None, message: str) -> None:
    found = [Fault(field=f"to.users.{n}", message="is required") for n in range(faults)]
    error = Invalid.of(found, number=number)
    assert (error.message, error.faults) == (message, tuple(found))


def test_misconfigured_names_each_variable_with_its_problem() -> None:
    error = Misconfigured([("LUMEN_PORT", "must be a valid integer"), ("LUMEN_HOTS", "is not known")])
    assert error.message == "LUMEN_PORT: must be a valid integer; LUMEN_HOTS: is not known"
