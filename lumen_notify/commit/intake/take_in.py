"""Take in: the commands of some messages of a queue, in their order, each message once.

Promises: a message that was taken in before does nothing, whatever became of its acknowledgement, since its
id is written in the transaction of its command; a command sees what the messages before it have done; a
message that is refused writes nothing, not even its id, and the others are taken in.

The broker's id of a message has the message's time in it, where the broker knows one: a topic that was
deleted and made anew begins to number anew.

Not here: who acts, and what is valid (`intake`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.commit.budget import Cost, cost_of
from lumen_notify.commit.committer import Handler
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict
from lumen_notify.model import value

STEP_ROWS = 1000
"""Messages that one step trims: some 10 ms of the writer's time."""


@value
class MessageId:
    """What a message is known by.

    source: where its id is unique: broker, topic and partition, or the keys of a topic. digest: of the
    message, if the id is a key that the application may use again by mistake.
    """

    source: str
    id: str
    digest: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        """What the table knows it by."""
        return self.source, self.id


@value
class Arrival:
    """One message. ids: those that it is known by, at most one per source; none if it has none. command:
    what it asks for; or the exception that says why it cannot be accepted."""

    ids: tuple[MessageId, ...]
    command: Any

    @property
    def cost(self) -> Cost:
        """That of its command, and a row for each of its ids."""
        cost = Cost(rows=0) if isinstance(self.command, Exception) else cost_of(self.command)
        return Cost(cost.rows + len(self.ids), cost.text_bytes)


@value
class TakeIn:
    """Take in messages, in their order. The result: for each of them True, False if it was taken in before,
    or the exception that says why it is refused."""

    arrivals: tuple[Arrival, ...]

    @property
    def conflict_key(self) -> str:
        """One batch in a transaction, which keeps it short."""
        return "intake"

    @property
    def cost(self) -> Cost:
        """That of all messages."""
        costs = [arrival.cost for arrival in self.arrivals]
        return Cost(sum(cost.rows for cost in costs), sum(cost.text_bytes for cost in costs))


async def take_in(
    tx: Transaction, commands: Sequence[TakeIn], handlers: Mapping[type, Handler]
) -> Sequence[Sequence[bool | Exception]]:
    """Handle TakeIn: a `committer.Handler`. handlers: of the commands of messages."""
    return [await _Batch(tx, command.arrivals, handlers).run() for command in commands]


class _Batch:
    """The messages of one command.

    Commands of one kind that follow each other, and do not conflict, are handled together.
    """

    def __init__(
        self, tx: Transaction, arrivals: Sequence[Arrival], handlers: Mapping[type, Handler]
    ) -> None:
        self._tx = tx
        self._arrivals = arrivals
        self._handlers = handlers
        self._known: dict[tuple[str, str], str | None] = {}
        self._answers: list[bool | Exception] = [True] * len(arrivals)
        self._together: list[int] = []
        self._waiting_places: set[tuple[str, str]] = set()
        self._waiting_keys: set[str] = set()
        self._rows: list[dict[str, Any]] = []

    async def run(self) -> Sequence[bool | Exception]:
        """Handle all; return the answers."""
        rows = [{"source": one.source, "id": one.id} for arrival in self._arrivals for one in arrival.ids]
        if rows:
            found = await self._tx.run("taken_in", rows=rows)
            self._known = {(source, id_): digest for source, id_, digest in found}
        for number, arrival in enumerate(self._arrivals):
            if not self._fits(arrival):
                await self._handle()
            answer = self._repeated(arrival)
            if answer is not None:
                self._answers[number] = answer
                if answer is False:
                    self._note(arrival)
            else:
                self._together.append(number)
                self._waiting_places |= {one.place for one in arrival.ids}
                if (key := _conflict_key(arrival)) is not None:
                    self._waiting_keys.add(key)
        await self._handle()
        self._tx.add("insert_taken_in", rows=self._rows)
        return self._answers

    def _fits(self, arrival: Arrival) -> bool:
        """Whether a message can be answered before those that wait are handled."""
        if any(one.place in self._waiting_places for one in arrival.ids):
            return False
        if not self._together or isinstance(arrival.command, Exception):
            return True
        first = self._arrivals[self._together[0]].command
        return type(arrival.command) is type(first) and _conflict_key(arrival) not in self._waiting_keys

    def _repeated(self, arrival: Arrival) -> bool | Exception | None:
        """Return the answer to a message that needs no handler; None if it needs one."""
        for one in arrival.ids:
            if one.place in self._known:
                if one.digest == self._known[one.place]:
                    return False
                return Conflict(
                    "This idempotency_key was already used for another message.",
                    code="idempotency_key_reused",
                )
        return arrival.command if isinstance(arrival.command, Exception) else None

    async def _handle(self) -> None:
        """Handle those that wait, and note their ids."""
        numbers, self._together = self._together, []
        self._waiting_places.clear()
        self._waiting_keys.clear()
        if not numbers:
            return
        commands = [self._arrivals[number].command for number in numbers]
        results = await self._handlers[type(commands[0])](self._tx, commands)
        for number, result in zip(numbers, results, strict=True):
            if isinstance(result, Exception):
                self._answers[number] = result
                continue
            self._note(self._arrivals[number])

    def _note(self, arrival: Arrival) -> None:
        """Note the ids of a message that are not known yet: also of one whose key was used before, since it
        may come again when that is forgotten."""
        for one in arrival.ids:
            if one.place not in self._known:
                self._known[one.place] = one.digest
                self._rows.append(
                    {"source": one.source, "id": one.id, "digest": one.digest, "taken_at": self._tx.now}
                )


def _conflict_key(arrival: Arrival) -> str | None:
    key: str | None = arrival.command.conflict_key
    return key


@value
class TrimIntake:
    """Forget one step of the messages of a source from before a time. The result: how many."""

    source: str
    before: int

    @property
    def conflict_key(self) -> str:
        """One step of retention in a transaction, which keeps it short."""
        return "retention"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_ROWS)


async def trim_intake(tx: Transaction, commands: Sequence[TrimIntake]) -> Sequence[int]:
    """Handle TrimIntake: a `committer.Handler`."""
    return [
        len(await tx.run("trim_intake", source=one.source, before=one.before, limit=STEP_ROWS))
        for one in commands
    ]
