"""Fixtures for the tests of `deliver`: a real log to follow, on either database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import pytest
import uvloop

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import Head, Log, TrimEvents, trim_events
from lumen_notify.commit.marks.marks import Mark, Selection, mark
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.deliver import pace
from lumen_notify.model import Audience, Event, new_id

from .fakes import FakeClock


class Store:
    """A log in a database, written to as by the committer, and its counts."""

    head: Head

    def __init__(self, database: Database) -> None:
        self.database = database
        self.events: list[Event] = []
        self.clock = FakeClock()
        self.log = Log(database, self.clock.ms)
        self.counts = UnreadCounts(database)

    @classmethod
    async def open(cls, url: str) -> Store:
        store = cls(Database(url))
        await store.database.open()
        await migrate(store.database)
        store.head = await store.log.open()
        return store

    async def publish(self, *audiences: str, category: str = "like", content: str = "hi") -> Sequence[Event]:
        """Publish one notification for each audience, in one transaction; return the events."""
        async with self.log.transaction() as tx:
            publications = [
                Publication(
                    id=new_id(),
                    audiences=(Audience(audience),),
                    recipients=1,
                    category=category,
                    fields={"content": content},
                )
                for audience in audiences
            ]
            await publish(tx, [Publish(publications=tuple(publications))])
        self.events += tx.events
        return tx.events

    async def read_all(self, user_id: str) -> Sequence[Event]:
        """Mark all notifications of a user as read; return the event."""
        async with self.log.transaction() as tx:
            await mark(tx, [Mark(user_id=user_id, action="read", selection=Selection())])
        self.events += tx.events
        return tx.events

    def follows(self, event: Event) -> str | None:
        """Return the check of the event before this one, as its transaction states it."""
        return self.events[event.position - 2].check if event.position > 1 else None

    async def go_back(self, position: int) -> None:
        """Bring the log back to an earlier state, as a restored backup does. What follows comes later."""
        self.clock.seconds += 1
        del self.events[position:]
        async with self.database.transaction() as transaction:
            await transaction.run_sql(f"DELETE FROM lumen_event WHERE position > {position}")  # noqa: S608 - a number

    async def trim_up_to(self, position: int) -> None:
        """Trim the log as retention does."""
        async with self.log.transaction() as tx:
            await trim_events(tx, [TrimEvents(up_to=position)])


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Yield an empty log, on SQLite and again on PostgreSQL."""
    opened = await Store.open(database_url)
    yield opened
    await opened.database.close()


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Store]:
    """Yield an empty log on SQLite."""
    opened = await Store.open(sqlite_url)
    yield opened
    await opened.database.close()


ON_BOTH_LOOPS = ("test_handover.py", "test_http_protocol.py", "test_send_timeout.py")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run the tests that depend on how a transport behaves on both loops: asyncio's and uvloop's."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in ON_BOTH_LOOPS:
        factories["uvloop"] = uvloop.new_event_loop
    return factories


@pytest.fixture
def poll_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set how often the log is polled."""
    return lambda seconds: monkeypatch.setattr(pace, "POLL_SECONDS", seconds)
