"""Expiry: takes notifications away when their time has come, and whatever else is to go by its age.

Promises: what has an `expires_at` is gone within a second of it, also after a restart, for whoever it
was for; by an event, so that each count is right before it and after it. What is to go is chosen in the
transaction that takes it away: what a merge has just changed stays.

Not here: what goes by number, and when to look for what is old (`retention`); how it goes (`removal`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lumen_notify.commit.notifications.removal import take_away
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value

STEP_NOTIFICATIONS = 200
"""Notifications to one user each that a step takes: some 10 ms of the writer's time."""

STEP_SHARED = 20
"""Notifications to a room or to all that a step takes: who tells its event to the connected asks once for
each pair of a user and a notification."""

Which = Literal["expired_before", "created_before"]
"""The query that says which: each takes `before`, in milliseconds, and `limit`."""


@value
class Expire:
    """Remove one step of what has had its time. before: None for now. The result: how many."""

    which: Which
    before: int | None = None

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "expire"


async def expire(tx: Transaction, commands: Sequence[Expire]) -> Sequence[int]:
    """Write expiries: a `committer.Handler`, to stand before the marks, whose counts come after it."""
    answers = []
    for command in commands:
        before = tx.now + 1 if command.before is None else command.before
        rows = await tx.run(command.which, before=before, limit=STEP_NOTIFICATIONS)
        places = [(id_, Audience(audience)) for id_, audience in rows]
        own = [place for place in places if place[1].is_personal]
        shared = [place for place in places if not place[1].is_personal]
        answers.append(await take_away(tx, own + shared[:STEP_SHARED]))
    return answers
