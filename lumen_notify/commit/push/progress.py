"""Progress: writes how far pushes are done, and what became of a page of them, in one transaction.

Promises: what a page did is written as a whole or not at all, and once, whatever the number of instances: a
page begins where the last one has ended (`from_user`), and a push that has waited is deleted by the one that
decides about it. What another instance has written meanwhile stays; devices learn what became of a push in
any case.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.push.dead_letters import DeadLetter, add_dead_letters
from lumen_notify.commit.push.outbox import Showing, withdraw_what_changed
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import to_json, value

MAX_SHOWN = 50
"""Collapse keys that are known of a device: more than a phone shows."""

HOUR_MS = 3_600_000

MAX_DELETED = 500
"""Rows of rates that a transaction deletes, besides those that it writes."""


@value
class TakePushes:
    """Take pushes from the outbox, so that nothing joins them any more. The result: None."""

    ids: tuple[str, ...]

    @property
    def conflict_key(self) -> None:
        """None: it conflicts with no other."""
        return None

    @property
    def cost(self) -> Cost:
        """A row for each."""
        return Cost(rows=len(self.ids))


@value
class Progress:
    """How far a push is done: its users after from_user, up to done_user."""

    push_id: str
    from_user: str
    done_user: str
    is_done: bool


@value
class WaitingKey:
    """A push that waits for one user, or for one of their devices."""

    user_id: str
    push_id: str
    notification_id: str
    device_id: str


@value
class WaitingRow:
    """A push that is to wait. due_at: when it is decided again. tried_at: when it was tried first, None if it
    was not; collapse_key: of that try. Times in milliseconds."""

    key: WaitingKey
    category: str | None
    reason: str
    due_at: int
    collapse_key: str | None = None
    attempts: int = 0
    tried_at: int | None = None


@value
class DeviceResult:
    """What became of a push to one device. registered_at: of the device, when it was read. shown, hidden: the
    collapse keys that it shows from now on, or no more. failure: why its provider has refused the push.
    max_failures: with as many in a row it is dropped, None if it stays. badge: the unread count that it
    shows, None if it is as it was."""

    device_id: str
    user_id: str
    registered_at: int
    is_sent: bool = False
    is_gone: bool = False
    failure: str | None = None
    max_failures: int | None = None
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    badge: int | None = None


@value
class PushOutcome:
    """What was decided about a user, or became of a push to one of their devices.

    device_id: None for all devices. notification_id: empty for messages of a room, which are not reported.
    """

    push_id: str
    user_id: str
    device_id: str | None
    word: str
    notification_id: str = ""


@value
class AdvancePushes:
    """Write what a page did. The result: whether another instance has done a part of it.

    waited: rows that were decided about, and when each was due. showing: whose devices show something new,
    and decided_position: the position of the log before it was decided. pushed: push, user and category of
    what counts for the limit of the hour, which is max_per_hour.
    """

    decided_position: int = 0
    progress: tuple[Progress, ...] = ()
    waited: tuple[tuple[WaitingKey, int], ...] = ()
    waiting: tuple[WaitingRow, ...] = ()
    devices: tuple[DeviceResult, ...] = ()
    showing: tuple[Showing, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    outcomes: tuple[PushOutcome, ...] = ()
    pushed: tuple[tuple[str, str, str], ...] = ()
    max_per_hour: int = 20

    @property
    def conflict_key(self) -> str:
        """One page in a transaction, so that what two pages say of one device is written in order."""
        return "push"

    @property
    def cost(self) -> Cost:
        """A row for each."""
        rows = len(self.progress) + len(self.waited) + len(self.waiting) + len(self.devices)
        return Cost(rows=rows + len(self.dead_letters) + len(self.pushed) + 1)


async def take_pushes(tx: Transaction, commands: Sequence[TakePushes]) -> Sequence[None]:
    """Handle TakePushes: a `committer.Handler`. It runs after everything that writes to the outbox."""
    tx.add("take_pushes", rows=[{"id": id_} for command in commands for id_ in command.ids])
    return [None] * len(commands)


async def advance_pushes(tx: Transaction, commands: Sequence[AdvancePushes]) -> Sequence[bool]:
    """Handle AdvancePushes: a `committer.Handler`."""
    return [await _advance(tx, command) for command in commands]


async def _advance(tx: Transaction, command: AdvancePushes) -> bool:
    await _write_devices(tx, command)
    withdraw_what_changed(tx, command.showing, since=command.decided_position)
    progress = [
        {
            "id": one.push_id,
            "from_user": one.from_user,
            "done_user": one.done_user,
            "is_done": int(one.is_done),
        }
        for one in command.progress
    ]
    mine = (
        {id_ for (id_,) in await tx.run("advance_pushes", rows=progress, now=tx.now)} if progress else set()
    )
    waited = [{**asdict(key), "due_at": due_at} for key, due_at in command.waited]
    deleted = await tx.run("delete_waited", rows=waited) if waited else ()
    mine |= {(user_id, push_id) for user_id, push_id, *_ in deleted}

    def is_mine(push_id: str, user_id: str) -> bool:
        return push_id in mine or (user_id, push_id) in mine

    waiting = [one for one in command.waiting if is_mine(one.key.push_id, one.key.user_id)]
    tx.add("insert_waiting", rows=[_waiting_row(one) for one in waiting])
    letters = [one for one in command.dead_letters if is_mine(one.push_id, one.user_id)]
    add_dead_letters(tx, letters)
    _write_report(tx, [one for one in command.outcomes if is_mine(one.push_id, one.user_id)])
    await _write_rates(
        tx,
        [(user_id, category) for push_id, user_id, category in command.pushed if is_mine(push_id, user_id)],
        kept=command.max_per_hour,
    )
    return len(mine) < len(command.progress) + len({(key.user_id, key.push_id) for key, _ in command.waited})


async def _write_devices(tx: Transaction, command: AdvancePushes) -> None:
    results: dict[str, list[DeviceResult]] = defaultdict(list)
    for one in command.devices:
        results[one.device_id].append(one)
    if not results:
        return
    found = await tx.run("shown_by_devices", rows=[{"id": id_} for id_ in results])
    rows = [_device_row(results[id_], json.loads(shown)) for id_, shown in found]
    tx.add("write_device_results", rows=rows, now=tx.now)


def _device_row(results: Sequence[DeviceResult], shown: list[str]) -> dict[str, Any]:
    for one in results:
        shown = [key for key in shown if key not in one.hidden and key not in one.shown]
        shown += one.shown
    last = results[-1]
    badges = [one.badge for one in results if one.badge is not None]
    return {
        "id": last.device_id,
        "user_id": last.user_id,
        "registered_at": last.registered_at,
        "is_sent": int(last.is_sent),
        "is_gone": int(any(one.is_gone for one in results)),
        "failure": last.failure,
        "max_failures": last.max_failures,
        "shown": to_json(shown[-MAX_SHOWN:]),
        "badge": badges[-1] if badges else None,
    }


def _waiting_row(one: WaitingRow) -> dict[str, Any]:
    return {
        **asdict(one.key),
        "category": one.category or "",
        "reason": one.reason,
        "collapse_key": one.collapse_key,
        "attempts": one.attempts,
        "tried_at": one.tried_at,
        "due_at": one.due_at,
    }


def _write_report(tx: Transaction, outcomes: Iterable[PushOutcome]) -> None:
    pages: dict[tuple[str, str], list[list[str | None]]] = defaultdict(list)
    for one in outcomes:
        if one.notification_id:
            pages[one.push_id, one.notification_id].append([one.user_id, one.device_id, one.word])
    numbers: Counter[str] = Counter()
    rows = []
    for (push_id, notification_id), page in pages.items():
        numbers[push_id] += 1
        rows.append(
            {
                "push_id": push_id,
                "number": numbers[push_id],
                "notification_id": notification_id,
                "outcomes": to_json(page),
            }
        )
    tx.add("insert_report", rows=rows, now=tx.now)


async def _write_rates(tx: Transaction, pushed: Sequence[tuple[str, str]], *, kept: int) -> None:
    if not pushed or not kept:
        return
    rows = [{"user_id": user_id, "category": category} for user_id, category in sorted(set(pushed))]
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    for user_id, category, text in await tx.run("pushed_at", rows=rows):
        times[user_id, category] = [at for at in json.loads(text) if tx.now - HOUR_MS < at <= tx.now]
    for key in pushed:
        times[key].append(tx.now)
    tx.add("delete_old_rates", before=tx.now - HOUR_MS, limit=MAX_DELETED)
    tx.add(
        "write_pushed_at",
        rows=[
            {"user_id": user_id, "category": category, "pushed_at": to_json(times[-kept:]), "last_at": tx.now}
            for (user_id, category), times in times.items()
        ],
    )
