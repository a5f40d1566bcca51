"""Store: a real log, committer and retention on one database, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lumen_notify.commit.accounts.accounts import Accounts
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.handlers import handlers
from lumen_notify.commit.jobs.retention import Retention
from lumen_notify.commit.jobs.scheduler import STEPS
from lumen_notify.commit.log import Log
from lumen_notify.commit.marks.marks import Action, Mark, Marked, Selection
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.digests import ahead_of
from lumen_notify.commit.notifications.grouping import announced_before
from lumen_notify.commit.notifications.inbox import Inbox
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.commit.preferences.categories import Category, DefineCategories, DeleteCategory
from lumen_notify.commit.preferences.preferences import ChangePreferences, UserPreferences
from lumen_notify.commit.push.outbox import Pushing, enqueue_withdrawals
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.commit.transaction import Transaction
from lumen_notify.metrics import Metrics
from lumen_notify.model import EVERYONE, Audience, Event, new_id
from supervised import supervised

DAY_MS = 86_400_000


class Store:
    """What the tests of `commit` write to and read from. events: all that were announced."""

    def __init__(self, database: Database) -> None:
        self.limiting: Limiting | None = Limiting()
        self.pushing = Pushing(normal_ms=10_000)
        self.now = 1_800_000_000_000
        self.database = database
        self.log = Log(database, self.clock)
        self.events: list[Event] = []
        self.counts = UnreadCounts(database)
        self.accounts = Accounts(database)
        self.inbox = Inbox(database)
        self.committer = Committer(
            self.log,
            {
                **handlers(None, pushing=self.pushing),
                Publish: self._publish,
            },  # in its place: only how it limits is another
            announce=lambda events, _follows: self.events.extend(events),
            backpressure=_at_once,
            metrics=Metrics(),
            finish=enqueue_withdrawals,
        )

    async def _publish(self, tx: Transaction, commands: Sequence[Publish]) -> Sequence[object]:
        return await publish(tx, commands, self.limiting, self.pushing)

    def clock(self) -> int:
        return self.now

    async def expire_due(self) -> None:
        await self._do("expired")

    async def flush_groups(self) -> None:
        await self._do("groups")

    async def publish_digests(self) -> None:
        await self._do("digests")

    async def publish_due(self) -> None:
        await self._do("scheduled")

    async def _do(self, name: str) -> None:
        """Do what the scheduler does for one kind, if anything of it is due."""
        if [name] in map(
            list,
            await self.database.fetch(
                "due", now=self.now, announced_before=announced_before(self.now), ahead=ahead_of(self.now)
            ),
        ):
            while await self.committer.submit(STEPS[name]):
                pass

    def retention(self, **limits: Any) -> Retention:
        """Make one that keeps for ever what is not limited."""
        ages = ("events", "notifications", "archived", "idempotency", "push", "audit")
        forever: dict[str, Any] = {f"{age}_seconds": 0 for age in ages} | {"events": 0, "notifications": 0}
        return Retention(self.database, self.committer.submit, self.clock, **(forever | limits))

    async def publish(
        self,
        *users: str,
        category: str = "like",
        number: int = 1,
        key: IdempotencyKey | None = None,
        expires_at: int | None = None,
    ) -> Sequence[Published]:
        """Publish to users, to everyone if there are none."""
        audiences = tuple(map(Audience.user, users)) or (EVERYONE,)
        publications = tuple(
            Publication(
                id=new_id(),
                audiences=audiences,
                recipients=len(users) or None,
                category=category,
                fields={},
                expires_at=expires_at,
            )
            for _ in range(number)
        )
        published: Sequence[Published] = await self.committer.submit(
            Publish(publications=publications, key=key)
        )
        return published

    async def close_room(self, room_id: str, caller: str) -> None:
        """End a room, and take away all that it leaves behind."""
        await self.committer.submit(DeleteRoom(room_id=room_id, caller=caller))
        while await self.committer.submit(PurgeRoom(room_id=room_id)):
            pass

    async def mark(self, user: str, action: Action, **selection: Any) -> Marked:
        marked: Marked = await self.committer.submit(
            Mark(user_id=user, action=action, selection=Selection(**selection))
        )
        return marked

    async def define(self, name: str, **fields: Any) -> None:
        """Define one category."""
        await self.committer.submit(DefineCategories(categories=(Category(name=name, **fields),)))

    async def undefine(self, name: str) -> bool:
        was: bool = await self.committer.submit(DeleteCategory(name=name, admin="root"))
        return was

    async def choose(self, user: str, **choices: dict[str, bool | None] | None) -> dict[str, Any]:
        """Change a user's choices, by category; return all preferences of theirs."""
        fields: dict[str, Any] = await self.committer.submit(ChangePreferences(user_id=user, choices=choices))
        return fields

    async def preferences(self, user: str) -> dict[str, Any]:
        return await UserPreferences(self.database).fetch(user)

    async def unread(self, user: str) -> dict[str, int]:
        """Count by category."""
        return dict((await self.counts.fetch([user]))[user].counts.categories)

    async def positions(self, user: str, *, is_archived: bool | None = None) -> list[int]:
        """List a user's notifications, newest first."""
        rows, _ = await self.inbox.page(
            user, before=2**62, limit=1000, category=None, is_unread=None, is_archived=is_archived
        )
        return [row.position for row in rows]

    async def rows(self, sql: str) -> Rows:
        """Run a query without a name."""
        async with self.database.transaction() as transaction:
            return await transaction.run_sql(sql)

    async def number_of(self, table: str) -> int:
        """Count the rows of a table."""
        async with self.database.transaction() as transaction:
            ((number,),) = await transaction.run_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(number)


async def _at_once() -> None:
    pass


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[Store]:
    """Open a store on an empty database."""
    database = Database(database_url)
    await database.open()
    try:
        await migrate(database)
        store = Store(database)
        await store.log.open()
        async with supervised(store.committer.run) as supervisor:
            yield store
            store.committer.close()
            await supervisor.wait("task", seconds=60)
    finally:
        await database.close()
