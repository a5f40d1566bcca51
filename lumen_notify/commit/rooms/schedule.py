"""Schedule of a room: its moderators cancel notifications that others have scheduled to it.

Not here: listing them, and cancelling one's own (`commit/notifications/schedule`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.permissions import load_room_contexts, require_room
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import NotFound, Refused
from lumen_notify.model import value


@value
class CancelInRoom:
    """Cancel a notification that is scheduled to a room. The result: None, or a refusal."""

    id: str
    room_id: str
    caller: str

    @property
    def conflict_key(self) -> str:
        """At most one cancel of a notification per transaction."""
        return "cancel:" + self.id


async def cancel_in_rooms(tx: Transaction, commands: Sequence[CancelInRoom]) -> Sequence[object]:
    """Handle CancelInRoom: a `committer.Handler`."""
    rooms = await load_room_contexts(tx, [(one.room_id, one.caller) for one in commands])
    answers: list[object] = []
    rows = []
    for n, one in enumerate(commands):
        try:
            require_room(rooms.get(n)).require_moderator()
        except Refused as refusal:
            answers.append(refusal)
        else:
            answers.append(None)
            rows.append({"id": one.id, "room_id": one.room_id})
    cancelled = {id_ for (id_,) in await tx.run("cancel_scheduled_in_rooms", rows=rows)} if rows else set()
    return [
        NotFound("No notification with this id is scheduled to this room.")
        if answer is None and one.id not in cancelled
        else answer
        for one, answer in zip(commands, answers, strict=True)
    ]
