"""Recipients: for publications to rooms, whether the room exists, whether the publisher may publish to it,
and how many members it has; for those without the scope `notify:publish`, how many categories they make up.

A stage of `publish`. Promise: all of it is looked up in the transaction that publishes.

Names of categories are free, and counts cost a row per category of an audience: without a bound, a user could
make their own counts, and those of a room's members, slower and slower.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from lumen_notify.commit.notifications.batch import Batch
from lumen_notify.commit.permissions import RoomContext, load_room_contexts, require_room
from lumen_notify.errors import Conflict, Refused
from lumen_notify.model import Audience

MAX_CATEGORIES = 100
"""Categories with notifications, for one user or room. Those that an administrator has defined are always
allowed."""


def room_of(audiences: Sequence[Audience]) -> str | None:
    """Return the id of the room that a publication is for; None for users and for everyone."""
    return audiences[0].room_id


async def check_recipients(batch: Batch) -> None:
    """Refuse requests to rooms with NotFound or Forbidden, and those that make up too many categories with
    Conflict; count the members of the others' rooms."""
    await _check_rooms(batch)
    await _check_categories(batch)


async def _check_rooms(batch: Batch) -> None:
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


async def _check_categories(batch: Batch) -> None:
    """Refuse requests without the scope that would give their audience too many categories."""
    bounded = [
        (request, item)
        for request in batch.requests
        if request.answer is None
        for item in request.items
        if not item.publication.may_make_up_categories
    ]
    if not bounded:
        return
    defined = await batch.categories()
    pairs = {
        (audience, item.publication.category)
        for _, item in bounded
        for audience in item.publication.audiences
    }
    rows = await batch.tx.run(
        "categories_of_audiences",
        rows=[{"audience": audience, "category": category} for audience, category in sorted(pairs)],
        limit=MAX_CATEGORIES,
    )
    known: dict[str, set[str]] = defaultdict(set)
    for audience, category in rows:
        known[audience].add(category)
    for request, item in bounded:
        category = item.publication.category
        for audience in item.publication.audiences:
            if category in known[audience] or category in defined:
                continue
            if len(known[audience]) >= MAX_CATEGORIES:
                request.answer = request.answer or Conflict(
                    f"There are {MAX_CATEGORIES} categories already; more need the scope notify:publish.",
                    code="too_many_categories",
                )
            known[audience].add(category)
    batch.drop_answered()


def _count_members(context: RoomContext | None, required_moderator: str | None) -> int:
    room = require_room(context)
    if required_moderator is not None:
        room.require_moderator()
    return room.members_count
