"""Log calls: each line that the package can log, as its source has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import lumen_notify
from lumen_notify.logs import ROOT

PACKAGE = Path(lumen_notify.__file__).parent

LEVELS = ("critical", "error", "warning", "info", "debug")

_PLACEHOLDER = re.compile(r"%(?:\.\d+)?[sdfr]")


class LogCall(NamedTuple):
    """A call that logs a line. line: its text, with `…` for each value. place: in the source."""

    level: str
    logger: str
    line: str
    place: str


def log_calls() -> Iterator[LogCall]:
    """List the calls of the whole package. Asserts that each is of a form that can be read here."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        loggers = dict(_loggers(tree))
        assert set(loggers) <= {"_log", "_access"} or path.name == "logs.py", f"{path}: name the logger _log"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of, method = node.func.value, node.func.attr
                assert not (isinstance(of, ast.Name) and of.id == "logging" and method in LEVELS), path
                if isinstance(of, ast.Name) and of.id == "_log":
                    place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                    yield from _calls(node, method, loggers["_log"], place)


def _loggers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and "getLogger" in ast.unparse(node.value):
            (target,) = node.targets
            assert isinstance(target, ast.Name)
            assert isinstance(node.value, ast.Call)
            (name,) = node.value.args
            assert isinstance(name, ast.Constant), "a logger has a constant name"
            yield target.id, str(name.value).removeprefix(f"{ROOT}.")


def _calls(node: ast.Call, method: str, logger: str, place: str) -> Iterator[LogCall]:
    if method == "isEnabledFor":
        return
    levels = ["error"] if method == "exception" else [method]
    arguments = node.args
    if method == "log":
        levels = re.findall(r"logging\.([A-Z]+)", _source(place, arguments[0]))
        arguments = arguments[1:]
    template = arguments[0]
    assert isinstance(template, ast.Constant), f"{place}: the text of a line is a constant"
    for level in levels:
        assert level.lower() in LEVELS, place
        yield LogCall(level.lower(), logger, _PLACEHOLDER.sub("…", str(template.value)), place)


def _source(place: str, argument: ast.expr) -> str:
    """Return the source of a level: if it is a variable, that of its assignment."""
    if isinstance(argument, ast.Name):
        path, _, _ = place.partition(":")
        tree = ast.parse((PACKAGE / path).read_text("utf-8"))
        return "".join(
            ast.unparse(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == argument.id
        )
    return ast.unparse(argument)
