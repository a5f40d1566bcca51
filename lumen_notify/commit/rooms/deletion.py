"""Deletion: a room is deleted at once; its rows are purged in small steps.

Promises: from the transaction that deletes it nobody finds the room or writes to it; each member gets `left`;
its messages, its notifications and the notifications of its mentions leave the lists, the counts and the log;
what is scheduled to it never arrives, not even in a later room with the same id;
the id is free again once everything is purged. `jobs/retention` finishes what a process leaves unpurged.

The text leaves the log after the members have left, since their `left` events restate their counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.budget import Cost
from lumen_notify.commit.permissions import load_room_contexts, require_room
from lumen_notify.commit.publications.removal import remove_notifications
from lumen_notify.commit.rooms.membership import Membership, room_conflict_key
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, value
from lumen_notify.model.events import (
    MessageDeleted,
    MessageEdited,
    MessageSent,
    NotificationEdited,
    NotificationPublished,
)

STEP_MEMBERS = 250
"""Members removed in one step. Each gets an event with their counts."""

STEP_ROWS = 1000
"""Messages or notifications deleted, or events withdrawn, in one step."""

STEP_MENTIONS = 200
"""Mentions removed in one step. Each gets an event with the user's counts. Any step takes some 10 ms of the
writer's time."""

_KINDS_WITH_TEXT = frozenset(
    {
        NotificationPublished.kind,
        NotificationEdited.kind,
        MessageSent.kind,
        MessageEdited.kind,
        MessageDeleted.kind,
    }
)
"""The kinds of a room's events that are withdrawn: those that show a notification or a message."""


@value
class DeleteRoom:
    """Delete a room. The result: None, or a refusal. PurgeRoom does the rest.

    is_admin: whether the caller acts as an administrator; the audit log says so.
    """

    room_id: str
    caller: str
    is_admin: bool = False

    @property
    def conflict_key(self) -> str:
        """At most one change of a room per transaction."""
        return room_conflict_key(self.room_id)


@value
class PurgeRoom:
    """Purge one step of a deleted room's rows. The result: whether rows may be left."""

    room_id: str

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "purge"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_ROWS)


async def delete_rooms(tx: Transaction, commands: Sequence[DeleteRoom]) -> Sequence[object]:
    """Handle DeleteRoom: a `committer.Handler`."""
    admins = [n for n, one in enumerate(commands) if one.is_admin]
    rooms = await load_room_contexts(tx, [(one.room_id, one.caller) for one in commands], admins)
    answers: list[object] = []
    deleted = []
    for n, one in enumerate(commands):
        try:
            require_room(rooms.get(n)).require_owner()
        except Refused as refusal:
            answers.append(refusal)
        else:
            answers.append(None)
            deleted.append({"room_id": one.room_id})
            if one.is_admin:
                details = {"kind": rooms[n].kind, "members": rooms[n].members_count}
                note(tx, "room.deleted", one.caller, target("room", one.room_id), **details)
    if deleted:
        tx.add("mark_rooms_deleted", rows=deleted)
    return answers


async def purge_rooms(tx: Transaction, commands: Sequence[PurgeRoom]) -> Sequence[bool]:
    """Handle PurgeRoom: a `committer.Handler`."""
    return [await _purge(tx, command.room_id) for command in commands]


async def _purge(tx: Transaction, room_id: str) -> bool:
    members = await tx.run("members_of_deleted_room", room_id=room_id, limit=STEP_MEMBERS)
    if members:
        membership = Membership(tx)
        for user_id, joined_position in members:
            membership.remove(room_id, user_id, joined_position, {"reason": "deleted", "by": None})
        await membership.write()
        return True
    audience = Audience.room(room_id)
    if await _withdraw(tx, room_id, audience) or await _purge_messages(tx, room_id):
        return True
    if await tx.run("purge_scheduled", room_id=room_id, limit=STEP_ROWS):
        return True
    if await tx.run("purge_notifications", room_id=room_id, audience=audience, limit=STEP_ROWS):
        return True
    if await tx.run("purge_room", room_id=room_id):
        tx.add("purge_bans", room_id=room_id)
        tx.add("purge_mutes", room_id=room_id)
        tx.add("purge_active_totals", audience=audience)
        tx.add("purge_tombstones", audience=audience)
    return False


async def _withdraw(tx: Transaction, room_id: str, audience: Audience) -> bool:
    """Withdraw one step of the events with text; return whether there were any."""
    events = await tx.run("events_of_deleted_room", room_id=room_id, audience=audience, limit=STEP_ROWS)
    if not events:
        return False
    await tx.withdraw(position for position, kind in events if kind in _KINDS_WITH_TEXT)
    tx.add("set_withdrawn_position", room_id=room_id, position=max(position for position, _ in events))
    return True


async def _purge_messages(tx: Transaction, room_id: str) -> bool:
    """Purge one step of the messages, or else of the mentions in them; return whether there were any."""
    mentions = await tx.run(
        "mentions_of_deleted_room", room_id=room_id, messages_limit=STEP_ROWS, limit=STEP_MENTIONS
    )
    if mentions:
        await remove_notifications(tx, [(id_, Audience(audience)) for id_, audience in mentions])
        return True
    messages = await tx.run("purge_messages", room_id=room_id, limit=STEP_ROWS)
    copies = [position for _, text in messages if text is not None for position in json.loads(text)]
    for first in range(0, len(copies), STEP_ROWS):
        await tx.withdraw(copies[first : first + STEP_ROWS])
    return bool(messages)
