"""Recipients: of publications to rooms: is there such a room, may the publisher, and how many are in it.

Promise: looked up in the transaction that publishes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.commit.permissions import RoomContext, found, load_room_contexts
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import Audience


def room_of(audiences: Sequence[Audience]) -> str | None:
    """Return the room that this is for, None for users and for all."""
    return audiences[0].room_id


async def look_up(
    tx: Transaction, wanted: Sequence[tuple[str, str, str | None]]
) -> Mapping[str, int | Refused]:
    """Return how many members rooms have, or why they may not be published to.

    wanted: (key of the answer, room, who must be its owner or moderator; None: nobody).
    """
    rooms = await load_room_contexts(tx, [(room_id, ruler or "") for _, room_id, ruler in wanted])
    return {key: _recipients(ruler, rooms.get(n)) for n, (key, _, ruler) in enumerate(wanted)}


def _recipients(ruler: str | None, standing: RoomContext | None) -> int | Refused:
    try:
        room = found(standing)
        if ruler is not None:
            room.require_moderator()
    except Refused as refused:
        return refused
    return room.members_count
