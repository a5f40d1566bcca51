"""Deletion: a user is deleted: what is theirs goes, and what others keep names an alias in their place.

Promises: from the transaction that starts it, their tokens, sessions and devices count no more, and their
streams end on all instances, by an event; everything from before goes, in small transactions, which go on
after a crash and on another instance; counts of others are exact at every position; nothing that was deleted
stays in the log. What comes under the same id while it runs is deleted too, or stays as that of a new user:
the id is free once the deletion has finished.

Not here: the steps (`purge`), what an alias is (`alias`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from lumen_notify.commit.accounts.sessions import end_all_sessions
from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.commit.users.alias import Alias, new_alias
from lumen_notify.errors import Forbidden
from lumen_notify.model import value

Messages = Literal["keep", "delete"]
"""What becomes of the user's messages: they are the alias's, or they are deleted."""

LATE_MS = 60_000
"""How long the log tells all instances which streams to end, before it is rewritten: those that lag behind
read it meanwhile."""

REQUESTS_MS = 10_000
"""How long a request may take, on an instance that reads the log a second late."""

FRESH_MS = 600_000
"""How long ago the log-in of users who delete themselves may be."""

FIRST, REQUESTS, END, LOG, STREAMS = "rooms", "requests", "end", "log", "streams"

WAITS: Mapping[str, int] = {REQUESTS: REQUESTS_MS, END: LATE_MS, STREAMS: LATE_MS}
"""How long the steps that wait do so, in milliseconds."""


@value
class DeleteUser:
    """Start to delete a user. The result: a Deletion, or Forbidden.

    by: who asks, for the audit log. session: the log-in that has to be theirs and fresh; None if the caller
    may delete anybody.
    """

    user_id: str
    messages: Messages
    by: str
    session: str | None = None

    @property
    def conflict_key(self) -> str:
        """As for a log-out everywhere."""
        return f"account:{self.user_id}"


@value
class Deletion:
    """A deletion that is under way. alias: in the user's place. after: the key of the last row that the step
    has looked at; None at its beginning. Times in milliseconds; due_at: when the step may go on, 0 for at
    once."""

    user_id: str
    alias: str
    messages: Messages
    step: str
    after: tuple[Any, ...] | None
    started_at: int
    due_at: int

    @property
    def replaced(self) -> Alias:
        """The alias, in the user's place."""
        return Alias(user_id=self.user_id, alias=self.alias)

    def at(self, step: str, now: int) -> Deletion:
        """Return the deletion at the beginning of a step."""
        return replace(self, step=step, after=None, due_at=now + WAITS[step] if step in WAITS else 0)


async def delete_users(tx: Transaction, commands: Sequence[DeleteUser]) -> Sequence[object]:
    """Handle DeleteUser: a `committer.Handler`. It runs after sessions are opened."""
    fresh = await _fresh(tx, commands)
    answers: list[object] = []
    for command in commands:
        if command.session is not None and command.user_id not in fresh:
            answers.append(
                Forbidden(
                    "Log in again: only a log-in of the last 10 minutes may do this.", code="log_in_again"
                )
            )
            continue
        row = {"user_id": command.user_id, "alias": new_alias(), "messages": command.messages, "step": FIRST}
        await tx.run("start_deletions", rows=[{**row, "now": tx.now}])
        tx.add("delete_account", user_id=command.user_id)
        await end_all_sessions(tx, [command.user_id])
        deletion = await load(tx, command.user_id)
        if deletion is not None:
            details = {"messages": deletion.messages}
            note(tx, "user.deleted", command.by, target("user", command.user_id), **details)
            if deletion.step in (END, LOG, STREAMS):  # or the log would be rewritten before all have read it
                advance(tx, deletion.at(END, tx.now))
        answers.append(deletion)
    return answers


async def _fresh(tx: Transaction, commands: Sequence[DeleteUser]) -> set[str]:
    rows = [{"family": one.session, "user_id": one.user_id} for one in commands if one.session is not None]
    if not rows:
        return set()
    return {user_id for (user_id,) in await tx.run("fresh_sessions", rows=rows, since=tx.now - FRESH_MS)}


async def load(tx: Transaction, user_id: str | None) -> Deletion | None:
    """Read the deletion of a user; None for the oldest one that has something to do. Returns None if there is
    none."""
    rows = await tx.run("next_deletion", user_id=user_id, now=tx.now)
    return _deletion(rows[0]) if rows else None


def advance(tx: Transaction, deletion: Deletion) -> None:
    """Write how far a deletion is."""
    tx.add(
        "advance_deletion",
        user_id=deletion.user_id,
        step=deletion.step,
        after="" if deletion.after is None else json.dumps(deletion.after),
        due_at=deletion.due_at,
    )


def _deletion(row: Sequence[Any]) -> Deletion:
    user_id, alias, messages, step, after, started_at, due_at = row
    return Deletion(
        user_id=user_id,
        alias=alias,
        messages=messages,
        step=step,
        after=tuple(json.loads(after)) if after else None,
        started_at=started_at,
        due_at=due_at,
    )


class Deletions:
    """Reads deletions that are under way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: str) -> Deletion | None:
        """Read the deletion of a user; None if there is none. Raises Unavailable."""
        rows = await self._database.fetch("get_deletion", user_id=user_id)
        return _deletion(rows[0]) if rows else None
