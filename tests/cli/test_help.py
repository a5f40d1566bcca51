"""Help: each command has a text and an example that it understands."""

from __future__ import annotations

import shlex
from importlib import import_module
from inspect import signature

import pytest

from lumen_notify.cli.help import COMMANDS, EXAMPLES


def test_each_command_has_a_text_and_an_example() -> None:
    assert COMMANDS.keys() == EXAMPLES.keys()
    assert all(text.endswith(".") for text in COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_flags_of_each_example_exist(name: str) -> None:
    words = shlex.split(EXAMPLES[name].partition(">")[0])
    assert words[words.index("lumen-notify") + 1] == name
    module = name.replace("-", "_")
    function = getattr(import_module(f"lumen_notify.cli.commands.{module}"), module)
    known = str(signature(function))
    for flag in (word for word in words if word.startswith("--")):
        assert flag in known or flag[2:].replace("-", "_") in known
