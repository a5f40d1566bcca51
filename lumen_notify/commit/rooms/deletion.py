"""Closing: a room ends, and what it leaves behind is taken away in small steps.

Promises: from the transaction that closes it nobody finds the room, and nothing new gets in; each member
is told by `left`; the id is free again once all is gone. Steps that a process leaves undone are done by
`retention`.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.permissions import found, load_room_contexts, too_low
from lumen_notify.commit.rooms.membership import Membership
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, value

STEP_MEMBERS = 250
"""Each has an event with his numbers."""

STEP_ROWS = 1000
"""Messages, notifications. Either step is some 10 ms of the writer's time."""


@value
class CloseRoom:
    """End a room. The result: None, or a refusal. The rest is for PurgeRoom."""

    room_id: str
    caller: str

    @property
    def conflict_key(self) -> str:
        """Two changes of one room do not meet in one transaction."""
        return "room:" + self.room_id


@value
class PurgeRoom:
    """Take away one step of what a closed room leaves behind. The result: whether there is more."""

    room_id: str

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "purge"


async def close_rooms(tx: Transaction, commands: Sequence[CloseRoom]) -> Sequence[object]:
    """Write ends of rooms: a `committer.Handler`."""
    rooms = await load_room_contexts(tx, [(one.room_id, one.caller) for one in commands])
    answers: list[object] = []
    closed = []
    for n, one in enumerate(commands):
        try:
            room = found(rooms.get(n))
            room.require_moderator()
            if room.role != "owner":
                raise too_low()
        except Refused as refused:
            answers.append(refused)
        else:
            answers.append(None)
            closed.append({"room_id": one.room_id})
    if closed:
        tx.add("take_rooms_away", rows=closed)
    return answers


async def purge_rooms(tx: Transaction, commands: Sequence[PurgeRoom]) -> Sequence[bool]:
    """Write steps of what closed rooms leave behind: a `committer.Handler`."""
    return [await _purge(tx, command.room_id) for command in commands]


async def _purge(tx: Transaction, room_id: str) -> bool:
    members = await tx.run("members_of_gone", room_id=room_id, limit=STEP_MEMBERS)
    if members:
        membership = Membership(tx)
        for user_id, joined_position in members:
            membership.leave(room_id, user_id, joined_position, {"reason": "deleted", "by": None})
        await membership.write()
        return True
    if await tx.run("delete_messages_of_gone", room_id=room_id, limit=STEP_ROWS):
        return True
    audience = Audience.room(room_id)
    if await tx.run("delete_notifications_of_gone", room_id=room_id, audience=audience, limit=STEP_ROWS):
        return True
    if await tx.run("delete_gone", room_id=room_id):
        tx.add("delete_bans_of_room", room_id=room_id)
        tx.add("delete_tally_of", audience=audience)
        tx.add("delete_removed_of", audience=audience)
    return False
