"""Budget: what one transaction and the queue of the committer may hold.

| what | at most | beyond it |
|---|---|---|
| a batch | BATCH_ROWS, BATCH_BYTES | the rest waits; a larger command is taken when it is first |
| the queue | QUEUE_BYTES | new commands are refused as `overloaded` |

Commands of one row do not wait behind larger ones: they may take BATCH_BYTES, too, besides the others.

A command that writes more than one row, or text of its users, has a property `cost`. The other commands cost
ONE_ROW.

Not here: how many commands a batch and the queue may hold (`committer`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lumen_notify.model.encoding import json_bytes

BATCH_ROWS = 2000
"""Rows of one batch: some 40 ms of the writer's time, and 20 ms of the event loop's."""

BATCH_BYTES = 2 * 1024 * 1024
"""Text of one batch: some 20 ms of the writer's time, until it is on the disk."""

QUEUE_BYTES = 32 * 1024 * 1024
"""Memory of the waiting commands, and some ten seconds of the writer's time."""

ROW_BYTES = 200
"""About how much memory a row takes besides its text: the recipient's name, and the row on its way."""


class Cost(NamedTuple):
    """What a command costs. rows: a recipient, a member or a mention counts as one. text_bytes: of the text
    that it stores, once."""

    rows: int = 1
    text_bytes: int = 0

    @property
    def memory_bytes(self) -> int:
        """About how much memory the command takes while it waits."""
        return self.text_bytes + self.rows * ROW_BYTES


ONE_ROW = Cost()


def cost_of(command: Any) -> Cost:
    """Return what a command costs; ONE_ROW if it does not say."""
    cost: Cost = getattr(command, "cost", ONE_ROW)
    return cost


class Batch:
    """The costs of the commands of one transaction: those of one row, and larger ones."""

    __slots__ = ("_large_bytes", "_rows", "_single_bytes")

    def __init__(self) -> None:
        self._rows = 0
        self._large_bytes = 0
        self._single_bytes = 0

    def take(self, cost: Cost) -> bool:
        """Add a command, unless it does not fit; return whether it does. The first one always fits."""
        if cost.rows <= 1:
            text_bytes = self._single_bytes + cost.text_bytes
            fits = not self._single_bytes or text_bytes <= BATCH_BYTES
            if fits:
                self._single_bytes = text_bytes
            return fits
        rows, text_bytes = self._rows + cost.rows, self._large_bytes + cost.text_bytes
        fits = not self._rows or (rows <= BATCH_ROWS and text_bytes <= BATCH_BYTES)
        if fits:
            self._rows, self._large_bytes = rows, text_bytes
        return fits


def text_cost(text: Any, *, rows: int = 1) -> Cost:
    """Return the cost of rows that store a value as JSON."""
    return Cost(rows=rows, text_bytes=json_bytes(text))
