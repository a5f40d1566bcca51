"""Past: gives every user of ours an unread count of his own, as users have in life.

Without it all would have the same count, and frames could be shared between streams. A few thousand
notifications to all are published, and each user is set to have read another number of them: straight in the
table, since ten thousand requests to mark as read would take longer than the measurement.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from lumen_notify.bench.publisher import Publisher
from lumen_notify.bench.wire import LumenWire

DISTINCT_COUNTS = 3_000
ROWS_PER_BATCH = 500
"""So that a batch stays within the 64 KiB that a body may have by default."""


async def give(wire: LumenWire, database: Path, users: int) -> None:
    """Let the first `users` users of the load have from 1 to `DISTINCT_COUNTS` unread notifications."""
    publisher = await Publisher.connect(wire.host, wire.port)
    row = {"to": {"all": True}, "category": "bench", "content": "long ago"}
    for _ in range(DISTINCT_COUNTS // ROWS_PER_BATCH):
        await publisher.publish(wire.post(json.dumps([row] * ROWS_PER_BATCH).encode()))
    publisher.close()
    settled = ((wire.user(number), number % DISTINCT_COUNTS) for number in range(users))
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.executemany(
            "INSERT INTO settled (user_id, audience, category, count) VALUES (?, 'all', 'bench', ?)"
            " ON CONFLICT DO NOTHING",
            settled,
        )
