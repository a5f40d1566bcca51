"""Taker: takes in the messages of a batch, in their order, and says which are dead letters.

Promises: it returns once all are committed or refused; while the database is away it waits, and nothing else
is fetched meanwhile; a message that makes a handler fail is refused alone, and the others are taken in.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from lumen_notify.commit.budget import Batch
from lumen_notify.commit.intake.take_in import Arrival, TakeIn
from lumen_notify.errors import Unavailable
from lumen_notify.http.context import Limits
from lumen_notify.intake.dead_letters import dead_letter
from lumen_notify.intake.reader import Expired, read
from lumen_notify.intake.source import DeadLetter, Incoming

FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 5.0

BYTES_PER_TURN = 64 * 1024
"""How much is read before other tasks have their turn: some milliseconds."""


class Stopped(Exception):
    """Intake is to end, and the rest of the batch was not taken in."""


class Taker:
    """Takes in batches. submit: the committer's. clock: wall-clock milliseconds. stopping: set when intake is
    to end.

    outcomes: how many messages were `accepted`, taken in before (`repeated`), dropped as `expired`, and are
    dead letters (`dead_lettered`). waits: how often it has waited because writes were not possible.
    """

    def __init__(
        self,
        submit: Callable[[Any], Awaitable[Any]],
        limits: Limits,
        clock: Callable[[], int],
        stopping: asyncio.Event,
    ) -> None:
        self.outcomes: Counter[str] = Counter(accepted=0, repeated=0, expired=0, dead_lettered=0)
        self.waits = 0
        self._submit = submit
        self._limits = limits
        self._clock = clock
        self._stopping = stopping

    async def take(self, messages: Sequence[Incoming]) -> Sequence[DeadLetter]:
        """Take in messages; return the dead letters of those that are refused. Raises Stopped."""
        arrivals = await self._read(messages)
        letters: list[DeadLetter] = []
        unanswered = iter(messages)
        for batch in _affordable(arrivals):
            found = [self._count(next(unanswered), answer) for answer in await self._commit(batch)]
            letters += [letter for letter in found if letter is not None]
        return letters

    async def _read(self, messages: Sequence[Incoming]) -> Sequence[Arrival]:
        arrivals: list[Arrival] = []
        read_bytes = 0
        for message in messages:
            arrivals.append(read(message, self._limits, self._clock()))
            read_bytes += len(message.body)
            if read_bytes >= BYTES_PER_TURN:
                read_bytes = 0
                await asyncio.sleep(0)
        return arrivals

    async def _commit(self, arrivals: Sequence[Arrival]) -> Sequence[bool | Exception]:
        """Commit messages together; one after the other if that fails by a defect. Raises Stopped."""
        try:
            answers: Sequence[bool | Exception] = await self._written(TakeIn(arrivals=tuple(arrivals)))
            return answers
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - a defect, which the committer has logged
            if len(arrivals) == 1:
                return [error]
        return [answer for arrival in arrivals for answer in await self._commit([arrival])]

    async def _written(self, command: TakeIn) -> Any:
        """Submit until it is known what became of it. Raises Stopped, and what a handler raises."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._submit(command)
            except Unavailable:  # the committer says so
                self.waits += 1
            await wait_for(self._stopping, pause)
            if self._stopping.is_set():
                raise Stopped
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def _count(self, message: Incoming, answer: bool | Exception) -> DeadLetter | None:
        match answer:
            case True:
                self.outcomes["accepted"] += 1
            case False:
                self.outcomes["repeated"] += 1
            case Expired():
                self.outcomes["expired"] += 1
            case error:
                self.outcomes["dead_lettered"] += 1
                return dead_letter(message, error, self._clock())
        return None


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, at most so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _affordable(arrivals: Sequence[Arrival]) -> Iterator[Sequence[Arrival]]:
    """Split messages into transactions, each within the committer's budget."""
    batch: list[Arrival] = []
    costs = Batch()
    for arrival in arrivals:
        if batch and not costs.take(arrival.cost):
            yield batch
            batch, costs = [], Batch()
            costs.take(arrival.cost)
        elif not batch:
            costs.take(arrival.cost)
        batch.append(arrival)
    if batch:
        yield batch
