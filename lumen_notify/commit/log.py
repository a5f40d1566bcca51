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

from lumen_notify.commit.database import Database, Rows, Transaction
from lumen_notify.model import Event, rfc3339, value

PAGE_EVENTS = 1000
"""Events read from the database at once."""

_EPOCH_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@value
class Head:
    """The log's state. floor: events up to this position are no longer kept."""

    epoch: str
    position: int
    floor: int


class Draft:
    """A write transaction that appends to the log. `now`: its time, for everything in it; `now_text`: the
    same as RFC 3339.

    definitions: the number of the categories' last change; None once this transaction changes them.
    memory: what this process keeps from one transaction to the next.
    """

    def __init__(
        self,
        transaction: Transaction,
        position: int,
        now: int,
        *,
        definitions: int | None = None,
        memory: dict[str, Any] | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.now = now
        self.now_text = rfc3339(now)
        self.definitions = definitions
        self.memory = {} if memory is None else memory
        self._transaction = transaction
        self._position = position

    @property
    def position(self) -> int:
        """The newest position: of the last event appended, or of the log before."""
        return self._position

    async def run(self, name: str, /, **values: Any) -> Rows:
        """Run a named query in the transaction."""
        return await self._transaction.run(name, **values)

    def add(self, name: str, /, **values: Any) -> None:
        """Run a named query whose rows nobody needs: in its turn, at the next `run` or at the end."""
        self._transaction.add(name, **values)

    def append(self, *, audience: str, kind: str, body: str, category: str | None = None) -> int:
        """Give the next position to an event; return it. It is written at the end."""
        self._position += 1
        self.events.append(
            Event(
                position=self._position,
                audience=audience,
                kind=kind,
                category=category,
                body=body,
                created_at=self.now,
            )
        )
        return self._position

    def write(self) -> None:
        """Write the appended events and move the head: the last thing before COMMIT."""
        if not self.events:
            return
        rows = [
            {
                "position": event.position,
                "audience": event.audience,
                "kind": event.kind,
                "category": event.category,
                "body": event.body,
                "created_at": event.created_at,
            }
            for event in self.events
        ]
        self._transaction.add("append_events", rows=rows)
        self._transaction.add("advance_head", position=self._position)


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
    async def draft(self, *, is_followed: Callable[[], bool] = lambda: False) -> AsyncIterator[Draft]:
        """Open a write transaction as the log's only writer. is_followed: as of `Database.transaction`.

        Raises DatabaseUnavailable.
        """
        async with self._database.transaction(is_followed=is_followed) as transaction:
            ((position, definitions),) = await transaction.run("lock_head")
            draft = Draft(transaction, position, self._clock(), definitions=definitions, memory=self._memory)
            yield draft
            draft.write()

    async def after(self, position: int) -> Sequence[Event]:
        """Read the next events of all audiences: ascending, contiguous, at most PAGE_EVENTS."""
        rows = await self._database.fetch("events_after", after=position, limit=PAGE_EVENTS)
        return [_event(row) for row in rows]

    async def for_audiences(self, audiences: Sequence[str], *, after: int, up_to: int) -> Sequence[Event]:
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
        audience=audience,
        kind=kind,
        category=category,
        body=body,
        created_at=created_at,
    )
