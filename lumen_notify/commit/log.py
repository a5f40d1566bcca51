"""Log: the events in the order in which they were committed, numbered without holes.

Promises: a position is given once; commits and positions have the same order, because every write
transaction holds the head's row from its first statement to COMMIT; a rollback leaves no hole.

The head is locked first, not late: the absolute counts that a mark writes into its event must not
miss what another instance commits in between.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Event, value

PAGE_EVENTS = 1000
"""Events read from the database at once."""

_EPOCH_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@value
class Head:
    """The log's state. floor: events up to this position are no longer kept."""

    epoch: str
    position: int
    floor: int


class Log:
    """The one append-only table, and its head."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._memory: dict[str, Any] = {}

    async def open(self) -> Head:
        """Make the head of a new database; return the head."""
        epoch = "".join(secrets.choice(_EPOCH_ALPHABET) for _ in range(8))
        async with self._database.transaction() as transaction:
            await transaction.run("open_log", epoch=epoch)
        return await self.head()

    async def head(self) -> Head:
        """Read where the log is."""
        ((epoch, position, floor),) = await self._database.fetch("log_head")
        return Head(epoch=epoch, position=position, floor=floor)

    @asynccontextmanager
    async def transaction(
        self, *, is_followed: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[Transaction]:
        """Open a write transaction as the log's only writer. is_followed: as of `Database.transaction`.

        Raises DatabaseUnavailable.
        """
        async with self._database.transaction(is_followed=is_followed) as transaction:
            ((position, definitions),) = await transaction.run("lock_head")
            tx = Transaction(
                transaction, position, self._clock(), definitions=definitions, memory=self._memory
            )
            yield tx
            tx.write()

    async def after(self, position: int) -> Sequence[Event]:
        """Read the next events of all audiences: ascending, contiguous, at most PAGE_EVENTS."""
        rows = await self._database.fetch("events_after", after=position, limit=PAGE_EVENTS)
        return [_event(row) for row in rows]

    async def for_audiences(
        self, audiences: Sequence[Audience], *, after: int, up_to: int
    ) -> Sequence[Event]:
        """Read the next events of some audiences: ascending, at most PAGE_EVENTS."""
        rows = await self._database.fetch(
            "events_for_audiences",
            audiences=[{"audience": audience} for audience in audiences],
            after=after,
            up_to=up_to,
            limit=PAGE_EVENTS,
        )
        return [_event(row) for row in rows]


def _event(row: Sequence[Any]) -> Event:
    position, audience, kind, category, body, created_at = row
    return Event(
        position=position,
        audience=Audience(audience),
        kind=kind,
        category=category,
        body=body,
        created_at=created_at,
    )
