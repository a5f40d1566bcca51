"""Deletion: users delete notifications from their own list.

Promises: nobody else's list changes; what is deleted is in no list and no count of the user any more, and no
mark brings it back; each step is one event with the user's absolute counts; no step is larger than its limit.

| the notification is for | deleting it |
|---|---|
| this user alone | deletes its row, and its text in the log |
| a room or everyone | is a mark that is later than all others (DELETED): a receipt, or a span for many |

So `read_counts` counts the latter like those from before the user joined the room: as seen, read, archived
and `earlier`.

A selection without ids may cover any number of notifications to this user alone. Steps of STEP_ROWS delete
them; the last step marks those to rooms and everyone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.marks.marks import DELETED, Selection, known_ids, mark_ids, span_of
from lumen_notify.commit.marks.spans import mark_spans
from lumen_notify.commit.publications.removal import RemovedRow, delete_rows
from lumen_notify.commit.publications.texts import withdraw_texts
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Counts, value
from lumen_notify.model.events import NotificationsDeleted

STEP_ROWS = 200
"""Notifications to one user that a step examines: some 10 ms of the writer's time."""


@value
class DeleteOwn:
    """Delete notifications from a user's list. The result: a Deleted.

    after: the position and id after which a further step goes on.
    """

    user_id: str
    selection: Selection
    after: tuple[int, str] = (0, "")

    @property
    def action(self) -> Literal["delete"]:
        """What it does, as `marks.SelectingCommand`."""
        return "delete"

    @property
    def conflict_key(self) -> str:
        """As for Mark: its counts are those at its position."""
        return "mark:" + self.user_id

    @property
    def cost(self) -> Cost:
        """A row for each id, or those of one step."""
        ids = self.selection.ids
        return Cost(rows=STEP_ROWS if ids is None else max(1, len(ids)))


@value
class Deleted:
    """The answer. changed: how many notifications were deleted. counts: the user's, at this position.

    unknown: the ids of the selection that are not of the user's notifications. following: the next step;
    None after the last one.
    """

    changed: int
    counts: Counts
    position: int
    unknown: tuple[str, ...] = ()
    following: DeleteOwn | None = None


async def delete_own(tx: Transaction, commands: Sequence[DeleteOwn]) -> Sequence[Deleted]:
    """Delete notifications from the lists of users: a `committer.Handler`; it runs last, like `mark`."""
    known = await known_ids(tx, commands, {})
    personal, following = await _find_personal(tx, commands)
    removed = await delete_rows(tx, personal)
    await withdraw_texts(tx, removed)
    changed = {command.user_id: len(_of(removed, command.user_id)) for command in commands}
    for user_id, number in (await _mark_shared(tx, commands, following)).items():
        changed[user_id] += number
    counts = await counts_in(tx, [command.user_id for command in commands])
    for command in commands:
        user_id = command.user_id
        if changed[user_id]:
            fields = command.selection.as_fields()
            if user_id in following:
                fields = {"ids": [id_ for id_, _, _ in _of(removed, user_id)]}
            tx.append(Audience.user(user_id), NotificationsDeleted.of(counts[user_id], fields))
    return [
        Deleted(
            changed=changed[command.user_id],
            counts=counts[command.user_id],
            position=tx.position,
            unknown=tuple(id_ for id_ in command.selection.ids or () if id_ not in known[command.user_id]),
            following=following.get(command.user_id),
        )
        for command in commands
    ]


async def _find_personal(
    tx: Transaction, commands: Sequence[DeleteOwn]
) -> tuple[list[tuple[str, Audience]], Mapping[str, DeleteOwn]]:
    """Return the rows to one user each that this step deletes, and the next steps by user."""
    rows: list[tuple[str, Audience]] = []
    following: dict[str, DeleteOwn] = {}
    for command in commands:
        selection, audience = command.selection, Audience.user(command.user_id)
        if selection.ids is not None:
            rows += [(id_, audience) for id_ in selection.ids]
            continue
        up_to = span_of(command, tx.position).up_to
        position, id_ = command.after
        found = await tx.run(
            "notifications_after",
            audience=audience,
            after=position,
            after_id=id_,
            up_to=up_to,
            limit=STEP_ROWS,
        )
        rows += [(row[0], audience) for row in found if selection.category in (None, row[2])]
        if len(found) == STEP_ROWS:
            following[command.user_id] = DeleteOwn(
                user_id=command.user_id,
                selection=Selection(category=selection.category, up_to=up_to),
                after=(found[-1][1], found[-1][0]),
            )
    return rows, following


async def _mark_shared(
    tx: Transaction, commands: Sequence[DeleteOwn], following: Mapping[str, Any]
) -> Mapping[str, int]:
    """Mark the notifications to rooms and everyone; return by user how many change."""
    by_id = [command for command in commands if command.selection.ids is not None]
    changed = dict(await mark_ids(tx, by_id, DELETED)) if by_id else {}
    last = [one for one in commands if one.selection.ids is None and one.user_id not in following]
    if last:
        changed |= await mark_spans(tx, [span_of(command, tx.position) for command in last], DELETED)
    return changed


def _of(removed: Mapping[Audience, Sequence[RemovedRow]], user_id: str) -> Sequence[RemovedRow]:
    return removed.get(Audience.user(user_id), ())
