"""Retraction: a publisher takes a notification back, from everyone.

Promises: it leaves all lists and counts, by an event (`expire`), and its text leaves the log; what is
scheduled, delayed or waits in digests is never published. Of a group, what the caller has published leaves
it: the others stay in it, by an event (`notification_edited`), and the row goes with the last of them. No
step is larger than its limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.groups import shown_without
from lumen_notify.commit.publications.only import load_only, take_back_only
from lumen_notify.commit.publications.removal import announce_removed, delete_rows
from lumen_notify.commit.publications.rows import (
    PublishedRow,
    load_digest_item,
    load_parts,
    load_rows,
    load_scheduled,
    may_change,
    may_change_waiting,
)
from lumen_notify.commit.publications.texts import Edit, withdraw_texts, write_edits
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value

STEP_ROWS = 200
"""Rows that a step removes: some 10 ms of the writer's time."""


@value
class Retract:
    """Take a notification back. The result: a Retracted.

    sender: only what has this sender; None for all of it. after: the audience after which a further step goes
    on. is_noted: whether the audit log has it, if an administrator does it.
    """

    id: str
    caller: Caller
    sender: str | None = None
    after: str = ""
    is_noted: bool = False

    @property
    def conflict_key(self) -> str:
        """At most one change of a notification per transaction."""
        return "publication:" + self.id

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_ROWS)


@value
class Retracted:
    """The answer. number: of rows, groups, waiting publications and pushes from which something is taken.

    It is 0 if the caller has published nothing with this id. following: the next step; None after the last.
    """

    number: int
    following: Retract | None = None


async def retract(tx: Transaction, commands: Sequence[Retract]) -> Sequence[Retracted]:
    """Take notifications back: a `committer.Handler`; it runs before `mark`, like `remove`."""
    return [await _retract(tx, command) for command in commands]


async def _retract(tx: Transaction, command: Retract) -> Retracted:
    number = 0 if command.after else await _cancel(tx, command)
    rows = await load_rows(
        tx, command.id, after=command.after, limit=STEP_ROWS, has_bodies=command.sender is not None
    )
    plain = [
        row.key
        for row in await may_change(tx, command.caller, rows)
        if command.sender is None or row.sender_id == command.sender
    ]
    emptied, edits = await _leave_groups(tx, command, [row for row in rows if row.is_group])
    removed = await delete_rows(tx, [*plain, *(row.key for row in emptied)])
    await withdraw_texts(tx, removed)
    await announce_removed(tx, removed)
    await write_edits(tx, edits)
    number += len(removed) + len(edits)
    is_noted = command.is_noted
    if number and not is_noted:
        is_noted = command.caller.note(tx, "notification.retracted", command.id)
    following = None
    if len(rows) == STEP_ROWS:
        following = replace(command, after=rows[-1].audience, is_noted=is_noted)
    return Retracted(number=number, following=following)


async def _cancel(tx: Transaction, command: Retract) -> int:
    """Cancel what waits to be published, and what goes to devices alone; return in how many places something
    did."""
    number = 0
    for load, query in ((load_scheduled, "delete_scheduled"), (load_digest_item, "delete_digest_items")):
        waiting = await load(tx, command.id)
        if (
            waiting is not None
            and _is_of(command, waiting.sender_id)
            and await may_change_waiting(tx, command.caller, waiting)
        ):
            for (text_id,) in await tx.run(query, id=command.id):
                tx.texts.release(text_id)
            number += 1
    only = [one for one in await load_only(tx, command.caller, command.id) if _is_of(command, one.sender_id)]
    take_back_only(tx, command.id, only)
    return number + len(only)


def _is_of(command: Retract, sender_id: str | None) -> bool:
    return command.sender in (None, sender_id)


async def _leave_groups(
    tx: Transaction, command: Retract, groups: Sequence[PublishedRow]
) -> tuple[list[PublishedRow], list[Edit]]:
    """Take the caller's parts out of groups; return the groups in which nothing is left, and the edits of the
    others."""
    caller = command.caller
    allowed = [row for row in groups if await caller.may_change(tx, caller.user_id, row.audience)]
    if not allowed:
        return [], []
    which = {
        "rows": [{"id": row.id, "audience": row.audience} for row in allowed],
        "publisher": caller.publisher,
        "sender": command.sender,
    }
    counts = {Audience(audience): numbers for audience, *numbers in await tx.run("count_parts", **which)}
    leaving = [row for row in allowed if counts.get(row.audience, (0, 0))[1]]
    emptied = [row for row in leaving if counts[row.audience][0] == counts[row.audience][1]]
    smaller = [row for row in leaving if row not in emptied]
    if not smaller:
        return emptied, []
    for (text_id,) in await tx.run(
        "delete_parts", **which | {"rows": [{"id": row.id, "audience": row.audience} for row in smaller]}
    ):
        tx.texts.release(text_id)
    parts = await load_parts(tx, smaller)
    return emptied, [
        shown_without(tx, row, parts[row.audience], counts[row.audience][0] - counts[row.audience][1])
        for row in smaller
    ]
