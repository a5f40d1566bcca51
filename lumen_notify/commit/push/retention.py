"""Retention: deletes what became of pushes once it is old, and what could not be pushed for as long.

Promises: a push goes after its report, and not while some of its users wait for it; what has not been pushed
is kept for a day, however short retention is, because there may be much before it; no step is larger than its
limits.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value

STEP_PAGES = 50
"""Pages of reports that one step deletes: some 1 MiB."""

STEP_ROWS = 500
"""Pushes that one step deletes, and as many dead letters."""

UNPUSHED_MS = 86_400_000
"""How long what is due waits at least until it is deleted unpushed."""


@value
class TrimPushes:
    """Delete one step of the pushes and dead letters from before a time, in milliseconds. The result: whether
    there may be more."""

    before: int

    @property
    def conflict_key(self) -> str:
        """At most one step of retention per transaction, so that it stays short."""
        return "retention"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_PAGES + 2 * STEP_ROWS)


async def trim_pushes(tx: Transaction, commands: Sequence[TrimPushes]) -> Sequence[bool]:
    """Handle TrimPushes: a `committer.Handler`."""
    return [await _trim(tx, before=command.before, limit=STEP_ROWS) for command in commands]


async def _trim(tx: Transaction, *, before: int, limit: int) -> bool:
    old = {"before": before, "limit": limit}
    pages = await tx.run("trim_push_reports", **old, pages_limit=STEP_PAGES)
    pushes = await tx.run("trim_pushes", **old)
    unpushed = await tx.run("trim_unpushed", before=min(before, tx.now - UNPUSHED_MS), limit=limit)
    letters = await tx.run("trim_dead_letters", **old)
    return len(pages) == STEP_PAGES or STEP_ROWS in map(len, (pushes, unpushed, letters))
