"""Transaction: a write transaction that appends events to the log.

Promise: each event gets the next position; positions are final once the transaction commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.database import Rows, SqlTransaction
from lumen_notify.commit.shared_texts import SharedTexts
from lumen_notify.model import LIST, NOBODY, Audience, Event, rfc3339
from lumen_notify.model.events import (
    PREFIX_CHARACTERS,
    WITHDRAWN,
    EventsRewritten,
    Payload,
    Text,
    rewritten_body,
    text_ids_in,
)
from lumen_notify.model.shared_text import SharedText, unwrapped, wrapped


class Transaction:
    """A write transaction on the log. `now`: the time of everything in it; `now_text`: the same as RFC 3339.

    follows: the check of the newest event when the transaction began; None at the start of the log.
    categories_version: grows with each change of the categories; None once this transaction has changed them.
    has_devices: whether any user had a device to push to when it began.
    memory: a cache that this process keeps from one transaction to the next. texts: those that groups and
    digests share.
    """

    def __init__(
        self,
        transaction: SqlTransaction,
        position: int,
        now: int,
        *,
        follows: str | None = None,
        categories_version: int | None = None,
        has_devices: bool = False,
        memory: dict[str, Any] | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.now = now
        self.now_text = rfc3339(now)
        self.follows = follows
        self.categories_version = categories_version
        self.has_devices = has_devices
        self.memory = {} if memory is None else memory
        self.texts = SharedTexts(transaction)
        self._transaction = transaction
        self._position = position
        self._rewritten: list[int] = []
        self._contents: list[dict[str, Any]] = []
        self._lists: list[dict[str, Any]] = []
        self._released_contents: set[int] = set()

    @property
    def position(self) -> int:
        """The newest position: of the last event appended here, else of the log."""
        return self._position

    async def run(self, name: str, /, **values: Any) -> Rows:
        """Run a named query in the transaction."""
        return await self._transaction.run(name, **values)

    def add(self, name: str, /, **values: Any) -> None:
        """Run a named query whose rows are not needed, in order, with the next `run` or at the end.

        Does nothing if `rows` is given and empty.
        """
        if values.get("rows", True):
            self._transaction.add(name, **values)

    def append(
        self,
        audience: Audience,
        payload: Payload,
        *,
        category: str | None = None,
        shared: tuple[SharedText, ...] = (),
    ) -> int:
        """Append an event; return its position. `write` writes it at the end of the transaction.

        category: of the notification that the event is about, else None. shared: the texts that the payload
        refers to, each once.
        """
        for text in shared:
            self.texts.use(text.id)
        return self._append(audience, payload, category=category, shared=shared)

    def append_to_list(self, users: Sequence[str], payload: Payload, *, category: str) -> int:
        """Append one event for some users; return its position. The caller writes `insert_lists`."""
        position = self._position + 1
        return self._append(LIST, payload, category=category, content_position=position, users=users)

    def append_for_each(
        self, audiences: Sequence[Audience], payload: Payload, *, category: str, notification_id: str
    ) -> Sequence[Event]:
        """Append the same event for each of some audiences; return the events. Their body is stored once.

        So each user's event can be rewritten by itself. audiences: at least one.
        """
        if len(audiences) == 1:
            self.append(audiences[0], payload, category=category)
            return self.events[-1:]
        kind, body, now = payload.kind, payload.encode(), self.now
        first = self._position + 1
        self._position += len(audiences)
        content_position = self._position
        self._contents.append(
            {
                "position": content_position,
                "first_position": first,
                "notification_id": notification_id,
                "body": body,
            }
        )
        self._lists.append(
            {
                "first_position": first,
                "position": content_position,
                "kind": kind,
                "category": category,
                "created_at": now,
                "audiences": texts_of(audiences),
            }
        )
        events = [
            Event(
                position=position,
                audience=audience,
                kind=kind,
                category=category,
                body=body,
                created_at=now,
                content_position=content_position,
            )
            for position, audience in enumerate(audiences, start=first)
        ]
        self.events += events
        return events

    async def rewrite(self, texts: Mapping[int, Text]) -> None:
        """Change the text of events that are in the log, so that no replay shows the old one.

        texts: by position, some thousand at most. Events that were trimmed are skipped.
        """
        if not texts:
            return
        positions = [{"position": position} for position in sorted(texts)]
        found = await self.run("event_prefixes", rows=positions, characters=PREFIX_CHARACTERS)
        rows = []
        for position, kind, stored, content_position in found:
            prefix, released = unwrapped(stored)
            body = rewritten_body(kind, prefix, texts[position])
            shared = text_ids_in(kind, body)
            for text_id in released:
                self.texts.release(text_id)
            for text_id in shared:
                self.texts.use(text_id)
            rows.append({"position": position, "body": wrapped(body, shared)})
            if content_position is not None:
                self._released_contents.add(content_position)
        self.add("rewrite_events", rows=rows)
        self._rewritten += sorted(row["position"] for row in rows)

    async def rewrite_content(self, position: int, body: str) -> None:
        """Change the body that the events and notifications at a `content_position` share."""
        found = await self.run("events_of_content", position=position)
        self.add("rewrite_content", position=position, body=body)
        self._rewritten += [row[0] for row in found]

    def replace_bodies(self, bodies: Mapping[int, str]) -> None:
        """Change the bodies of events that are in the log, as they are stored. bodies: by position; each
        shares the texts that it shared before."""
        self.add("rewrite_events", rows=[{"position": place, "body": body} for place, body in bodies.items()])
        self.announce_rewritten(bodies)

    def erase(self, audiences: Mapping[int, Audience], contents: Iterable[int]) -> None:
        """Let nothing remain of events but their positions and checks. audiences: by position, what each is
        for from now on (`Audience.nobody_with`). contents: the `content_position`s that they had."""
        body = EventsRewritten(positions=()).encode()
        rows = [
            {"position": position, "audience": str(audience), "kind": EventsRewritten.kind, "body": body}
            for position, audience in audiences.items()
        ]
        self.add("replace_events", rows=rows)
        self._released_contents.update(contents)
        self.announce_rewritten(audiences)

    def announce_rewritten(self, positions: Iterable[int]) -> None:
        """Let all instances read events again that have changed."""
        self._rewritten += sorted(positions)

    def withdraw_from_lists(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Withdraw the text of events of lists from some users: the audience and the position of each.

        Their notifications were removed.
        """
        positions = sorted({row["position"] for row in rows})
        self.add("withdraw_removed_recipients", rows=rows)
        self.add("empty_withdrawn_lists", rows=[{"position": position} for position in positions])
        self._rewritten += positions

    async def withdraw(self, positions: Iterable[int]) -> None:
        """Withdraw the text of events: see `rewrite`."""
        await self.rewrite(dict.fromkeys(positions, WITHDRAWN))

    def write(self) -> None:
        """Write the appended events: the last statements before COMMIT."""
        released = sorted(self._released_contents)
        self.add("delete_unused_contents", rows=[{"position": position} for position in released])
        self.texts.write()
        if self._rewritten:
            self.append(NOBODY, EventsRewritten(positions=self._rewritten))
        if not self.events:
            return
        rows = [
            {
                "position": event.position,
                "audience": str(event.audience),  # the drivers take longer for a subclass
                "kind": event.kind,
                "category": event.category,
                "body": "" if event.audience == LIST else stored_body(event),
                "content_position": event.content_position,
                "created_at": event.created_at,
            }
            for event in self.events
            if event.content_position is None or event.audience == LIST
        ]
        self.add("insert_contents", rows=self._contents)
        self.add("append_events_to_lists", rows=self._lists)
        self.add("append_events", rows=rows)

    def _append(self, audience: Audience, payload: Payload, *, category: str | None, **fields: Any) -> int:
        self._position += 1
        self.events.append(
            Event(
                position=self._position,
                audience=audience,
                kind=payload.kind,
                category=category,
                body=payload.encode(),
                created_at=self.now,
                **fields,
            )
        )
        return self._position


def texts_of(audiences: Iterable[str]) -> list[str]:
    """Return audiences as plain strings: to encode those of a subclass as JSON takes sixty times as long."""
    return [str(audience) for audience in audiences]


def stored_body(event: Event) -> str:
    """Return what the rows of an event and of its notification store as the body, if it is theirs alone."""
    return wrapped(event.body, [text.id for text in event.shared]) if event.shared else event.body
