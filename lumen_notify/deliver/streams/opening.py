"""Welcome: brings a new stream up to date, then live, without a gap or a repeat.

1. The user is counted (one query for all who come at this moment), and the hub has reached the
   position of that count.
2. What the cursor asks for and memory no longer holds is read from the database (`missed`).
3. In one step, without an await: the rest from memory, `ready`, the replay, and the stream is in its
   channel. Nothing can come in between. If something has happened since the count that cannot be
   next_shapes by one who was not here (he is in another room, notifications to many are gone), back to 1.

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

from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.connection.connection import Outlet
from lumen_notify.deliver.frames import Frame, control
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.count_loader import Loader
from lumen_notify.deliver.streams.replay_reader import LogReader, Missed, audiences_of
from lumen_notify.model import Counts, Cursor

NO_BOUND_BYTES = 64 * 1024 * 1024
"""A replay's bound where the settings give none."""


class Welcome:
    """Lets streams join their channels. max_replay_bytes: beyond it, `reset`; 0 for a large bound."""

    def __init__(self, hub: Hub, loader: Loader, log: LogReader, *, max_replay_bytes: int) -> None:
        self._hub = hub
        self._loader = loader
        self._log = log
        self._max_replay_bytes = max_replay_bytes or NO_BOUND_BYTES
        self._missed = Missed(hub, log, max_bytes=self._max_replay_bytes)

    async def join(self, outlet: Outlet, last_event_id: str | None) -> None:
        """Bring a stream up to date and live. last_event_id: as the client says it, None for none.

        Raises DatabaseUnavailable. A stream that closes meanwhile is left out.
        """
        channel = self._hub.channel(outlet.user_id)
        channel.joining += 1
        try:
            while True:
                snapshot = await self._loader.load(channel.user_id)
                counts = snapshot.counts
                await self._reach(snapshot.position)
                missed = await self._since(last_event_id, channel.user_id, counts)
                # No await from here on.
                self._hub.settle(channel)
                later = self._hub.replay.since(snapshot.position, audiences_of(channel.user_id, counts.rooms))
                if later is not None and not any(frame.requires_recount for frame in later):
                    break
            if outlet.close_reason is None:
                counts = self._follow(channel, counts, later)
                self._greet(outlet, counts, missed, is_resuming=last_event_id is not None)
                if outlet.close_reason is None:  # it may be too slow for what it has missed
                    self._hub.enter(channel, outlet, counts)
        finally:
            channel.joining -= 1
            self._hub.release(channel)

    async def _since(self, last_event_id: str | None, user_id: str, counts: Counts) -> list[Frame] | None:
        """Return all frames after the cursor up to this very moment; None if that cannot be."""
        if last_event_id is None:
            return []
        cursor = Cursor.parse(last_event_id)
        if cursor is None or cursor.epoch != self._hub.epoch:
            return None
        if cursor.position > self._hub.position:
            if cursor.position > (await self._log.head()).position:
                return None
            await self._reach(cursor.position)  # another instance was faster than this one
        return await self._missed.since(cursor, user_id, counts)

    def _follow(self, channel: Channel, counts: Counts, later: Sequence[Frame]) -> Counts:
        for frame in later:
            counts, _ = frame.apply(counts, channel.user_id)
        return counts

    def _greet(
        self, outlet: Outlet, counts: Counts, missed: list[Frame] | None, *, is_resuming: bool
    ) -> None:
        newest = str(self._hub.cursor)
        replay = None if missed is None else self._replay(missed, counts, outlet.user_id)
        ready = control.ready(
            outlet.id,
            counts,
            id_=None if replay else newest,
            is_recovered=is_resuming and replay is not None,
            replayed=len(replay or ()),
        )
        if replay is None:
            outlet.write(ready + control.reset(counts, id_=newest))
        else:
            outlet.write(ready + b"".join(replay))

    def _replay(self, missed: Sequence[Frame], counts: Counts, user_id: str) -> list[bytes] | None:
        """Encode what was missed; None if that is too much: marks grow with the user's categories."""
        replay = []
        left_bytes = self._max_replay_bytes
        for frame in missed:
            chunks = frame.render_replay(counts, user_id)
            if chunks:
                replay.append(chunks)
                left_bytes -= len(chunks)
            if left_bytes < 0:
                return None
        return replay

    async def _reach(self, position: int) -> None:
        reached = asyncio.Event()
        self._hub.when_at(position, reached.set)
        await reached.wait()
