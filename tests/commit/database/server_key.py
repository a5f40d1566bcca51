"""Server keys: rows that the tests of databases write and read: a name and a value, both required."""

from __future__ import annotations

from lumen_notify.commit.database import Database


async def key(database: Database, name: str) -> list[str]:
    """Read the value of a name, in a list; empty if there is none."""
    return [row[0] for row in await database.fetch("key", name=name)]


async def keep(database: Database, name: str, value: str = "value") -> None:
    """Write a value, in a transaction of its own; a name that is there keeps its value."""
    async with database.transaction() as transaction:
        await transaction.run("open_key", name=name, value=value)
