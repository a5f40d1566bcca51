"""Schedule: stores notifications until their `deliver_at`.

A stage of `publish`, which `PublishDue` enters again. Promises: acknowledged notifications are durable; they
are published within a second of their time, ordered by time and then by id, also after a restart; none is
published twice, because the transaction that publishes it also deletes it here. The author's permission is
looked up again by then (`publish.publish_due`).

Not here: what the moderators of a room may do with what is scheduled to it (`commit/rooms/schedule`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.budget import Cost
from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications.batch import Batch
from lumen_notify.commit.notifications.publication import Publication, Published
from lumen_notify.commit.transaction import Transaction, texts_of
from lumen_notify.model import Audience, to_json, value

STEP_ROWS = 250
"""Rows that one step publishes: some 10 ms of the writer's time, so that other writes go in between."""


@value
class PublishDue:
    """Publish one step of the notifications that are due. The result: their number, with expired ones."""

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "publish-due"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_ROWS)


@value
class Cancel:
    """Cancel a scheduled notification. owner: None to cancel anybody's. The result: whether it existed.

    admin: the administrator who does it, for the audit log; None if it is its publisher.
    """

    id: str
    owner: str | None
    admin: str | None = None

    @property
    def conflict_key(self) -> None:
        """None: cancels do not conflict."""
        return None


@value
class Scheduled:
    """A scheduled notification. deliver_at: milliseconds. publication: as it will be published."""

    id: str
    deliver_at: int
    publication: Publication


async def enqueue_scheduled(batch: Batch) -> None:
    """Store publications with a `deliver_at`, and answer them."""
    later = [item for item in batch.items if item.publication.deliver_at is not None]
    if not later:
        return
    batch.tx.add("insert_scheduled", rows=[_row(item.publication) for item in later])
    for item in later:
        publication = item.publication
        item.answer = Published(
            id=publication.id, recipients=publication.recipients, position=None, status="scheduled"
        )
    batch.drop_answered()


async def take_due_scheduled(tx: Transaction) -> Sequence[Publication]:
    """Delete one step of the notifications that are due; return them in the order of publication."""
    due = await tx.run("take_due_scheduled", now=tx.now, rows_limit=STEP_ROWS)
    # RETURNING has no order of its own.
    return [_publication(id_, text) for _, id_, text in sorted(map(tuple, due))]


async def cancel(tx: Transaction, commands: Sequence[Cancel]) -> Sequence[bool]:
    """Cancel scheduled notifications: a `committer.Handler`."""
    found = [bool(await tx.run("cancel_scheduled", id=one.id, owner=one.owner)) for one in commands]
    for command, is_found in zip(commands, found, strict=True):
        if is_found and command.admin is not None:
            note(tx, "notification.cancelled", command.admin, target("notification", command.id))
    return found


class Schedule:
    """Reads scheduled notifications."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, owner: str | None, *, after: tuple[int, str], limit: int) -> Sequence[Scheduled]:
        """Read those after a time and an id, ascending, at most limit. owner: None for everybody's."""
        rows = await self._database.fetch(
            "list_scheduled", owner=owner, after_at=after[0], after_id=after[1], limit=limit
        )
        return [_scheduled(row) for row in rows]

    async def page_of_room(self, room_id: str, *, after: tuple[int, str], limit: int) -> Sequence[Scheduled]:
        """Read those to a room after a time and an id, ascending, at most limit."""
        rows = await self._database.fetch(
            "list_scheduled_in_room", room_id=room_id, after_at=after[0], after_id=after[1], limit=limit
        )
        return [_scheduled(row) for row in rows]


def _scheduled(row: Sequence[Any]) -> Scheduled:
    id_, deliver_at, text = row
    return Scheduled(id=id_, deliver_at=deliver_at, publication=_publication(id_, text))


def _row(publication: Publication) -> dict[str, Any]:
    stored = {
        "audiences": texts_of(publication.audiences),
        "owner": publication.owner,
        "delivery": publication.delivery,
        "recipients": publication.recipients,
        "category": publication.category,
        "fields": publication.fields,
        "expires_at": publication.expires_at,
        "group_key": publication.group_key,
        "required_moderator": publication.required_moderator,
    }
    return {
        "id": publication.id,
        "owner": publication.owner,
        "room_id": publication.audiences[0].room_id,
        "deliver_at": publication.deliver_at,
        "rows_count": len(publication.audiences),
        "publication": to_json(stored),
    }


def _publication(id_: str, text: str) -> Publication:
    stored = json.loads(text)
    return Publication(
        id=id_,
        audiences=tuple(map(Audience, stored["audiences"])),
        recipients=stored["recipients"],
        category=stored["category"],
        fields=stored["fields"],
        owner=stored.get("owner", ""),
        delivery=stored.get("delivery"),
        expires_at=stored.get("expires_at"),  # missing in rows of earlier versions
        group_key=stored.get("group_key"),
        required_moderator=stored.get("required_moderator"),
    )
