"""Log: the events in the order of their commits, numbered without gaps.

Promises: each position is used once; commits and positions have the same order, because every write
transaction locks the log from its first statement to COMMIT; a rollback leaves no gap.

The log is locked at the start of a transaction: the absolute counts in an event must include everything
that other instances have committed before it. The position is that of the newest event. No transaction
writes it anywhere else: a row that each of them updated would slow all of them down while a backup runs.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic_core import from_json

from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, AudienceSpan, Cursor, Event, ResetReason, check_of_row, value
from lumen_notify.model.events import without_texts
from lumen_notify.model.shared_text import SharedText, unwrapped

PAGE_EVENTS = 1000
"""Events in one page read from the database."""

_IDS_CHARACTERS = 64 * 1024
"""How much of a body may name the texts that it shares: those of MAX_DIGEST_ROWS notifications."""

MAX_TEXTS = 50
"""Texts that the events of a page share with other events, besides those of one event."""

_BODY = 6
"""The column of an event that has its body."""

_EPOCH_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@value
class Head:
    """The log's state. position, check: of the newest event; position 0 has no check. floor: events up to
    this position have been trimmed."""

    epoch: str
    position: int
    floor: int
    check: str | None

    @property
    def cursor(self) -> Cursor:
        """The log's end, as clients send it back."""
        return Cursor(self.epoch, self.position, self.check)


@value
class TrimEvents:
    """Trim the log up to a position. The result: None."""

    up_to: int

    @property
    def conflict_key(self) -> str:
        """One step of retention in a transaction, which keeps it short."""
        return "retention"


class Log:
    """The append-only table of events, and its head."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._memory: dict[str, Any] = {}

    @property
    def is_committing(self) -> bool:
        """Whether the COMMIT of the running transaction was sent."""
        return self._database.is_committing

    async def open(self) -> Head:
        """Create the head if the database is new; return the head."""
        epoch = "".join(secrets.choice(_EPOCH_ALPHABET) for _ in range(8))
        async with self._database.transaction() as transaction:
            await transaction.run("open_log", epoch=epoch)
        return await self.head()

    async def head(self) -> Head:
        """Read the head."""
        ((epoch, position, floor, *newest),) = await self._database.for_delivery.fetch("log_head")
        return Head(epoch=epoch, position=position, floor=floor, check=check_of_row(*newest))

    @asynccontextmanager
    async def transaction(
        self, *, is_followed: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[Transaction]:
        """Open a write transaction, the only one on the log. is_followed: see `Database.transaction`.

        Raises DatabaseUnavailable.
        """
        async with self._database.transaction(is_followed=is_followed) as transaction:
            if self._database.is_server:
                transaction.add("lock_log")
            ((position, categories_version, has_devices, *newest),) = await transaction.run("log_end")
            tx = Transaction(
                transaction,
                position,
                self._clock(),
                follows=check_of_row(*newest),
                categories_version=categories_version,
                has_devices=bool(has_devices),
                memory=self._memory,
            )
            yield tx
            tx.write()

    def forget(self) -> None:
        """Drop what this process has kept of the database, which has become another one."""
        self._memory.clear()

    async def follow(self, cursor: Cursor) -> Sequence[Event] | ResetReason:
        """Read the events after a cursor, of all audiences: ascending, contiguous, at most PAGE_EVENTS.

        Returns the reason instead if the log does not continue from the cursor.
        """
        rows = await self._database.for_delivery.fetch(
            "events_from", first=cursor.position, limit=PAGE_EVENTS + 1
        )
        epoch, floor, *_ = rows[0]
        events = await self._events_of(rows)
        there = events.pop(0) if events and events[0].position == cursor.position else None
        found = None if there is None else there.check
        refusal = cursor.refusal(epoch=epoch, floor=floor, found=found)
        return events[:PAGE_EVENTS] if refusal is None else refusal

    async def after(self, position: int) -> Sequence[Event]:
        """Read the events after a position as `follow` does, whatever the log has at the position."""
        rows = await self._database.for_delivery.fetch("events_from", first=position + 1, limit=PAGE_EVENTS)
        return [event for event in await self._events_of(rows) if event.position > rows[0][1]]

    async def at(self, positions: Sequence[int]) -> Sequence[Event]:
        """Read the events at some positions, at most PAGE_EVENTS: ascending. Trimmed ones are missing."""
        rows = await self._database.for_delivery.fetch(
            "events_at", rows=[{"position": position} for position in positions]
        )
        return await self._events(rows)

    async def refusal(self, cursor: Cursor, newest: Cursor) -> ResetReason | None:
        """Return why the log does not continue from one of two cursors; None if it does from both."""
        rows = await self._database.for_delivery.fetch(
            "log_at", first=cursor.position, second=newest.position
        )
        epoch, floor, *_ = rows[0]
        checks = {position: check_of_row(*event) for _, _, position, *event in rows}
        refusals = (
            one.refusal(epoch=epoch, floor=floor, found=checks.get(one.position)) for one in (cursor, newest)
        )
        return next((refusal for refusal in refusals if refusal is not None), None)

    async def for_audiences(
        self, spans: Sequence[AudienceSpan], *, limit: int, max_characters: int
    ) -> Sequence[Event]:
        """Read the next events of some audiences: ascending, at most `limit`.

        max_characters: of all bodies, without the texts that they share; the event that exceeds it is the
        last one. So is the one that exceeds MAX_TEXTS.
        """
        rows = await self._database.for_delivery.fetch(
            "events_for_audiences", spans=_rows_of(spans), limit=limit, max_characters=max_characters
        )
        return await self._events(_with_few_texts(rows))

    async def count_for_audiences(self, spans: Sequence[AudienceSpan], *, limit: int) -> int:
        """Count the events of some audiences, up to `limit`."""
        ((number,),) = await self._database.for_delivery.fetch(
            "count_for_audiences", spans=_rows_of(spans), limit=limit
        )
        return int(number)

    async def departures(self, audience: Audience, *, after: int, up_to: int) -> Sequence[Event]:
        """Read the events of a user's audience that say which rooms the user has left: ascending, at most
        PAGE_EVENTS."""
        rows = await self._database.for_delivery.fetch(
            "departures", audience=audience, after=after, up_to=up_to, limit=PAGE_EVENTS
        )
        return await self._events(rows)

    async def _events_of(self, rows: Rows) -> list[Event]:
        """Build the events of `events_from`: there is one row without an event if there is none."""
        return await self._events([event for _, _, *event in rows if event[0] is not None])

    async def _events(self, rows: Rows) -> list[Event]:
        """Build events of rows in the order of their positions, with the texts that they share."""
        bodies, ids = _bodies(rows)
        texts: dict[str, SharedText] = {}
        if ids:
            wanted = [{"id": id_} for id_ in sorted({id_ for mine in ids.values() for id_ in mine})]
            for id_, text in await self._database.for_delivery.fetch("shared_texts", rows=wanted):
                texts[id_] = SharedText(id=id_, text=text)
        events: list[Event] = []
        for row, text in zip(rows, bodies, strict=True):
            position, audience, kind, category, created_at, content_position, _, *of_list = row
            users, withdrawn = map(_names, of_list or (None, None))
            mine = ids.get(position, ())
            # A text that is missing was deleted since the rows were read: so were the events that show it.
            missing = [id_ for id_ in mine if id_ not in texts]
            events.append(
                Event(
                    position=position,
                    audience=Audience(audience),
                    kind=kind,
                    category=category,
                    body=without_texts(kind, text, missing) if missing else text,
                    created_at=created_at,
                    content_position=content_position,
                    shared=tuple(texts[id_] for id_ in mine if id_ in texts),
                    users=users,
                    withdrawn=frozenset(withdrawn),
                )
            )
        return events


async def trim_events(tx: Transaction, commands: Sequence[TrimEvents]) -> Sequence[None]:
    """Handle TrimEvents: a `committer.Handler`.

    The newest of the events stays, without its content, so that the log still continues from a cursor there.
    """
    for command in commands:
        contents = await tx.run("contents_of_events", up_to=command.up_to)
        for (beginning,) in await tx.run(
            "text_ids_of_events", up_to=command.up_to, characters=_IDS_CHARACTERS
        ):
            for text_id in unwrapped(beginning)[1]:
                tx.texts.release(text_id)
        await tx.run("trim_events", up_to=command.up_to)
        await tx.run("empty_event", position=command.up_to)
        tx.add("trim_copies", up_to=command.up_to)
        tx.add("trim_removed_recipients", up_to=command.up_to)
        tx.add("delete_unused_contents", rows=[{"position": position} for (position,) in contents])
        await tx.run("raise_floor", up_to=command.up_to)
    return [None] * len(commands)


def _rows_of(spans: Sequence[AudienceSpan]) -> list[dict[str, Any]]:
    return [{"audience": span.audience, "after_position": span.after, "up_to": span.up_to} for span in spans]


def _names(text: str | None) -> Sequence[str]:
    return tuple(from_json(text)) if text else ()


def _with_few_texts(rows: Rows) -> Rows:
    """Return the first rows, up to the one with which they share more than MAX_TEXTS texts."""
    texts = 0
    for number, row in enumerate(rows):
        texts += 0 if row[_BODY] is None else len(unwrapped(row[_BODY])[1])
        if texts > MAX_TEXTS:
            return rows[: number + 1]
    return rows


def _bodies(rows: Rows) -> tuple[list[str], dict[int, Sequence[str]]]:
    """Return the bodies of events, and by position the ids of the texts that they share.

    A body that several events share comes with the first row only.
    """
    bodies: list[str] = []
    ids: dict[int, Sequence[str]] = {}
    for row in rows:
        position, body = row[0], row[_BODY]
        if body is None:
            bodies.append(bodies[-1])
            continue
        own, shared = unwrapped(body)
        bodies.append(own)
        if shared:
            ids[position] = shared
    return bodies, ids
