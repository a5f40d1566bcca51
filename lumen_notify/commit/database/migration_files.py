"""Migration files: the numbered SQL files of a folder, and the statements in each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lumen_notify.model import value

MIGRATION_SECONDS = 3600.0
"""How long one statement of a migration may take: it may have to read a large table."""

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql\Z")


@value
class Migration:
    """One migration. statements: in order; each runs by itself."""

    version: int
    name: str
    statements: tuple[str, ...]


def available(folder: Path) -> Sequence[Migration]:
    """Read the migrations of a folder, ascending. Raises ValueError if the numbers are not 1, 2, 3, ..."""
    steps: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        found = _FILE.match(path.name)
        if found is None or int(found[1]) != len(steps) + 1:
            raise ValueError(f"{path.name} is not migration number {len(steps) + 1:04d}")
        steps.append(Migration(version=int(found[1]), name=found[2], statements=statements_of(path)))
    return steps


def statements_of(path: Path) -> tuple[str, ...]:
    """Read the statements of a file, without comments. No text in them has a semicolon or two dashes."""
    text = re.sub(r"--[^\n]*", "", path.read_text("utf-8"))
    return tuple(part.strip() for part in text.split(";") if part.strip())
