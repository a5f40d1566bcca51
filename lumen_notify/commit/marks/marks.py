"""Marks: a user marks notifications as read, seen, unread, archived or unarchived.

Promises: marks are idempotent: a mark that changes nothing appends no event; the event states the user's
absolute counts at its position; a mark only touches rows of its own user; marks of single ids are receipts,
marks of spans cost the same however many notifications they cover (`spans`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.marks.read_counts import Key, add_read_counts
from lumen_notify.commit.marks.spans import Span, mark_spans
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Counts, events, value

Action = Literal["read", "seen", "unread", "archive", "unarchive"]

ACTIONS: tuple[Action, ...] = ("read", "seen", "unread", "archive", "unarchive")

DELETED = 2**62
"""The position of a mark as deleted: later than any other mark, which therefore changes nothing about it."""

_PAYLOADS: Mapping[Action, type[events.NotificationsMarked]] = {
    "read": events.NotificationsRead,
    "seen": events.NotificationsSeen,
    "unread": events.NotificationsUnread,
    "archive": events.NotificationsArchived,
    "unarchive": events.NotificationsUnarchived,
}


@value
class Selection:
    """Which of the user's notifications: some ids, or else all up to a position, of one category or of any.

    None: not limited by this.
    """

    ids: tuple[str, ...] | None = None
    category: str | None = None
    up_to: int | None = None

    def as_fields(self) -> dict[str, Any]:
        """Shape for the wire, as in a request."""
        if self.ids is not None:
            return {"ids": list(self.ids)}
        if self.category is None and self.up_to is None:
            return {"all": True}
        fields = {"category": self.category, "up_to": self.up_to}
        return {name: value for name, value in fields.items() if value is not None}


@value
class Mark:
    """One user's mark. The result: a Marked."""

    user_id: str
    action: Action
    selection: Selection

    @property
    def conflict_key(self) -> str:
        """One mark per user and transaction, so that its counts are those at its position."""
        return "mark:" + self.user_id

    @property
    def cost(self) -> Cost:
        """A row for each id."""
        return Cost(rows=max(1, len(self.selection.ids or ())))


class SelectingCommand(Protocol):
    """A command about some notifications of a user."""

    @property
    def user_id(self) -> str:
        """The user."""

    @property
    def action(self) -> str:
        """An Action, or `delete`."""

    @property
    def selection(self) -> Selection:
        """Which notifications."""


@value
class Marked:
    """The answer. changed: how many notifications changed. counts: the user's, at this position. unknown: the
    ids of the selection that are not of the user's notifications."""

    changed: int
    counts: Counts
    position: int
    unknown: tuple[str, ...] = ()


async def mark(tx: Transaction, commands: Sequence[Mark]) -> Sequence[Marked]:
    """Mark notifications: a `committer.Handler`; it runs last in a transaction, because it states counts.

    A selection without ids covers what exists in this transaction, not what comes later.
    """
    by_id = [command for command in commands if command.selection.ids is not None]
    changed = dict(await mark_ids(tx, by_id, tx.position + 1)) if by_id else {}
    if spans := [span_of(command, tx.position) for command in commands if command.selection.ids is None]:
        changed |= await mark_spans(tx, spans, tx.position + 1)
    known = await known_ids(tx, commands, changed)
    counts = await counts_in(tx, [command.user_id for command in commands])
    for command in commands:
        if changed.get(command.user_id):
            _append(tx, command, counts)
    return [
        Marked(
            changed=changed.get(command.user_id, 0),
            counts=counts[command.user_id],
            position=tx.position,
            unknown=tuple(
                id_
                for id_ in command.selection.ids or ()
                if command.user_id in known and id_ not in known[command.user_id]
            ),
        )
        for command in commands
    ]


async def known_ids(
    tx: Transaction, commands: Sequence[SelectingCommand], changed: Mapping[str, int]
) -> Mapping[str, frozenset[str]]:
    """Return by user which of the selected ids are of their notifications. Users all of whose notifications
    have changed are left out: they are known."""
    asked = {
        command.user_id: command.selection.ids
        for command in commands
        if command.selection.ids is not None and changed.get(command.user_id, 0) < len(command.selection.ids)
    }
    if not asked:
        return {}
    users = [{"user_id": user_id} for user_id in asked]
    ids = [{"user_id": user_id, "id": id_} for user_id, own in asked.items() for id_ in own]
    known: dict[str, set[str]] = {user_id: set() for user_id in asked}
    for user_id, id_ in await tx.run("known_ids", users=users, ids=ids):
        known[user_id].add(id_)
    return {user_id: frozenset(own) for user_id, own in known.items()}


async def mark_ids(tx: Transaction, commands: Sequence[SelectingCommand], marked: int) -> Mapping[str, int]:
    """Write receipts; return by user how many notifications change. marked: the position of the marks."""
    rows = {
        "users": [{"user_id": command.user_id} for command in commands],
        "marks": [{"user_id": command.user_id, "action": command.action} for command in commands],
        "ids": [
            {"user_id": command.user_id, "id": id_}
            for command in commands
            for id_ in command.selection.ids or ()
        ],
    }
    changed: dict[str, int] = defaultdict(int)
    numbers: dict[Key, Sequence[int]] = {}
    for user_id, audience, category, number, *sums in await tx.run("count_marks", **rows):
        changed[user_id] += number
        numbers[user_id, audience, category] = sums
    if changed:
        tx.add("write_receipts", **rows, now=tx.now, marked=marked)
        add_read_counts(tx, numbers)
    return changed


def span_of(command: SelectingCommand, position: int) -> Span:
    """Return the span of a command without ids. position: the newest of the log."""
    selection = command.selection
    return Span(
        user_id=command.user_id,
        action=command.action,
        category=selection.category,
        up_to=position if selection.up_to is None else min(selection.up_to, position),
    )


def _append(tx: Transaction, command: Mark, counts: Mapping[str, Counts]) -> None:
    payload = _PAYLOADS[command.action].of(counts[command.user_id], command.selection.as_fields())
    tx.append(Audience.user(command.user_id), payload)
