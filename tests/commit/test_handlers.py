"""Writers: no command without its writer."""

from __future__ import annotations

import importlib
import pkgutil

from lumen_notify import commit
from lumen_notify.commit.committer import Command
from lumen_notify.commit.handlers import writers


def test_each_command_of_commit_has_a_writer() -> None:
    modules = [
        importlib.import_module(f"{commit.__name__}.{module.name}")
        for module in pkgutil.iter_modules(commit.__path__)
    ]
    commands = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and hasattr(value, "conflict_key") and value is not Command
    }
    assert commands == writers(None).keys()
