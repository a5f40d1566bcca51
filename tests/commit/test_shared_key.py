"""Shared key: the same for all instances, another for each name."""

from __future__ import annotations

from lumen_notify.commit.database import Database
from lumen_notify.commit.shared_key import shared_key


async def test_instances_share_a_key_of_each_name(database: Database, other_database: Database) -> None:
    key = await shared_key(database, "one")
    assert await shared_key(other_database, "one") == key
    assert await shared_key(database, "another") != key
    assert len(key) == 32
