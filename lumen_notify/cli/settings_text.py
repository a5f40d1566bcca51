"""Settings text: what `lumen-notify settings` prints. No I/O."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from lumen_notify.settings import Secret, Settings, masked_url, variable
from lumen_notify.settings.env_file import EnvFile

WIDTH = 100


def table(settings: Settings, environ: Mapping[str, str], file: EnvFile | None) -> str:
    """Return a line for each setting: its variable, its value, where this is from, and the default if it is
    set. Secrets are masked."""
    rows = []
    for name, default, _ in Settings.table():
        value = text_of(getattr(settings, field_of(name)))
        source = "default"
        if environ.get(name):
            is_in_file = file is not None and name in file.lines
            source = file.place(name) if file is not None and is_in_file else "environment"
            source += f" (default: {default})"
        rows.append((name, value, source))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{name:{widths[0]}}  {value:{widths[1]}}  {source}" for name, value, source in rows)


def env_file() -> str:
    """Return a .env file with all settings, each with its description, commented out with its default."""
    blocks = []
    for name, default, description in Settings.table():
        comment = textwrap.fill(description, WIDTH, initial_indent="# ", subsequent_indent="# ")
        blocks.append(f"{comment}\n#{name}={'' if default == 'not set' else default}\n")
    return "\n".join(blocks)


def field_of(name: str) -> str:
    """Return the attribute of a variable."""
    return next(field for field in Settings.model_fields if variable(field) == name)


def text_of(value: Any) -> str:
    """Return a value as a variable would have it; masked if it is secret."""
    if value is None or value == ():
        return "not set"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, Secret) else masked_url(str(value))
