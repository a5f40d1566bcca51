"""Seed unread: give each user of our server a different unread count, as in real use.

With equal counts all streams could share the bytes of a frame. So a few thousand broadcasts are published,
and each user gets a different number of read ones: directly in the table, because ten thousand requests would
take longer than the measurement.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from lumen_notify.load_test.protocol import LumenProtocol
from lumen_notify.load_test.publisher import Publisher

DISTINCT_COUNTS = 3_000
ROWS_PER_BATCH = 500
"""Keeps a batch within the default body limit of 64 KiB."""


async def seed_unread_counts(protocol: LumenProtocol, database: Path, users: int) -> None:
    """Give the first `users` users of the load 1 to `DISTINCT_COUNTS` unread notifications."""
    publisher = await Publisher.connect(protocol.host, protocol.port)
    row = {"to": {"all": True}, "category": "bench", "content": "long ago"}
    for _ in range(DISTINCT_COUNTS // ROWS_PER_BATCH):
        await publisher.publish(protocol.post_request(json.dumps([row] * ROWS_PER_BATCH).encode()))
    publisher.close()
    read_counts = ((protocol.user(number), number % DISTINCT_COUNTS) for number in range(users))
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.executemany(
            "INSERT INTO lumen_read_count (user_id, audience, category, read_or_archived)"
            " VALUES (?, 'all', 'bench', ?) ON CONFLICT DO NOTHING",
            read_counts,
        )
