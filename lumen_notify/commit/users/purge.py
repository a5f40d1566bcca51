"""Purge: the steps of a deletion, each in a small transaction.

| step | does |
|---|---|
| `rooms` | leaves all rooms, as the user would |
| `rows` | deletes what is the user's alone |
| `requests` | waits for requests that instances have let in before they read the end of the tokens |
| the scans | go through one table each, and put the alias in the place of the user |
| `end` | ends the user's streams once more, and waits until all instances have read the log |
| `log` | goes through the events, up to the newest |
| `streams` | waits, if streams have opened since; then as `log` |

While one deletion waits, the next one goes on.

Not here: how a deletion starts (`deletion`), what most of the steps do (`rooms`, `rows`, `scans`, `messages`,
`log_scan`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from lumen_notify.commit.accounts.sessions import end_all_sessions
from lumen_notify.commit.budget import Cost
from lumen_notify.commit.transaction import Transaction
from lumen_notify.commit.users.deletion import END, FIRST, LOG, REQUESTS, STREAMS, Deletion, advance, load
from lumen_notify.commit.users.log_scan import scan_log
from lumen_notify.commit.users.messages import scan_messages
from lumen_notify.commit.users.rooms import leave_rooms
from lumen_notify.commit.users.rows import delete_rows_of_user, has_streams
from lumen_notify.commit.users.scans import SCANS, STEP_ROWS, Scan, Scanned, scan
from lumen_notify.model import value


@value
class PurgeUser:
    """Do one step of a deletion. The result: whether another one may follow at once.

    user_id: whose; None for the oldest one that has something to do.
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


async def purge_users(tx: Transaction, commands: Sequence[PurgeUser]) -> Sequence[bool]:
    """Handle PurgeUser: a `committer.Handler`."""
    answers = []
    for command in commands:
        deletion = await load(tx, command.user_id)
        answers.append(deletion is not None and await _step(tx, deletion))
    return answers


Step = Callable[[Transaction, Deletion], Awaitable[Scanned]]


async def _leave_rooms(tx: Transaction, deletion: Deletion) -> Scanned:
    return Scanned(has_more=await leave_rooms(tx, deletion.replaced))


async def _wait(_tx: Transaction, _deletion: Deletion) -> Scanned:
    return Scanned(has_more=False)


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
    REQUESTS: _wait,
    **{name: _scan(how) for name, how in SCANS.items()},
    "messages": _scan_messages,
    END: _wait,
}
"""The steps before LOG. Those that wait have nothing else to do."""

ORDER = (*STEPS, LOG)
"""All steps, but STREAMS, which few deletions need."""


async def _step(tx: Transaction, deletion: Deletion) -> bool:
    """Do one step; return whether the next may follow at once."""
    if tx.now < deletion.due_at:
        return False
    if deletion.step in (LOG, STREAMS):
        await _finish(tx, deletion)
        return True
    scanned = await STEPS[deletion.step](tx, deletion)
    following = replace(deletion, after=scanned.after)
    if not scanned.has_more:
        following = deletion.at(ORDER[ORDER.index(deletion.step) + 1], tx.now)
        if following.step == END:
            await end_all_sessions(tx, [deletion.user_id])  # streams that have opened since
    advance(tx, following)
    return True


async def _finish(tx: Transaction, deletion: Deletion) -> None:
    """Scan one step of the log; after the newest event, delete what has come since, and the deletion."""
    scanned = await scan_log(tx, deletion.replaced, after=deletion.after)
    following = replace(deletion, after=scanned.after)
    if scanned.has_more:
        advance(tx, following)
    elif await leave_rooms(tx, deletion.replaced) or await delete_rows_of_user(tx, deletion.user_id):
        advance(tx, deletion)
    elif deletion.step == LOG and await has_streams(tx, deletion.user_id):
        advance(tx, replace(deletion.at(STREAMS, tx.now), after=following.after))
    else:
        tx.add("delete_presence_of_user", user_id=deletion.user_id)
        tx.add("finish_deletion", user_id=deletion.user_id)
