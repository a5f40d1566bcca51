"""Deletion: a user is deleted: what is theirs goes, and what others keep names an alias in their place.

Promises: from the transaction that starts it, their tokens, sessions and devices count no more, and their
streams end on all instances, by an event; everything from before goes, in small transactions, which go on
after a crash and on another instance; counts of others are exact at every position; nothing that was deleted
stays in the log. What comes under the same id while it runs is deleted too, or stays as that of a new user:
the id is free once the deletion has finished.

| step | does |
|---|---|
| `rooms` | leaves all rooms, as the user would |
| `rows` | deletes what is the user's alone |
| the scans | go through one table each, and put the alias in the place of the user |
| `end` | ends the user's streams once more, and waits until all instances have read the log |
| `log` | goes through the events, up to the newest |

Not here: the steps (`rooms`, `rows`, `scans`, `messages`, `log_scan`), what an alias is (`alias`).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from lumen_notify.commit.accounts.sessions import end_all_sessions
from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.budget import Cost
from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.commit.users.alias import Alias, new_alias
from lumen_notify.commit.users.log_scan import scan_log
from lumen_notify.commit.users.messages import scan_messages
from lumen_notify.commit.users.rooms import leave_rooms
from lumen_notify.commit.users.rows import delete_rows_of_user, has_streams
from lumen_notify.commit.users.scans import SCANS, STEP_ROWS, Scan, Scanned, scan
from lumen_notify.errors import Forbidden
from lumen_notify.model import value

Messages = Literal["keep", "delete"]
"""What becomes of the user's messages: they are the alias's, or they are deleted."""

LATE_MS = 60_000
"""How long the log tells all instances which streams to end, before it is rewritten: those that lag behind
read it meanwhile."""

FRESH_MS = 600_000
"""How long ago the log-in of users who delete themselves may be."""

FIRST, END, LOG = "rooms", "end", "log"


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
class PurgeUser:
    """Do one step of a deletion. The result: whether another one may follow at once.

    user_id: whose; None for the one that has waited longest.
    """

    user_id: str | None = None

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "purge-user"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_ROWS)


@value
class Deletion:
    """A deletion that is under way. alias: in the user's place. after: the key of the last row that the step
    has looked at; None at its beginning. Times in milliseconds."""

    user_id: str
    alias: str
    messages: Messages
    step: str
    after: tuple[Any, ...] | None
    started_at: int
    step_at: int

    @property
    def replaced(self) -> Alias:
        """The alias, in the user's place."""
        return Alias(user_id=self.user_id, alias=self.alias)

    def at(self, step: str, now: int) -> Deletion:
        """Return the deletion at the beginning of a step."""
        return replace(self, step=step, after=None, step_at=now)


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
        if await tx.run("start_deletions", rows=[{**row, "now": tx.now}]):
            note(tx, "user.deleted", command.by, target("user", command.user_id), messages=command.messages)
        tx.add("delete_account", user_id=command.user_id)
        await end_all_sessions(tx, [command.user_id])
        answers.append(await _load(tx, command.user_id))
    return answers


async def _fresh(tx: Transaction, commands: Sequence[DeleteUser]) -> set[str]:
    rows = [{"family": one.session, "user_id": one.user_id} for one in commands if one.session is not None]
    if not rows:
        return set()
    return {user_id for (user_id,) in await tx.run("fresh_sessions", rows=rows, since=tx.now - FRESH_MS)}


async def purge_users(tx: Transaction, commands: Sequence[PurgeUser]) -> Sequence[bool]:
    """Handle PurgeUser: a `committer.Handler`."""
    answers = []
    for command in commands:
        deletion = await _load(tx, command.user_id)
        answers.append(deletion is not None and await _step(tx, deletion))
    return answers


async def _load(tx: Transaction, user_id: str | None) -> Deletion | None:
    rows = await tx.run("next_deletion", user_id=user_id)
    return _deletion(rows[0]) if rows else None


Step = Callable[[Transaction, Deletion], Awaitable[Scanned]]


async def _leave_rooms(tx: Transaction, deletion: Deletion) -> Scanned:
    return Scanned(has_more=await leave_rooms(tx, deletion.replaced))


async def _delete_rows(tx: Transaction, deletion: Deletion) -> Scanned:
    return Scanned(has_more=await delete_rows_of_user(tx, deletion.user_id))


async def _scan_messages(tx: Transaction, deletion: Deletion) -> Scanned:
    return await scan_messages(
        tx, deletion.replaced, after=deletion.after, deletes=deletion.messages == "delete"
    )


def _scan(how: Scan) -> Step:
    async def step(tx: Transaction, deletion: Deletion) -> Scanned:
        return await scan(tx, how, deletion.replaced, after=deletion.after)

    return step


STEPS: Mapping[str, Step] = {
    FIRST: _leave_rooms,
    "rows": _delete_rows,
    **{name: _scan(how) for name, how in SCANS.items()},
    "messages": _scan_messages,
}
"""The steps before END."""

ORDER = (*STEPS, END, LOG)
"""All steps."""


async def _step(tx: Transaction, deletion: Deletion) -> bool:
    """Do one step; return whether the next may follow at once."""
    if deletion.step == END:
        return await _end(tx, deletion)
    if deletion.step == LOG:
        return await _finish(tx, deletion)
    scanned = await STEPS[deletion.step](tx, deletion)
    following = replace(deletion, after=scanned.after)
    if not scanned.has_more:
        following = deletion.at(ORDER[ORDER.index(deletion.step) + 1], tx.now)
        if following.step == END:
            await end_all_sessions(tx, [deletion.user_id])  # streams that have opened since
    _advance(tx, following)
    return True


async def _end(tx: Transaction, deletion: Deletion) -> bool:
    """Wait until all instances have read which streams end."""
    if tx.now < deletion.step_at + LATE_MS:
        return False
    _advance(tx, deletion.at(LOG, tx.now))
    return True


async def _finish(tx: Transaction, deletion: Deletion) -> bool:
    """Scan one step of the log; after the newest event, delete what has come since, and the deletion."""
    scanned = await scan_log(tx, deletion.replaced, after=deletion.after)
    if scanned.has_more:
        _advance(tx, replace(deletion, after=scanned.after))
        return True
    if await leave_rooms(tx, deletion.replaced):
        _advance(tx, deletion)
        return True
    if await delete_rows_of_user(tx, deletion.user_id):
        _advance(tx, deletion)
        return True
    if not await has_streams(tx, deletion.user_id) or tx.now >= deletion.step_at + LATE_MS:
        tx.add("delete_presence_of_user", user_id=deletion.user_id)
        tx.add("finish_deletion", user_id=deletion.user_id)
        return True
    return False


def _advance(tx: Transaction, deletion: Deletion) -> None:
    tx.add(
        "advance_deletion",
        user_id=deletion.user_id,
        step=deletion.step,
        after="" if deletion.after is None else json.dumps(deletion.after),
        step_at=deletion.step_at,
    )


def _deletion(row: Sequence[Any]) -> Deletion:
    user_id, alias, messages, step, after, started_at, step_at = row
    return Deletion(
        user_id=user_id,
        alias=alias,
        messages=messages,
        step=step,
        after=tuple(json.loads(after)) if after else None,
        started_at=started_at,
        step_at=step_at,
    )


class Deletions:
    """Reads deletions that are under way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: str) -> Deletion | None:
        """Read the deletion of a user; None if there is none. Raises Unavailable."""
        rows = await self._database.fetch("get_deletion", user_id=user_id)
        return _deletion(rows[0]) if rows else None
