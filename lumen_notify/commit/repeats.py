"""Repeats: what requests with an Idempotency-Key were answered.

For a repeat that can be accepted no more: a time in it has passed since. All others are answered by the
writer of publishes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications import IdempotencyKey, Published


class Repeats:
    """Reads first answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: IdempotencyKey) -> Sequence[Published] | None:
        """Return the answer to the first request of this key, None if it was another one or there was none.

        Raises Unavailable.
        """
        rows = await self._database.fetch("idempotent_answers", rows=[{"owner": key.owner, "key": key.key}])
        answers = [answer for _, _, digest, answer in rows if digest == key.digest]
        return [Published(**one) for one in json.loads(answers[0])] if answers else None
