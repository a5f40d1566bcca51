"""Errors: the tree of the classes is the one that is drawn, and each class has a code of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lumen_notify import errors
from lumen_notify.errors import Conflict, Fault, Invalid, LumenError, Misconfigured, NotFound, RateLimited


def classes(root: type[LumenError] = LumenError) -> Iterator[type[LumenError]]:
    """Yield the errors of the module, from the root on."""
    yield root
    for one in root.__subclasses__():
        if one.__module__ == errors.__name__:
            yield from classes(one)


def drawn() -> Iterator[tuple[str, str]]:
    """Yield each class and its parent, as the tree in the docstring has them."""
    branch = [LumenError.__name__]
    for bars, name in re.findall(r"^ {4}((?:[│ ] {3})*)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(bars) // 4 + 1
        branch[depth:] = [name]
        yield name, branch[depth - 1]


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    tree = {(one.__name__, one.__bases__[0].__name__) for one in classes() if one is not LumenError}
    assert len(tree) > 8
    assert set(drawn()) == tree


def test_each_class_has_a_code_of_its_own() -> None:
    codes = [one.code for one in classes()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)


def test_a_code_that_is_given_replaces_the_code_of_the_class() -> None:
    assert Conflict("The name is taken.", code="name_taken").code == "name_taken"
    assert Conflict("It is so.").code == Conflict.code == "conflict"
    assert Invalid("It is wrong.", code="other").code == "other"
    assert str(NotFound("It is not here.")) == NotFound("It is not here.").message == "It is not here."


def test_an_invalid_field_is_a_fault() -> None:
    error = Invalid("must be another user", field="to.user")
    assert error.faults == (Fault(field="to.user", message="must be another user"),)
    assert Invalid("The body is not complete.").faults == ()


@pytest.mark.parametrize(
    ("fields", "message"), [(["to"], "1 field is invalid."), (["to", "id"], "2 fields are invalid.")]
)
def test_the_message_of_several_faults_gives_their_number(fields: list[str], message: str) -> None:
    faults = [Fault(field=field, message="is required") for field in fields]
    error = Invalid.of(faults)
    assert (error.message, error.faults) == (message, tuple(faults))


def test_the_text_of_invalid_fields_names_each() -> None:
    faults = [Fault(field="to.user", message="is required"), Fault(field="title", message="is too long.")]
    text = "2 fields are invalid: `to.user` is required; `title` is too long."
    assert str(Invalid.of(faults)) == text
    assert str(Invalid("It is wrong.")) == "It is wrong."


def test_a_rate_limit_says_when_to_retry() -> None:
    assert RateLimited("Too many.", retry_after_seconds=7, limit="x").retry_after_seconds == 7


def test_all_problems_of_the_settings_are_in_one_message() -> None:
    problems = [("LUMEN_HOST", "is empty"), ("LUMEN_PORT", "must be a number")]
    error = Misconfigured(problems)
    assert error.problems == tuple(problems)
    assert error.message == "LUMEN_HOST: is empty; LUMEN_PORT: must be a number"
