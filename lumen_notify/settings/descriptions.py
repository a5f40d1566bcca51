"""Descriptions: the text below each setting in the source, and defaults as text."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise


def descriptions(cls: type) -> dict[str, str]:
    """Return the text below each field of a class, by field; those of its bases in this package follow."""
    package = __name__.partition(".")[0]
    ours = [one for one in cls.__mro__ if one.__module__.partition(".")[0] in (package, cls.__module__)]
    return {name: text for one in ours for name, text in _own_descriptions(one).items()}


def _own_descriptions(cls: type) -> dict[str, str]:
    # pydantic does this too (`use_attribute_docstrings`), but at each start, for 25 ms.
    (tree,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: " ".join(str(text.value.value).split())
        for field, text in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def default_text(value: object) -> str:
    """Return a default as a variable would have it."""
    if value is None or value == ():
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)
