"""Read marks: how far each member has read a room.

Promises: a mark only moves forward; a command that does not move it appends no event; the event carries the
reader's unread count for the room at its position.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.permissions import view_refusal
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.events import MAX_READ_IDS, ReadData, RoomRead

STEP_ROOMS = 20
"""Rooms that one step marks as read. Each has an event with up to MAX_READ_IDS ids."""


@value
class MarkRoomRead:
    """Mark the messages up to and including a seq as read. The result: a ReadMark.

    up_to: beyond the newest message means up to the newest.
    """

    room_id: str
    user_id: str
    up_to: int

    @property
    def conflict_key(self) -> None:
        """None: a batch takes several of one user, in their order."""
        return None


@value
class ReadMark:
    """The result. changed: how many messages were newly read. unread: how many are left in the room.
    position: the position in the log at which this holds."""

    changed: int
    last_read_seq: int
    unread: int
    position: int


@value
class MarkAllRoomsRead:
    """Mark all messages of some of the user's rooms as read: one step, of at most STEP_ROOMS rooms.

    The result: a ReadRooms.
    """

    user_id: str

    @property
    def conflict_key(self) -> str:
        """At most one step of a user per transaction."""
        return "read-rooms:" + self.user_id

    @property
    def cost(self) -> Cost:
        """A mark for each room, and the ids that its event names."""
        return Cost(rows=STEP_ROOMS * 10)


@value
class ReadRooms:
    """The result. changed: how many messages were newly read. is_done: whether no other room has any."""

    changed: int
    is_done: bool


@value
class _Move:
    """A mark that moves: the seqs before and after it, and how many messages are left unread."""

    room_id: str
    user_id: str
    before: int
    after: int
    unread: int


async def mark_rooms_read(tx: Transaction, commands: Sequence[MarkRoomRead]) -> Sequence[object]:
    """Handle MarkRoomRead: a `committer.Handler`. It runs after messages are sent.

    Answers a ReadMark each, or NotFound, Forbidden.
    """
    rows = [
        {"n": n, "room_id": command.room_id, "user_id": command.user_id} for n, command in enumerate(commands)
    ]
    contexts = {row[0]: tuple(row[1:]) for row in await tx.run("read_marks", rows=rows)}
    moves: list[_Move] = []
    marks: dict[tuple[str, str], int] = {}
    answers: list[object] = []
    for n, command in enumerate(commands):
        kind, role, last_seq, last_read_seq = contexts.get(n, (None, None, 0, 0))
        if (refusal := view_refusal(kind, role)) is not None:
            answers.append(refusal)
            continue
        before = marks.get((command.room_id, command.user_id), last_read_seq)
        after = max(before, min(command.up_to, last_seq))
        unread = last_seq - after
        if after > before:
            marks[command.room_id, command.user_id] = after
            moves.append(
                _Move(
                    room_id=command.room_id,
                    user_id=command.user_id,
                    before=before,
                    after=after,
                    unread=unread,
                )
            )
        answers.append(
            ReadMark(
                changed=after - before,
                last_read_seq=after,
                unread=unread,
                position=tx.position + len(moves),
            )
        )
    await _write(tx, moves)
    return answers


async def mark_all_rooms_read(tx: Transaction, commands: Sequence[MarkAllRoomsRead]) -> Sequence[ReadRooms]:
    """Handle MarkAllRoomsRead: a `committer.Handler`. It runs after `mark_rooms_read`."""
    users = [{"user_id": command.user_id} for command in commands]
    moves: dict[str, list[_Move]] = {command.user_id: [] for command in commands}
    for user_id, room_id, last_seq, last_read_seq in await tx.run(
        "unread_rooms", users=users, limit=STEP_ROOMS
    ):
        moves[user_id].append(
            _Move(room_id=room_id, user_id=user_id, before=last_read_seq, after=last_seq, unread=0)
        )
    await _write(tx, [move for own in moves.values() for move in own])
    return [
        ReadRooms(
            changed=sum(move.after - move.before for move in moves[command.user_id]),
            is_done=len(moves[command.user_id]) < STEP_ROOMS,
        )
        for command in commands
    ]


async def _write(tx: Transaction, moves: Sequence[_Move]) -> None:
    """Write the marks and append their events, in this order."""
    if not moves:
        return
    marks = {(move.room_id, move.user_id): move.after for move in moves}
    rows = [{"room_id": room_id, "user_id": user_id, "seq": seq} for (room_id, user_id), seq in marks.items()]
    tx.add("raise_read_marks", rows=rows)
    newest = [
        {
            "n": n,
            "room_id": move.room_id,
            "above_seq": max(move.before, move.after - MAX_READ_IDS),
            "up_to": move.after,
        }
        for n, move in enumerate(moves)
    ]
    ids: list[list[str]] = [[] for _ in moves]
    for n, _, id_ in sorted(map(tuple, await tx.run("ids_of_messages", rows=newest))):
        ids[n].append(id_)
    for move, newest_ids in zip(moves, ids, strict=True):
        data: ReadData = {
            "room_id": move.room_id,
            "user_id": move.user_id,
            "from_seq": move.before + 1,
            "up_to": move.after,
            "ids": newest_ids,
        }
        payload = RoomRead(user_id=move.user_id, unread=move.unread, data=data)
        tx.append(Audience.room(move.room_id), payload)
