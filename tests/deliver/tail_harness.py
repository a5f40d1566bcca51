"""A tail that follows a log into a hub that records."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lumen_notify.auth import Revocations
from lumen_notify.commit.log import Head
from lumen_notify.deliver.frames.rewritten import rewritten_positions
from lumen_notify.deliver.replay import Entry, Replay
from lumen_notify.deliver.tail import Tail
from lumen_notify.deliver.tail_ends import LogReader
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import Cursor, Event, ResetReason
from supervised import supervised

LONG = 3600.0


class RecordingHub:
    """A hub that records the events to deliver. may_finish: while it returns False, a fan-out does not
    end."""

    def __init__(self, may_finish: Callable[[], bool] = lambda: True) -> None:
        self.cursor = Cursor("e", 0)
        self.parts: list[list[Event]] = []
        self.failures = 0
        self.deliveries = 0
        self.channels = 1
        self.users: list[str] = []
        self.resets: list[ResetReason] = []
        self.readers: list[Mapping[str, frozenset[str]] | None] = []
        self.replay = Replay(position=0, max_events=1000)
        self._may_finish = may_finish

    @property
    def position(self) -> int:
        return self.cursor.position

    def check_at(self, position: int) -> str | None:
        found = [event.check for part in self.parts for event in part if event.position == position]
        return found[0] if found else None

    @property
    def seen(self) -> list[int]:
        return [event.position for part in self.parts for event in part]

    def subscriber_count(self, _audience: str, _users: Sequence[str] = ()) -> int:
        return self.channels

    def unknown_users(self, known: Collection[str]) -> list[str]:
        return [user for user in self.users if user not in known]

    def reset_to(self, cursor: Cursor, reason: ResetReason) -> None:
        self.cursor = cursor
        self.parts = []
        self.resets.append(reason)

    def fan_out(
        self, events: Sequence[Event], readers: Mapping[str, frozenset[str]] | None = None
    ) -> Iterator[None]:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a frame that cannot be built")
        self.cursor = Cursor(self.cursor.epoch, events[-1].position, events[-1].check)
        self.parts.append(list(events))
        self.deliveries += self.channels
        self.replay.append([Entry(event, "e") for event in events])
        self.replay.drop_rewritten(rewritten_positions(events))
        self.readers.append(readers)
        yield
        while not self._may_finish():
            yield


class FlakyLog:
    """A log whose first `failures` reads fail."""

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self.failures = 0
        self.reads = 0

    async def head(self) -> Head:
        return await self._log.head()

    async def follow(self, cursor: Cursor) -> Sequence[Event] | ResetReason:
        self.reads += 1
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("the database does not answer (OSError)")
        return await self._log.follow(cursor)

    async def at(self, positions: Sequence[int]) -> Sequence[Event]:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("the database does not answer (OSError)")
        return await self._log.at(positions)


async def nothing_read(_ids: Sequence[str], users: Sequence[str]) -> Mapping[str, frozenset[str]]:
    return dict.fromkeys(users, frozenset())


@asynccontextmanager
async def following(
    log: LogReader, hub: RecordingHub, width: int = 1, *, clock: Callable[[], float] = time.monotonic
) -> Any:
    hub.channels = width
    hub.cursor = Cursor((await log.head()).epoch, 0)
    revoke = Revocations().revoke
    tail = Tail(
        log,
        hub,
        fetch_readers=nothing_read,
        revoke=revoke,
        on_reset=(),
        metrics=Metrics(),
        clock=clock,
    )
    async with supervised(tail.run):
        yield tail
