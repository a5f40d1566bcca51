"""Handlers: each command has one."""

from __future__ import annotations

import importlib
import pkgutil

from lumen_notify import commit
from lumen_notify.commit.committer import Command
from lumen_notify.commit.handlers import handlers


def test_each_command_of_commit_has_a_handler() -> None:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(commit.__path__, f"{commit.__name__}.")
    ]
    assert len(modules) > 40
    commands = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and hasattr(value, "conflict_key") and value is not Command
    }
    assert commands == handlers(None).keys()
