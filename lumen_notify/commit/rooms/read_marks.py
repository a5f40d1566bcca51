"""Read marks: how far each member has read a room.

Promises: a mark only moves forward; a command that does not move it appends no event; the event carries the
reader's unread count for the room at its position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.permissions import view_refusal
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.events import MAX_READ_IDS, ReadData, RoomRead


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


async def mark_rooms_read(tx: Transaction, commands: Sequence[MarkRoomRead]) -> Sequence[object]:
    """Handle MarkRoomRead: a `committer.Handler`. It runs after messages are sent.

    Answers a ReadMark each, or NotFound, Forbidden.
    """
    rows = [
        {"n": n, "room_id": command.room_id, "user_id": command.user_id} for n, command in enumerate(commands)
    ]
    contexts = {row[0]: tuple(row[1:]) for row in await tx.run("read_marks", rows=rows)}
    spans: dict[int, tuple[int, int]] = {}
    marks: dict[tuple[str, str], int] = {}
    answers: list[object] = []
    for n, command in enumerate(commands):
        kind, role, last_seq, last_read_seq = contexts.get(n, (None, None, 0, 0))
        if (refusal := view_refusal(kind, role)) is not None:
            answers.append(refusal)
            continue
        before = marks.get((command.room_id, command.user_id), last_read_seq)
        after = max(before, min(command.up_to, last_seq))
        if after > before:
            marks[command.room_id, command.user_id] = after
            spans[n] = (before, after)
        answers.append(
            ReadMark(
                changed=after - before,
                last_read_seq=after,
                unread=last_seq - after,
                position=tx.position + len(spans),
            )
        )
    if spans:
        await _write(tx, commands, spans, answers)
    return answers


async def _write(
    tx: Transaction,
    commands: Sequence[MarkRoomRead],
    spans: dict[int, tuple[int, int]],
    answers: Sequence[Any],
) -> None:
    """Write the marks and append their events. spans: (seq before, seq after) by index of the command."""
    marks = {(commands[n].room_id, commands[n].user_id): after for n, (_, after) in spans.items()}
    rows = [{"room_id": room_id, "user_id": user_id, "seq": seq} for (room_id, user_id), seq in marks.items()]
    tx.add("raise_read_marks", rows=rows)
    newest = [
        {
            "n": n,
            "room_id": commands[n].room_id,
            "above_seq": max(before, after - MAX_READ_IDS),
            "up_to": after,
        }
        for n, (before, after) in spans.items()
    ]
    ids: dict[int, list[str]] = {n: [] for n in spans}
    for n, _, id_ in sorted(map(tuple, await tx.run("ids_of_messages", rows=newest))):
        ids[n].append(id_)
    for n, (before, after) in spans.items():
        command = commands[n]
        data: ReadData = {
            "room_id": command.room_id,
            "user_id": command.user_id,
            "from_seq": before + 1,
            "up_to": after,
            "ids": ids[n],
        }
        payload = RoomRead(user_id=command.user_id, unread=answers[n].unread, data=data)
        tx.append(Audience.room(command.room_id), payload)
