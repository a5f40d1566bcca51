"""Welcome: brings a new stream up to date, then live, without a gap or a repeat.

1. The user is counted (one query for all who come at this moment), and the hub has reached the
   position of that count.
2. What the cursor asks for and memory no longer holds is read from the database.
3. In one step, without an await: the rest from memory, `ready`, the replay, and the stream is in its
   channel. Nothing can come in between.

What ends a replay before it starts, so that the client gets `reset` instead:

| the cursor | because |
|---|---|
| is none of ours, or of another epoch | it belongs to another database |
| is ahead of the log | the database was restored from an older copy |
| is before the log's floor | retention has removed what would follow |
| would replay more bytes than a stream may hold back | fetching the list is cheaper |
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from lumen_notify.commit.log import PAGE_EVENTS, Head
from lumen_notify.deliver import frames
from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.frames import Counters, Frame
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.loader import Loader
from lumen_notify.deliver.outlet import Outlet
from lumen_notify.model import Cursor, Event

NO_BOUND_BYTES = 64 * 1024 * 1024
"""A replay's bound where the settings give none."""


class LogReader(Protocol):
    """What the welcome needs of `commit.log.Log`."""

    async def head(self) -> Head:
        """Read where the log is."""

    async def for_audiences(self, audiences: Sequence[str], *, after: int, up_to: int) -> Sequence[Event]:
        """Read the next events of some audiences: ascending, at most PAGE_EVENTS."""


class Welcome:
    """Lets streams join their channels. max_replay_bytes: beyond it, `reset`; 0 for a large bound."""

    def __init__(self, hub: Hub, loader: Loader, log: LogReader, *, max_replay_bytes: int) -> None:
        self._hub = hub
        self._loader = loader
        self._log = log
        self._max_replay_bytes = max_replay_bytes or NO_BOUND_BYTES

    async def join(self, outlet: Outlet, last_event_id: str | None) -> None:
        """Bring a stream up to date and live. last_event_id: as the client says it, None for none.

        Raises DatabaseUnavailable. A stream that closes meanwhile is left out.
        """
        channel = self._hub.channel(outlet.user_id)
        channel.joining += 1
        try:
            while True:
                counts = await self._loader.load(channel.user_id)
                await self._reach(counts.position)
                missed = await self._missed(channel, last_event_id)
                # No await from here on.
                self._hub.settle(channel)
                later = self._hub.replay.since(counts.position, channel.audiences)
                if later is not None:  # else memory has moved on meanwhile
                    break
            if outlet.close_reason is None:
                counters = Counters(counts, later)
                self._greet(outlet, counters, missed, is_resuming=last_event_id is not None)
                if outlet.close_reason is None:  # it may be too slow for what it has missed
                    channel.enter(outlet, counters.total)
        finally:
            channel.joining -= 1
            self._hub.release(channel)

    async def _missed(self, channel: Channel, last_event_id: str | None) -> list[Frame] | None:
        """Return all frames after the cursor up to this very moment; None if that cannot be."""
        if last_event_id is None:
            return []
        cursor = Cursor.parse(last_event_id)
        if cursor is None or cursor.epoch != self._hub.epoch:
            return None
        reached = cursor.position
        if reached > self._hub.position:
            if reached > (await self._log.head()).position:
                return None
            await self._reach(reached)  # another instance was faster than this one
        older: list[Frame] = []
        while (newer := self._hub.replay.since(reached, channel.audiences)) is None:
            up_to = self._hub.position
            page = await self._log.for_audiences(channel.audiences, after=reached, up_to=up_to)
            if (await self._log.head()).floor > reached:
                return None  # asked after the page was read: retention may have run in between
            older += [Frame(event, self._hub.epoch) for event in page]
            reached = page[-1].position if len(page) == PAGE_EVENTS else up_to
            if self._is_too_much(older):
                return None
        missed = older + newer
        return None if self._is_too_much(missed) else missed

    def _is_too_much(self, missed: Sequence[Frame]) -> bool:
        return sum(frame.size_bytes for frame in missed) > self._max_replay_bytes

    def _greet(
        self, outlet: Outlet, counters: Counters, missed: list[Frame] | None, *, is_resuming: bool
    ) -> None:
        newest = str(self._hub.cursor)
        replay = None if missed is None else self._replay(missed, counters)
        ready = frames.ready(
            outlet.id,
            counters,
            id_=None if replay else newest,
            is_recovered=is_resuming and replay is not None,
            replayed=len(replay or ()),
        )
        if replay is None:
            outlet.write(ready + frames.reset(counters, id_=newest))
        else:
            outlet.write(ready + b"".join(replay))

    def _replay(self, missed: Sequence[Frame], counters: Counters) -> list[bytes] | None:
        """Encode what was missed; None if that is too much: marks grow with the user's categories."""
        replay = []
        left_bytes = self._max_replay_bytes
        for frame in missed:
            replay.append(frame.encode_again(counters))
            left_bytes -= len(replay[-1])
            if left_bytes < 0:
                return None
        return replay

    async def _reach(self, position: int) -> None:
        reached = asyncio.Event()
        self._hub.when_at(position, reached.set)
        await reached.wait()
