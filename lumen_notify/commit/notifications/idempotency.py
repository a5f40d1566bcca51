"""Idempotency: a repeated request gets the answer to the first one.

A stage of `publish`. `IdempotentResponses` is for a repeat that is no longer valid as a request, because a
time in it has passed since.

Not here: how an answer is stored (`answers`), when keys are trimmed (`jobs/retention`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications.batch import Batch
from lumen_notify.commit.notifications.publication import IdempotencyKey, Published, decode_published
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict
from lumen_notify.model import value

STEP_KEYS = 500
"""Keys that one step trims: some 10 ms of the writer's time."""


async def answer_repeats(batch: Batch) -> None:
    """Answer requests with a known Idempotency-Key: as before, or Conflict if the request differs."""
    keyed = [(request, request.key) for request in batch.requests if request.key is not None]
    if not keyed:
        return
    rows = [{"owner": key.owner, "key": key.key} for _, key in keyed]
    found = await batch.tx.run("load_idempotent_answers", rows=rows)
    answers = {(owner, key): (digest, answer) for owner, key, digest, answer in found}
    for request, key in keyed:
        if (stored := answers.get((key.owner, key.key))) is not None:
            request.answer = _repeat(key, *stored)
    batch.drop_answered()


def _repeat(key: IdempotencyKey, digest: str, answer: str) -> Conflict | Sequence[Published]:
    if digest != key.digest:
        return Conflict(
            "This Idempotency-Key was already used for another request.", code="idempotency_key_reused"
        )
    return decode_published(answer)


class IdempotentResponses:
    """Reads the answers to earlier requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: IdempotencyKey) -> Sequence[Published] | None:
        """Return the answer to the first request with this key; None if that was another request, or none.

        Raises Unavailable.
        """
        rows = await self._database.fetch(
            "load_idempotent_answers", rows=[{"owner": key.owner, "key": key.key}]
        )
        answers = [answer for _, _, digest, answer in rows if digest == key.digest]
        return decode_published(answers[0]) if answers else None


@value
class TrimIdempotencyKeys:
    """Trim one step of the idempotency keys from before a time. The result: how many."""

    before: int

    @property
    def conflict_key(self) -> str:
        """One step of retention in a transaction, which keeps it short."""
        return "retention"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_KEYS)


async def trim_idempotency_keys(tx: Transaction, commands: Sequence[TrimIdempotencyKeys]) -> Sequence[int]:
    """Handle TrimIdempotencyKeys: a `committer.Handler`."""
    return [
        len(await tx.run("trim_idempotency_keys", before=one.before, limit=STEP_KEYS)) for one in commands
    ]
