"""Audit: notes who did what to whom, in the transaction that does it; reads it, and deletes what is old.

Promises: what was done and its row are committed together, or neither is; no route and no query changes a
row, and retention alone deletes rows; a row has ids and numbers, never the content of a notification or
message, and no token.

The database does not refuse other changes by a trigger: whoever may write to it may drop the trigger, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import canonical_id, new_id, to_json, value

COMMAND_LINE = "command line"
"""The actor of what was done by a command on the server, without a token."""

Action = Literal[
    "category.defined",
    "category.deleted",
    "dead_letter.retried",
    "member.added",
    "member.banned",
    "member.changed",
    "member.removed",
    "member.unbanned",
    "message.deleted",
    "messages.read",
    "notification.cancelled",
    "notification.edited",
    "notification.published",
    "notification.retracted",
    "room.deleted",
    "streams.ended",
    "user.deleted",
    "user.exported",
]

ACTIONS: tuple[Action, ...] = get_args(Action)

TargetKind = Literal["user", "room", "message", "notification", "category", "dead_letter"]

STEP_ROWS = 500
"""Rows that one step of retention deletes at most."""

SCAN_ROWS = 1000
MAX_SCANS = 5
"""Rows that one read of an index returns, and reads of one page: a page may be shorter than its limit where
rows match one filter, and few of them the others."""

LAST_ID = canonical_id("ffffffff-ffff-ffff-ffff-ffffffffffff")


@value
class Entry:
    """One row. at: milliseconds. target: see `target`; None if all users are meant, or nobody. details: ids
    and numbers."""

    id: str
    at: int
    actor: str
    action: str
    target: str | None
    details: Mapping[str, Any]


@value
class TrimAudit:
    """Delete one step of the rows from before a time, in milliseconds. The result: how many."""

    before: int

    @property
    def conflict_key(self) -> str:
        """At most one step of retention per transaction, so that it stays short."""
        return "retention"


def target(kind: TargetKind, id_: str) -> str:
    """Return the text of a target, by which the log can be searched."""
    return f"{kind}:{id_}"


def note(tx: Transaction, action: Action, actor: str, target: str | None = None, **details: object) -> None:
    """Add a row about what this transaction does.

    actor: the user of the token, or COMMAND_LINE. target: of `target()`. details: JSON values, small: ids and
    numbers. A handler that refuses the command notes nothing.
    """
    row = {
        "id": new_id(),
        "at": tx.now,
        "actor": actor,
        "action": action,
        "target": target,
        "details": to_json(details),
    }
    tx.add("insert_audit", rows=[row])


async def trim_audit(tx: Transaction, commands: Sequence[TrimAudit]) -> Sequence[int]:
    """Handle TrimAudit: a `committer.Handler`."""
    return [len(await tx.run("trim_audit", before=one.before, limit=STEP_ROWS)) for one in commands]


class AuditLog:
    """Reads committed rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, *, before: str, limit: int, actor: str | None, action: str | None, target: str | None
    ) -> tuple[Sequence[Entry], str | None]:
        """Read the rows before an id that match the filters: newest first, at most limit.

        Returns the id before which the next page begins, None if this is the last one. A page may be shorter
        than its limit, and empty, although more follow.
        """
        name, wanted = _index_of(actor, action, target)
        found: list[Entry] = []
        for _ in range(MAX_SCANS):
            rows = await self._database.fetch(name, **wanted, before=before, limit=SCAN_ROWS)
            for row in rows:
                entry = _entry(row)
                if _matches(entry, actor, action, target):
                    if len(found) == limit:
                        return found, found[-1].id
                    found.append(entry)
            if len(rows) < SCAN_ROWS:
                return found, None
            before = rows[-1][0]
        return found, before


def _index_of(actor: str | None, action: str | None, target: str | None) -> tuple[str, dict[str, str]]:
    """Return the query whose index has the fewest rows to look at, and the value it looks for."""
    if target is not None:
        return "audit_of_target", {"target": target}
    if actor is not None:
        return "audit_of_actor", {"actor": actor}
    return ("audit_log", {}) if action is None else ("audit_of_action", {"action": action})


def _matches(entry: Entry, actor: str | None, action: str | None, target: str | None) -> bool:
    wanted = ((actor, entry.actor), (action, entry.action), (target, entry.target))
    return all(one is None or one == found for one, found in wanted)


def _entry(row: Sequence[Any]) -> Entry:
    id_, at, actor, action, target, details = row
    return Entry(id=id_, at=at, actor=actor, action=action, target=target, details=json.loads(details))
