"""Opener harness: a real log and hub, and the opener between them, with recording connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from clients import Frame, read_frames
from lumen_notify.commit.log import Log
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.deliver.streams.opening import StreamOpener
from lumen_notify.model import AudienceSpan, CountsSnapshot, Cursor, Event

from ..conftest import Store
from ..fakes import FakeClock, RecordingConnection


class HookedLog(Log):
    """A log that calls a hook after each page, and counts them."""

    def __init__(self, store: Store, after_page: Callable[[], Awaitable[None]]) -> None:
        super().__init__(store.database, store.clock.ms)
        self._after_page = after_page
        self.pages = 0

    async def for_audiences(
        self, spans: Sequence[AudienceSpan], *, limit: int, max_characters: int
    ) -> Sequence[Event]:
        page = await super().for_audiences(spans, limit=limit, max_characters=max_characters)
        self.pages += 1
        await self._after_page()
        return page


class OpenerHarness:
    """A real log and hub, and the opener between them. `hooks` run after the counts were read."""

    def __init__(self, store: Store, *, replay_events: int = 1000, max_replay_events: int = 0) -> None:
        self.store = store
        self.epoch = store.head.epoch
        self.hub = Hub(
            epoch=self.epoch,
            position=0,
            replay=Replay(position=0, max_events=replay_events),
            clock=FakeClock(),
        )
        self.log = HookedLog(store, self.after_page)
        self.opener = StreamOpener(
            self.hub,
            CountLoader(self.fetch),
            self.log,
            max_replay_events=max_replay_events,
            ping_seconds=30,
            clock=store.clock,
        )
        self.hooks: list[Callable[[], Awaitable[None]]] = []
        self.page_hooks: list[Callable[[], Awaitable[None]]] = []

    async def after_page(self) -> None:
        while self.page_hooks:
            await self.page_hooks.pop(0)()

    async def fetch(self, user_ids: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        counts = await self.store.counts.fetch(user_ids)
        while self.hooks:
            await self.hooks.pop(0)()
        return counts

    def deliver(self, events: Sequence[Event]) -> None:
        for _ in self.hub.fan_out(events):
            pass

    async def publish(self, *audiences: str, **fields: str) -> None:
        self.deliver(await self.store.publish(*audiences, **fields))

    async def read_all(self, user_id: str) -> None:
        self.deliver(await self.store.read_all(user_id))

    def id(self, position: int) -> str:
        """Return the cursor at a position that was published."""
        check = self.store.events[position - 1].check if position else None
        return str(Cursor(self.epoch, position, check))

    async def open(self, user_id: str = "ann", last_event_id: str | None = None) -> RecordingConnection:
        connection = RecordingConnection(user_id)
        await asyncio.wait_for(self.opener.open(connection, last_event_id), 20)
        return connection

    def start_open(self, last_event_id: str | None = None) -> tuple[RecordingConnection, asyncio.Task[None]]:
        connection = RecordingConnection("ann")
        return connection, asyncio.create_task(self.opener.open(connection, last_event_id))


def frames(connection: RecordingConnection) -> list[Frame]:
    return list(read_frames(unchunk(b"".join(connection.chunks)).decode()))


def positions(connection: RecordingConnection) -> list[int]:
    """Return the positions of the durable frames."""
    return [frame.position for frame in frames(connection) if frame.is_durable]
