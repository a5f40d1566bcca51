"""Committer: many commands, one transaction (group commit).

Promises: a command's result comes after COMMIT; one bad command fails alone; commands of one conflict_key
are committed in the order of their submission, never two in one transaction. There is no batching
delay: what arrived while the last transaction ran is the next batch.

Who fails how:

| what happens | who hears of it | was it written? |
|---|---|---|
| a writer answers a command with an exception | that caller | no |
| a statement fails for a reason of its own | each command is tried alone; the one at fault | no |
| the database is gone before COMMIT | nobody at first: one more try, then all callers | no |
| the database is gone during COMMIT | all callers, DatabaseUnavailable | not known |
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from lumen_notify.commit.log import Log
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import DatabaseUnavailable, Refused, Unavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import Event

MAX_BATCH_COMMANDS = 256
"""Commands in one transaction: a larger batch gains little and lets its first caller wait longer."""

TURN_CALLERS = 8
"""Callers who go on in one turn of the loop, where a server has the next transaction already: 0.2 ms of
work, so that it does not wait for us longer than that. It made a tenth more writes a second."""

MAX_WAITING_COMMANDS = 10_000
"""Commands that wait, at most; the next is refused as Unavailable instead of queued for long."""

_log = logging.getLogger("lumen_notify.commit")


class Command(Protocol):
    """A request as accepted, on its way into a transaction."""

    @property
    def conflict_key(self) -> str | None:
        """Commands with the same key never share a transaction. None: it conflicts with no other command."""


Handler = Callable[[Transaction, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Writes all commands of its kind in one tx. Answers each, in order, with its result or with the
exception that its caller is to get; a command so refused must have left nothing in the tx."""


class Committer:
    """Takes commands, writes them in batches, announces the events.

    writers: by command type, in the order in which their kinds are written. announce: called after
    COMMIT with the events of the transaction, before any caller goes on. backpressure: awaited before each
    transaction; holds the writers back while delivery is far behind. turn_callers: how many go on in one
    turn of the loop. committed_events: by this one.
    """

    def __init__(
        self,
        log: Log,
        writers: Mapping[type, Handler],
        *,
        announce: Callable[[Sequence[Event]], None],
        backpressure: Callable[[], Awaitable[None]],
        metrics: Metrics,
        turn_callers: int = MAX_BATCH_COMMANDS,
    ) -> None:
        self._log = log
        self._writers = writers
        self._announce = announce
        self._backpressure = backpressure
        self._metrics = metrics
        self._turn_callers = turn_callers
        self.committed_events = 0
        self._waiting: deque[tuple[Any, asyncio.Future[Any]]] = deque()
        self._arrived = asyncio.Event()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="committer")

    async def close(self) -> None:
        """Commit what waits, then stop."""
        self._is_closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    @property
    def waiting_commands(self) -> int:
        """How many commands wait for the next transaction."""
        return len(self._waiting)

    async def submit(self, command: Command) -> Any:
        """Commit one command; return its result once it is durable.

        Raises what its writer refused it with, Unavailable, or TypeError: it has no writer. A caller that
        stops waiting does not undo its command.
        """
        if type(command) not in self._writers:
            raise TypeError(f"a {type(command).__name__} has no writer")
        if self._is_closing or len(self._waiting) >= MAX_WAITING_COMMANDS:
            raise Unavailable(
                f"{len(self._waiting)} writes wait already; try again in a moment", code="overloaded"
            )
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        self._arrived.set()
        return await answer

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._backpressure()
                await self._commit(self._take())
            if self._is_closing:
                return

    def _take(self) -> list[tuple[Any, asyncio.Future[Any]]]:
        batch: list[tuple[Any, asyncio.Future[Any]]] = []
        later: list[tuple[Any, asyncio.Future[Any]]] = []
        conflict_keys: set[str] = set()
        while self._waiting and len(batch) < MAX_BATCH_COMMANDS:
            item = self._waiting.popleft()
            conflict_key = item[0].conflict_key
            if conflict_key is not None and conflict_key in conflict_keys:
                later.append(item)
                continue
            if conflict_key is not None:
                conflict_keys.add(conflict_key)
            batch.append(item)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _commit(self, batch: Sequence[tuple[Any, asyncio.Future[Any]]], tries: int = 2) -> None:
        commands = [command for command, _ in batch]
        try:
            answers, events = await self._write(commands)
        except DatabaseUnavailable as error:
            if tries > 1 and error.code != "commit_unknown":
                await self._commit(batch, tries - 1)
                return
            answers, events = [error] * len(batch), ()
        except Exception as error:  # noqa: BLE001 - whatever it is, a caller waits for it
            if len(batch) > 1:
                for item in batch:
                    await self._commit([item])
                return
            if not isinstance(error, Refused):
                _log.exception("a %s could not be written", type(commands[0]).__name__)
            answers, events = [error], ()
        if events:
            self.committed_events += len(events)
            self._announce(events)
        self._resolve([(answer, result) for (_, answer), result in zip(batch, answers, strict=True)])

    def _resolve(self, answers: Sequence[tuple[asyncio.Future[Any], object]]) -> None:
        """Let the callers go on, in their order."""
        for answer, result in answers[: self._turn_callers]:
            if answer.done():
                continue  # its caller stopped waiting
            if isinstance(result, BaseException):
                answer.set_exception(result)
            else:
                answer.set_result(result)
        if left := answers[self._turn_callers :]:
            asyncio.get_running_loop().call_soon(self._resolve, left)

    async def _write(self, commands: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Event]]:
        answers: list[Any] = [None] * len(commands)
        by_kind: dict[type, list[int]] = {}
        for number, command in enumerate(commands):
            by_kind.setdefault(type(command), []).append(number)
        self._metrics.batch_commands.observe(len(commands))
        with self._metrics.commit_seconds.time():
            async with self._log.transaction(is_followed=lambda: bool(self._waiting)) as tx:
                for kind, write in self._writers.items():
                    if numbers := by_kind.get(kind):
                        results = await write(tx, [commands[n] for n in numbers])
                        for n, result in zip(numbers, results, strict=True):
                            answers[n] = result
        return answers, tx.events
