"""IdempotentResponses: what requests with an Idempotency-Key were answered.

The writer of publishes answers a repeat with what it has kept. `IdempotentResponses` is for a repeat that
can no longer be accepted: a time in it has passed since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications.publication import Published, Status
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict
from lumen_notify.model import to_json, value


@value
class IdempotencyKey:
    """What a client sends to be able to repeat. owner: the user. digest: of the request's body."""

    owner: str
    key: str
    digest: str


class IdempotentResponses:
    """Reads first answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: IdempotencyKey) -> Sequence[Published] | None:
        """Return the answer to the first request of this key, None if it was another one or there was none.

        Raises Unavailable.
        """
        rows = await self._database.fetch("idempotent_answers", rows=[{"owner": key.owner, "key": key.key}])
        answers = [answer for _, _, digest, answer in rows if digest == key.digest]
        return _published(answers[0]) if answers else None


async def kept_answers(
    tx: Transaction, keys: Sequence[IdempotencyKey]
) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Read what was answered, as the tx has it: (digest, answer) by (owner, key)."""
    if not keys:
        return {}
    rows = [{"owner": key.owner, "key": key.key} for key in keys]
    found = await tx.run("idempotent_answers", rows=rows)
    return {(owner, key): (digest, answer) for owner, key, digest, answer in found}


def key_row(key: IdempotencyKey, published: Sequence[Published], now: int) -> dict[str, Any]:
    """Shape an answer for the table. now: milliseconds."""
    answer = [asdict(one) for one in published]
    return {
        "owner": key.owner,
        "key": key.key,
        "digest": key.digest,
        "answer": to_json(answer),
        "created_at": now,
    }


def repeated(key: IdempotencyKey, digest: str, answer: str) -> object:
    """Return what was answered, or Conflict if another request was."""
    if digest != key.digest:
        return Conflict("this Idempotency-Key was used for another request", code="idempotency_key_reused")
    return _published(answer)


def _published(answer: str) -> Sequence[Published]:
    return [Published(**one) if isinstance(one, dict) else _older(*one) for one in json.loads(answer)]


def _older(id_: str, recipients: int | None, position: int | None, *_: object) -> Published:
    """Read what an earlier version has kept."""
    status: Status = "scheduled" if position is None else "sent"
    return Published(id=id_, recipients=recipients, position=position, status=status)
