"""Schedule: what is to be published later, and publishes it when its time has come.

Promises: durable once answered; what is due leaves within a second, in the order of its times (then of
its ids), also after a restart; none twice, because the transaction that publishes also takes it out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import look_up_rooms, write_publications
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, value

STEP_ROWS = 250
"""Rows that one step publishes: some 10 ms of the writer's time, so that other writes go in between."""


@value
class PublishDue:
    """Publish one step of what is due. The result: how many that were, with those that have expired."""

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "release"


@value
class Cancel:
    """Take one out before its time. owner: None for anybody's. The result: whether it was there."""

    id: str
    owner: str | None

    @property
    def conflict_key(self) -> None:
        """None: cancels do not get in each other's way."""
        return None


@value
class Scheduled:
    """One that waits. deliver_at: milliseconds. publication: as it will be published."""

    id: str
    deliver_at: int
    publication: Publication


async def release(tx: Transaction, commands: Sequence[PublishDue]) -> Sequence[int]:
    """Publish what is due, has not expired and is for no room that has gone: a `committer.Handler`, to stand
    beside `publish`."""
    due = await tx.run("take_due", now=tx.now, rows_limit=STEP_ROWS)
    # RETURNING has no order of its own.
    publications = [_publication(id_, text) for _, id_, text in sorted(map(tuple, due))]
    in_rooms = await look_up_rooms(tx, publications)
    await write_publications(
        tx,
        [
            one
            for one in publications
            if (one.expires_at is None or one.expires_at > tx.now)
            and not isinstance(in_rooms.get(one.id), Refused)
        ],
    )
    return [len(due)] * len(commands)


async def cancel(tx: Transaction, commands: Sequence[Cancel]) -> Sequence[bool]:
    """Write cancels: a `committer.Handler`."""
    return [bool(await tx.run("cancel_scheduled", id=one.id, owner=one.owner)) for one in commands]


class Schedule:
    """Tells what waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, owner: str | None, *, after: tuple[int, str], limit: int) -> Sequence[Scheduled]:
        """Read the next after a time and an id: ascending, at most limit. owner: None for everybody's."""
        rows = await self._database.fetch(
            "list_scheduled", owner=owner, after_at=after[0], after_id=after[1], limit=limit
        )
        return [
            Scheduled(id=id_, deliver_at=deliver_at, publication=_publication(id_, text))
            for id_, deliver_at, text in rows
        ]


def _publication(id_: str, text: str) -> Publication:
    kept = json.loads(text)
    return Publication(
        id=id_,
        audiences=tuple(map(Audience, kept["audiences"])),
        recipients=kept["recipients"],
        category=kept["category"],
        fields=kept["fields"],
        expires_at=kept.get("expires_at"),  # not there in what an older version has scheduled
        group_key=kept.get("group_key"),
    )
