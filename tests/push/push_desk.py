"""PushDesk: a store with devices, a worker, and a dispatcher that keeps what it is given."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from commit.store import Store, opened
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.rooms.messages import SendMessage
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.model import EVERYONE, Audience, new_id
from lumen_notify.outages import Outage
from lumen_notify.push.push import SENT, Delivery, Result
from lumen_notify.push.worker import Worker
from lumen_notify.settings import Settings

DELAY_MS = 10_000

SENDER = {"id": "alice", "username": "Alice", "avatar": None}


class PushDesk:
    """What the tests of push write to and read from.

    sent: all deliveries, with what became of them. answer: returns what becomes of one. streams: the kinds of
    device of each user's open streams. before, meanwhile: run
    before a page is handed over, and while it is with the dispatcher. may_run:
    whether the worker is the one that pushes.
    """

    def __init__(
        self, store: Store, *, submit: Callable[[Any], Awaitable[Any]] | None = None, **settings: Any
    ) -> None:
        self.store = store
        self.sent: list[Delivery] = []
        self.answer: Callable[[Delivery], Result] = lambda _: SENT
        self.streams: dict[str, Collection[str | None]] = {}
        self.before: Callable[[], None] | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.may_run = True
        self.outage = Outage("pushes")
        self.worker = Worker(
            store.database,
            submit or store.committer.submit,
            self,
            store.clock,
            Settings(**settings),
            streams=self._streams,
            may_run=lambda: self.may_run,
            outage=self.outage,
        )

    async def _streams(self, user_ids: Sequence[str]) -> Mapping[str, Collection[str | None]]:
        return {user: self.streams[user] for user in user_ids if user in self.streams}

    async def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        if self.before is not None:
            self.before()
        self.sent += deliveries
        if self.meanwhile is not None:
            await self.meanwhile()
        return [self.answer(one) for one in deliveries]

    async def register(
        self, user: str, *, kind: str | None = "mobile", locale: str | None = None, provider: str = "log"
    ) -> str:
        """Register one more device of a user; return its id."""
        id_ = new_id()
        async with self.store.database.transaction() as transaction:
            await transaction.run_sql(
                "INSERT INTO lumen_device"  # noqa: S608
                " (id, user_id, provider, token, token_hash, kind, locale, created_at, registered_at)"
                f" VALUES ('{id_}', '{user}', '{provider}', 'token', '{id_}', {_sql(kind)}, {_sql(locale)},"
                f" {self.store.now}, {self.store.now})"
            )
        return id_

    async def open_room(self, room: str, *users: str, title: str | None = None) -> None:
        """Make a room of Alice and others."""
        await self.store.committer.submit(
            CreateRoom(id=room, kind="public", title=title, creator="alice", members=users)
        )

    async def send(self, room: str, user: str, content: str, **fields: Any) -> None:
        """Send a message to a room."""
        sender = {"id": user, "username": user.capitalize(), "avatar": None}
        await self.store.committer.submit(
            SendMessage(
                id=new_id(),
                room_id=room,
                sender=sender,
                fields={"kind": "text", "content": content},
                **fields,
            )
        )

    async def publish(self, *users: str, room: str | None = None, **fields: Any) -> str:
        """Publish to users, to a room, or to everyone; return the id."""
        audiences = tuple(map(Audience.user, users)) or (EVERYONE if room is None else Audience.room(room),)
        own = {
            name: fields.pop(name)
            for name in ("category", "expires_at", "delivery", "group_key")
            if name in fields
        }
        publication = Publication(
            id=new_id(),
            audiences=audiences,
            recipients=len(users) or None,
            fields={"sender": SENDER, "content": "hello", **fields},
            owner="app",
            **{"category": "like", **own},
        )
        await self.store.committer.submit(Publish(publications=(publication,)))
        return publication.id

    async def later(self, ms: int = DELAY_MS) -> list[Delivery]:
        """Move the clock, push what is due, and return what was sent meanwhile."""
        self.store.now += ms
        number = len(self.sent)
        await self.worker.work_off()
        if self.outage.error is not None:
            raise self.outage.error
        return self.sent[number:]

    async def shown(self) -> list[tuple[str, ...]]:
        """Return what each device shows."""
        rows = await self.store.rows("SELECT shown FROM lumen_device ORDER BY user_id, id")
        return [tuple(json.loads(text)) for (text,) in rows]

    async def outcomes(self) -> list[tuple[str, str]]:
        """Return user and outcome of all reports, in their order."""
        rows = await self.store.rows(
            "SELECT outcomes FROM lumen_push_report ORDER BY created_at, push_id, page"
        )
        return [(user, word) for (text,) in rows for user, _, word in json.loads(text)]


def _sql(text: str | None) -> str:
    return "NULL" if text is None else f"'{text}'"


@asynccontextmanager
async def opened_desk(database_url: str, **settings: Any) -> AsyncIterator[PushDesk]:
    """Open a desk on an empty database."""
    async with opened(database_url) as store:
        yield PushDesk(store, **settings)
