"""A committer with its surroundings: commands that say a word, and a log with outages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lumen_notify.commit.budget import ONE_ROW, Cost
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.log import Log
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict, DatabaseUnavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import EVERYONE, Event
from lumen_notify.model.events import NotificationPublished
from lumen_notify.supervisor import Supervisor


@dataclass(frozen=True)
class Say:
    """Appends an event with this word.

    fault: `refused` by its writer in an answer, `raised` by it, or `broken`: a statement that fails.
    """

    word: str
    conflict_key: str | None = None
    fault: str = ""
    cost: Cost = ONE_ROW


@dataclass(frozen=True)
class Shout(Say):
    """Another kind of command."""


class Unsteady:
    """A log with outages: `before` of them at BEGIN, with `code`; `during` of them after a COMMIT that has
    worked."""

    def __init__(self, log: Log) -> None:
        self.before = self.during = 0
        self.code = "database_unavailable"
        self._log = log

    @property
    def is_committing(self) -> bool:
        return self._log.is_committing

    @asynccontextmanager
    async def transaction(self, *, is_followed: Callable[[], bool]) -> AsyncIterator[Transaction]:
        if self.before:
            self.before -= 1
            raise DatabaseUnavailable("an outage made up by a test", code=self.code)
        async with self._log.transaction(is_followed=is_followed) as tx:
            yield tx
        if self.during:
            self.during -= 1
            raise DatabaseUnavailable("an outage made up by a test", code="commit_unknown")


class Desk:
    """A committer with its surroundings. batches: the words of each transaction that was tried."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.unsteady = Unsteady(log)
        self.batches: list[list[str]] = []
        self.announced: list[Event] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.holds_inside = asyncio.Event()
        self.holds_inside.set()
        self.is_inside = asyncio.Event()
        self.committer = Committer(
            self.unsteady,  # type: ignore[arg-type]
            {Say: self.write, Shout: self.write},
            announce=lambda events, _follows: self.announced.extend(events),
            backpressure=self.backpressure,
            metrics=Metrics(),
            resumes_per_tick=3,
        )
        self.supervisor = Supervisor()

    async def close(self) -> None:
        """Commit what waits, and stop."""
        self.committer.close()
        await self.supervisor.wait("task", seconds=60)

    async def backpressure(self) -> None:
        await self.may_go_on.wait()

    async def write(self, tx: Transaction, commands: Sequence[Say]) -> Sequence[object]:
        self.batches.append([command.word for command in commands])
        self.is_inside.set()
        await self.holds_inside.wait()
        answers: list[object] = []
        for command in commands:
            if command.fault == "refused":
                answers.append(Conflict(command.word))
                continue
            if command.fault == "raised":
                raise Conflict(command.word)
            if command.fault == "broken":
                await tx.run("append_events", rows=[{"position": None}])
            payload = NotificationPublished(notification=f'"{command.word}"')
            tx.append(EVERYONE, payload, category="x")
            answers.append((command.word, tx.position))
        return answers

    def submit(self, *commands: Say) -> list[asyncio.Task[object]]:
        return [asyncio.create_task(self.committer.submit(command)) for command in commands]

    async def all_of(self, *commands: Say) -> list[object]:
        return await asyncio.gather(*self.submit(*commands), return_exceptions=True)

    async def words(self) -> list[str]:
        events = await self.log.after(0)
        assert [event.position for event in events] == list(range(1, len(events) + 1))
        return [event.body.strip('"') for event in events]
