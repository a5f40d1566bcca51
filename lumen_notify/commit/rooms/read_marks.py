"""Reads: moves on how far a member has read a room.

Promises: a mark moves forward only; what changes nothing appends no event; the event carries the
reader's absolute number as it is at its position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.permissions import refusal
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, events, value

MAX_IDS = 100
"""Ids of messages that one event tells: the newest. `from_seq` and `up_to` tell all."""


@value
class ReadRoom:
    """Read a room up to a message, that one included; beyond the newest means up to the newest. The
    result: a RoomRead."""

    room_id: str
    user_id: str
    up_to: int

    @property
    def conflict_key(self) -> None:
        """None: a batch takes several of one user, in their order."""
        return None


@value
class RoomRead:
    """The answer. changed: by how many messages the mark moved. unread: what is left in the room.
    position: of the log, where this holds."""

    changed: int
    last_read_seq: int
    unread: int
    position: int


async def read_rooms(tx: Transaction, commands: Sequence[ReadRoom]) -> Sequence[object]:
    """Write read marks: a `committer.Handler`, to stand after `send`.

    Answers a RoomRead each, or NotFound, Forbidden.
    """
    rows = [
        {"n": n, "room_id": command.room_id, "user_id": command.user_id} for n, command in enumerate(commands)
    ]
    found = {row[0]: tuple(row[1:]) for row in await tx.run("read_marks", rows=rows)}
    spans: dict[int, tuple[int, int]] = {}
    marks: dict[tuple[str, str], int] = {}
    answers: list[object] = []
    for n, command in enumerate(commands):
        kind, role, last_seq, last_read_seq = found.get(n, (None, None, 0, 0))
        if (refused := refusal(kind, role)) is not None:
            answers.append(refused)
            continue
        before = marks.get((command.room_id, command.user_id), last_read_seq)
        after = max(before, min(command.up_to, last_seq))
        if after > before:
            marks[command.room_id, command.user_id] = after
            spans[n] = (before, after)
        answers.append(
            RoomRead(
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
    tx: Transaction, commands: Sequence[ReadRoom], spans: dict[int, tuple[int, int]], answers: Sequence[Any]
) -> None:
    marks = {(commands[n].room_id, commands[n].user_id): after for n, (_, after) in spans.items()}
    rows = [{"room_id": room_id, "user_id": user_id, "seq": seq} for (room_id, user_id), seq in marks.items()]
    tx.add("raise_read_marks", rows=rows)
    newest = [
        {
            "n": n,
            "room_id": commands[n].room_id,
            "above_seq": max(before, after - MAX_IDS),
            "up_to": after,
        }
        for n, (before, after) in spans.items()
    ]
    ids: dict[int, list[str]] = {n: [] for n in spans}
    for n, _, id_ in sorted(map(tuple, await tx.run("ids_of_messages", rows=newest))):
        ids[n].append(id_)
    for n, (before, after) in spans.items():
        command = commands[n]
        told: events.ReadData = {
            "room_id": command.room_id,
            "user_id": command.user_id,
            "from_seq": before + 1,
            "up_to": after,
            "ids": ids[n],
        }
        payload = events.RoomRead(user_id=command.user_id, unread=answers[n].unread, data=told)
        tx.append(Audience.room(command.room_id), payload)
