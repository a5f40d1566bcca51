"""Shared key: random keys that all instances on a database share, such as that of stream tickets."""

from __future__ import annotations

import base64
import secrets

from lumen_notify.commit.database import Database


async def shared_key(database: Database, name: str) -> bytes:
    """Return the key of this name, 32 bytes; the first instance that asks creates it."""
    value = base64.b64encode(secrets.token_bytes(32)).decode()
    async with database.transaction() as transaction:
        await transaction.run("open_key", name=name, value=value)
    ((kept,),) = await database.fetch("key", name=name)
    return base64.b64decode(kept)
