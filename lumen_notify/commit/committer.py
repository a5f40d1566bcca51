"""Committer: many commands, one transaction (group commit).

Promises: a command's result comes after COMMIT; one bad command fails alone; commands with the same conflict
key are committed in the order of their submission, never two in one transaction. There is no batching delay:
the commands that arrive during a transaction are the next batch, as far as the budget goes (`budget`).

What happens on failure:

| failure | who gets the error | was it written? |
|---|---|---|
| a handler returns an exception for a command | its caller | no |
| a statement fails | each command is tried alone; the caller of the one that fails | no |
| the connection is lost before COMMIT | all callers, if a second try fails too | no |
| another process holds the lock for too long | all callers: DatabaseUnavailable, `database_busy` | no |
| the connection is lost during COMMIT | all callers: DatabaseUnavailable | not known |
| the server shuts down, and its time is over | all callers: Unavailable, `draining` | no |
| the same, during COMMIT | all callers: Unavailable, `commit_unknown` | not known |

An outage is logged once at its beginning and once at its end (`outages`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from lumen_notify.commit.budget import QUEUE_BYTES, Batch, Cost, cost_of
from lumen_notify.commit.log import Log
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import DatabaseUnavailable, Refused, Unavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import Event
from lumen_notify.outages import Outage
from lumen_notify.tracing.tracer import Tracer

MAX_BATCH_COMMANDS = 256
"""Commands in one transaction: a larger batch gains little, and its first caller waits longer. What they
cost is bounded, too (`budget`)."""

RESUMES_PER_TICK = 8
"""Callers resumed in one tick of the event loop if the database is a server: 0.2 ms of work. Meanwhile the
server runs the next transaction, and its response waits at most that long. This gave 10 % more writes a
second."""

MAX_WAITING_COMMANDS = 10_000
"""Commands that may wait. Further ones are refused as Unavailable, since they would wait for long."""

_KIND = attrgetter("kind")

_log = logging.getLogger("lumen_notify.commit")


class Command(Protocol):
    """An accepted request, on its way into a transaction."""

    @property
    def conflict_key(self) -> str | None:
        """Commands with the same key never share a transaction. None: this one conflicts with no other."""


Handler = Callable[[Transaction, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Writes all commands of one type in a transaction. Returns for each, in order, its result or the exception
for its caller; it must write nothing for a command for which it returns an exception."""


Announce = Callable[[Sequence[Event], str | None], None]
"""Gets the events of a transaction, and the check of the event before them; None at the start of the log."""


class _Waiting(NamedTuple):
    """A command that waits for a transaction, and the caller that waits for its result. memory_bytes: of its
    cost. since: in seconds of the clock. span: None if it is not traced."""

    command: Any
    answer: asyncio.Future[Any]
    cost: Cost
    memory_bytes: int
    since: float
    span: Any = None


class Committer:
    """Takes commands, commits them in batches, announces the events.

    handlers: by command type, in the order in which they run. announce: called after COMMIT with the
    transaction's events, before any caller is resumed. backpressure: awaited before each transaction; it
    waits while delivery is far behind. finish: called at the end of each transaction. resumes_per_tick:
    callers resumed in one tick of the event loop. outage: of the writes. clock: monotonic seconds.
    committed_events: how many this process has committed, by kind. committed_at: when the last transaction
    was, accepted_at: when its oldest command was accepted, in seconds of the clock.
    """

    def __init__(
        self,
        log: Log,
        handlers: Mapping[type, Handler],
        *,
        announce: Announce,
        backpressure: Callable[[], Awaitable[None]],
        metrics: Metrics,
        finish: Callable[[Transaction], None] | None = None,
        resumes_per_tick: int = MAX_BATCH_COMMANDS,
        outage: Outage | None = None,
        tracer: Tracer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._tracer = tracer
        self._handlers = handlers
        self._announce = announce
        self._backpressure = backpressure
        self._metrics = metrics
        self._finish = finish
        self._resumes_per_tick = resumes_per_tick
        self._outage = outage or Outage("writes", clock)
        self._clock = clock
        self.committed_events: Counter[str] = Counter()
        self.committed_at = self.accepted_at = float("-inf")
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._arrived = asyncio.Event()
        self._batch: list[_Waiting] = []
        self._is_closing = False

    def close(self) -> None:
        """Take no further command. `run` commits the waiting ones, then returns."""
        self._is_closing = True
        self._arrived.set()

    def abandon(self) -> None:
        """Take no further command, and answer the callers of the waiting ones with an error. `run` is to be
        cancelled."""
        self._is_closing = True
        self._fail([*self._batch, *self._waiting], "The server is shutting down.", "draining")
        self._waiting.clear()

    @property
    def waiting_commands(self) -> int:
        """How many commands wait for the next transaction."""
        return len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """About how much memory they take."""
        return self._waiting_bytes

    @property
    def longest_wait_seconds(self) -> float:
        """How long the oldest command has waited for its result; 0 if there is none."""
        firsts = [items[0].since for items in (self._batch, self._waiting) if items]
        return self._clock() - min(firsts) if firsts else 0.0

    async def submit(self, command: Command) -> Any:
        """Commit one command; return its result once it is durable.

        Raises the exception that its handler returns for it, Unavailable, or TypeError if it has no handler.
        A caller that is cancelled does not undo its command.
        """
        if type(command) not in self._handlers:
            raise TypeError(f"{type(command).__name__} has no handler")
        if self._is_closing:
            raise Unavailable("The server is shutting down. Try again in a moment.", code="draining")
        cost = cost_of(command)
        memory_bytes = cost.memory_bytes
        waiting_bytes = self._waiting_bytes + memory_bytes
        if len(self._waiting) >= MAX_WAITING_COMMANDS or (self._waiting and waiting_bytes > QUEUE_BYTES):
            raise Unavailable(
                f"{len(self._waiting)} writes are waiting. Try again in a moment.", code="overloaded"
            )
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        span = None if self._tracer is None else self._tracer.begin_command(type(command).__name__)
        self._waiting.append(_Waiting(command, answer, cost, memory_bytes, self._clock(), span))
        self._waiting_bytes = waiting_bytes
        self._arrived.set()
        return await answer

    async def run(self) -> None:
        """Commit until `close`."""
        try:
            while True:
                while self._waiting:
                    await self._backpressure()
                    self._batch = self._take()
                    await self._commit(self._batch)
                    self._batch = []
                if self._is_closing:
                    return
                await self._arrived.wait()
                self._arrived.clear()
        except asyncio.CancelledError:
            self.abandon()
            raise
        except Exception:
            self._fail(self._batch, "The write has failed.", "commit_unknown")
            raise
        finally:
            self._batch = []

    def _fail(self, items: Sequence[_Waiting], message: str, code: str) -> None:
        """Resume the callers that have no result yet. Of those in the running transaction it is not known
        whether it was written, once COMMIT was sent."""
        for item in items:
            is_unknown = code == "commit_unknown" or (item in self._batch and self._log.is_committing)
            known = "It is not known whether it was written." if is_unknown else "Nothing was written."
            if not item.answer.done():
                item.answer.set_exception(
                    Unavailable(f"{message} {known}", code="commit_unknown" if is_unknown else code)
                )
                item.answer.exception()  # marks it as retrieved, in case its caller was cancelled

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        later: list[_Waiting] = []
        conflict_keys: set[str] = set()
        costs = Batch()
        while self._waiting and len(batch) < MAX_BATCH_COMMANDS:
            item = self._waiting.popleft()
            conflict_key = item.command.conflict_key
            if (conflict_key is not None and conflict_key in conflict_keys) or not costs.take(item.cost):
                later.append(item)
            else:
                batch.append(item)
                self._waiting_bytes -= item.memory_bytes
            if conflict_key is not None:
                conflict_keys.add(conflict_key)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _commit(self, batch: Sequence[_Waiting], tries: int = 2) -> None:
        commands = [item.command for item in batch]
        began_ns = 0 if self._tracer is None else time.time_ns()
        try:
            answers, tx = await self._write(commands)
        except DatabaseUnavailable as error:
            if tries > 1 and error.code not in ("commit_unknown", "database_busy"):
                await self._commit(batch, tries - 1)
                return
            self._outage.begin(error)
            answers, tx = [error] * len(batch), None
        except Exception as error:  # noqa: BLE001 - a caller waits for it, whatever it is
            if len(batch) > 1:
                for item in batch:
                    await self._commit([item])
                return
            if not isinstance(error, Refused):
                _log.exception("%s failed", type(commands[0]).__name__)
            answers, tx = [error], None
        else:
            self.committed_at, self.accepted_at = self._clock(), batch[0].since
            self._metrics.command_seconds.observe(self.committed_at - self.accepted_at)
            self._outage.end()
        if self._tracer is not None:
            positions = () if tx is None else [event.position for event in tx.events]
            self._tracer.committed([item.span for item in batch], answers, positions, began_ns)
        if tx is not None and tx.events:
            self.committed_events.update(map(_KIND, tx.events))
            self._announce_safely(tx)
        self._resolve([(item.answer, result) for item, result in zip(batch, answers, strict=True)])

    def _announce_safely(self, tx: Transaction) -> None:
        try:
            self._announce(tx.events, tx.follows)
        except Exception:  # noqa: BLE001 - it is committed, and the tail reads the log in any case
            _log.exception("Events could not be announced.")

    def _resolve(self, answers: Sequence[tuple[asyncio.Future[Any], object]]) -> None:
        """Resume the callers, in their order."""
        for answer, result in answers[: self._resumes_per_tick]:
            if answer.done():
                continue  # its caller was cancelled
            if isinstance(result, BaseException):
                answer.set_exception(result)
            else:
                answer.set_result(result)
        if left := answers[self._resumes_per_tick :]:
            asyncio.get_running_loop().call_soon(self._resolve, left)

    async def _write(self, commands: Sequence[Any]) -> tuple[Sequence[Any], Transaction | None]:
        answers: list[Any] = [None] * len(commands)
        by_kind: dict[type, list[int]] = {}
        for number, command in enumerate(commands):
            by_kind.setdefault(type(command), []).append(number)
        self._metrics.batch_commands.observe(len(commands))
        with self._metrics.commit_seconds.time():
            async with self._log.transaction(is_followed=lambda: bool(self._waiting)) as tx:
                for kind, handle in self._handlers.items():
                    if numbers := by_kind.get(kind):
                        results = await handle(tx, [commands[n] for n in numbers])
                        for n, result in zip(numbers, results, strict=True):
                            answers[n] = result
                if self._finish is not None:
                    self._finish(tx)
        return answers, tx
