"""Recipients: for publications to rooms, whether the room exists, whether the publisher may publish to it,
and how many members it has.

A stage of `publish`. Promise: all of it is looked up in the transaction that publishes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lumen_notify.commit.notifications.batch import Batch
from lumen_notify.commit.permissions import RoomContext, load_room_contexts, require_room
from lumen_notify.errors import Refused
from lumen_notify.model import Audience


def room_of(audiences: Sequence[Audience]) -> str | None:
    """Return the id of the room that a publication is for; None for users and for everyone."""
    return audiences[0].room_id


async def check_recipients(batch: Batch) -> None:
    """Refuse requests to rooms with NotFound or Forbidden; count the members of the others' rooms."""
    to_rooms = [
        (request, item, room_id)
        for request in batch.requests
        if request.answer is None
        for item in request.items
        if (room_id := item.publication.audiences[0].room_id) is not None
    ]
    if not to_rooms:
        return
    rooms = await load_room_contexts(
        batch.tx, [(room_id, item.publication.required_moderator or "") for _, item, room_id in to_rooms]
    )
    for n, (request, item, _) in enumerate(to_rooms):
        try:
            recipients = _count_members(rooms.get(n), item.publication.required_moderator)
        except Refused as refusal:
            request.answer = request.answer or refusal  # the first one is the answer
        else:
            item.publication = replace(item.publication, recipients=recipients)
    batch.drop_answered()


def _count_members(context: RoomContext | None, required_moderator: str | None) -> int:
    room = require_room(context)
    if required_moderator is not None:
        room.require_moderator()
    return room.members_count
