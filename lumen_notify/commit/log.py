"""Log: the events in the order of their commits, numbered without gaps.

Promises: each position is used once; commits and positions have the same order, because every write
transaction locks the log from its first statement to COMMIT; a rollback leaves no gap.

The log is locked at the start of a transaction: the absolute counts in an event must include everything
that other instances have committed before it. The position is that of the newest event. No transaction
writes it anywhere else: a row that each of them updated would slow all of them down while a backup runs.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Event, value

PAGE_EVENTS = 1000
"""Events in one page read from the database."""

_EPOCH_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@value
class Head:
    """The log's state. position: of the newest event. floor: events up to this position have been trimmed."""

    epoch: str
    position: int
    floor: int


@value
class TrimEvents:
    """Trim the log up to a position. The result: None."""

    up_to: int

    @property
    def conflict_key(self) -> str:
        """One step of retention in a transaction, which keeps it short."""
        return "retention"


class Log:
    """The append-only table of events, and its head."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._memory: dict[str, Any] = {}

    async def open(self) -> Head:
        """Create the head if the database is new; return the head."""
        epoch = "".join(secrets.choice(_EPOCH_ALPHABET) for _ in range(8))
        async with self._database.transaction() as transaction:
            await transaction.run("open_log", epoch=epoch)
        return await self.head()

    async def head(self) -> Head:
        """Read the head."""
        ((epoch, position, floor),) = await self._database.for_delivery.fetch("log_head")
        return Head(epoch=epoch, position=position, floor=floor)

    @asynccontextmanager
    async def transaction(
        self, *, is_followed: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[Transaction]:
        """Open a write transaction, the only one on the log. is_followed: see `Database.transaction`.

        Raises DatabaseUnavailable.
        """
        async with self._database.transaction(is_followed=is_followed) as transaction:
            if self._database.is_server:
                transaction.add("lock_log")
            ((position, categories_version),) = await transaction.run("log_end")
            tx = Transaction(
                transaction,
                position,
                self._clock(),
                categories_version=categories_version,
                memory=self._memory,
            )
            yield tx
            tx.write()

    async def after(self, position: int) -> Sequence[Event]:
        """Read the events after a position, of all audiences: ascending, contiguous, at most PAGE_EVENTS."""
        rows = await self._database.for_delivery.fetch("events_after", after=position, limit=PAGE_EVENTS)
        return _events(rows)

    async def at(self, positions: Sequence[int]) -> Sequence[Event]:
        """Read the events at some positions, at most PAGE_EVENTS: ascending. Trimmed ones are missing."""
        rows = await self._database.for_delivery.fetch(
            "events_at", rows=[{"position": position} for position in positions]
        )
        return _events(rows)

    async def for_audiences(
        self, audiences: Sequence[Audience], *, after: int, up_to: int
    ) -> Sequence[Event]:
        """Read the events of some audiences after a position: ascending, at most PAGE_EVENTS."""
        rows = await self._database.for_delivery.fetch(
            "events_for_audiences",
            audiences=[{"audience": audience} for audience in audiences],
            after=after,
            up_to=up_to,
            limit=PAGE_EVENTS,
        )
        return _events(rows)


async def trim_events(tx: Transaction, commands: Sequence[TrimEvents]) -> Sequence[None]:
    """Handle TrimEvents: a `committer.Handler`."""
    for command in commands:
        contents = await tx.run("contents_of_events", up_to=command.up_to)
        await tx.run("trim_events", up_to=command.up_to)
        tx.add("delete_unused_contents", rows=[{"position": position} for (position,) in contents])
        await tx.run("raise_floor", up_to=command.up_to)
    return [None] * len(commands)


def _events(rows: Rows) -> list[Event]:
    """Build events of rows in the order of their positions: a shared body comes with the first row only."""
    events: list[Event] = []
    for position, audience, kind, category, created_at, content_position, body in rows:
        events.append(
            Event(
                position=position,
                audience=Audience(audience),
                kind=kind,
                category=category,
                body=events[-1].body if body is None else body,
                created_at=created_at,
                content_position=content_position,
            )
        )
    return events
