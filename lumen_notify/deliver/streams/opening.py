"""Opening: brings a new stream up to date, then makes it live, without a gap or a repeat.

1. The user's counts are loaded (one query for all streams that open at this moment), and the hub reaches the
   position of the counts. If another event is there than the hub has delivered, the log is another one: the
   opener waits until that is noticed, and starts again.
2. While more was missed than fits into one write, it is sent page by page, as fast as the client reads
   (`replay_reader`, `stream_replay`). The counts are loaded again every COUNTS_SECONDS, and once all events
   up to their position have been sent.
3. In one step, without an await: the frames since the counts are applied to them, the rest of the replay is
   sent, with `ready` if it is all, and the connection is added to its channel. Nothing can happen in between.
   If one of those frames needs more than the counts to be applied (the user joined or left a room, shared
   notifications were removed), the opener starts again at 1.

When a cursor cannot be served, the client gets `reset` with the reason (`model.ResetReason`) instead of a
replay. When the log turns out to be another one meanwhile (`Hub.reset_to`), the opener starts again at 1. If
pages have been sent by then, the stream is closed instead: its client reconnects, and gets `reset`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.deliver.streams.memberships import END_OF_LOG, audiences_of
from lumen_notify.deliver.streams.replay_reader import LogPages, LogReader, Page, ReplayReader
from lumen_notify.deliver.streams.stream_replay import StreamReplay, UnshowableFrame
from lumen_notify.model import CloseReason, Counts, CountsSnapshot, Cursor, ResetReason

COUNTS_SECONDS = 5.0
"""How old the counts in replayed frames are at most, when they are sent."""


class StreamOpener:
    """Adds connections to their channels. max_replay_events: a longer replay becomes `reset`; 0: none does.
    ping_seconds: after how much silence a stream gets `ping`. clock: monotonic seconds."""

    def __init__(
        self,
        hub: Hub,
        loader: CountLoader,
        log: LogReader,
        *,
        max_replay_events: int,
        ping_seconds: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hub = hub
        self._loader = loader
        self._log = log
        self._max_replay_events = max_replay_events
        self._ping_seconds = ping_seconds
        self._clock = clock
        self._reader = ReplayReader(hub, log)

    async def open(self, connection: Connection, last_event_id: str | None) -> None:
        """Bring a connection up to date and make it live. last_event_id: as the client sent it, or None.

        A connection that closes meanwhile is not added. Raises DatabaseUnavailable.
        """
        channel = self._hub.get_channel(connection.user_id)
        channel.opening = (*channel.opening, connection)
        replay = StreamReplay(connection, ping_seconds=self._ping_seconds)
        try:
            while replay.is_open and not await self._try_to_open(channel, replay, last_event_id):
                pass
        finally:
            connection.replaying = None
            channel.opening = tuple(one for one in channel.opening if one is not connection)
            self._hub.discard_unused(channel)

    async def _try_to_open(self, channel: Channel, replay: StreamReplay, last_event_id: str | None) -> bool:
        """Return whether the stream is live, or has ended; False if the counts must be loaded again."""
        generation = self._hub.generation
        snapshot = await self._loader.load(channel.user_id)
        await self._wait_for_position(snapshot.position, generation)
        rest: Page | ResetReason | None = None
        if not self._hub.has_delivered(snapshot.cursor):
            await self._wait_for_position(END_OF_LOG, generation)
        elif last_event_id is None:
            rest = Page(frames=(), cursor=self._hub.cursor, is_last=True)
        else:
            rest = await self._find_cursor(replay, last_event_id, generation)
            try:
                rest = rest or await self._send_pages(replay, snapshot, generation)
            except UnshowableFrame:
                rest = ResetReason.INTERNAL
        # No await from here on.
        if generation != self._hub.generation:
            return self._start_again(replay)
        self._hub.catch_up(channel)
        counts = self._current_counts(snapshot, channel.user_id)
        if rest is None or counts is None:
            return False
        if replay.is_open and not self._end(replay, rest, counts, is_resuming=last_event_id is not None):
            return False
        if replay.is_open:  # the client may be too slow for what was sent
            self._hub.add(channel, replay.connection, counts)
        return True

    async def _find_cursor(
        self, replay: StreamReplay, last_event_id: str, generation: int
    ) -> ResetReason | None:
        """Begin a replay after the client's cursor, unless that was done; or return why it cannot be
        served."""
        if replay.cursor is not None:
            return None
        cursor = Cursor.parse(last_event_id)
        if cursor is None or cursor.epoch != self._hub.epoch:
            return ResetReason.EPOCH
        if cursor.position > self._hub.position:
            if cursor.position > (await self._log.head()).position:
                return ResetReason.AHEAD
            # Another instance was faster than this one.
            await self._wait_for_position(cursor.position, generation)
        replay.cursor = cursor
        return None

    async def _send_pages(
        self, replay: StreamReplay, snapshot: CountsSnapshot, generation: int
    ) -> Page | ResetReason | None:
        """Send pages until the rest is likely to fit into one write, and return it. Or return why the cursor
        cannot be served; or None if the counts must be loaded again. Raises UnshowableFrame."""
        user_id, counts = replay.connection.user_id, snapshot.counts
        pages = LogPages(user_id, snapshot)
        loaded_at = self._clock()
        while replay.cursor is not None and replay.is_open and generation == self._hub.generation:
            page = self._reader.in_memory(replay.cursor, user_id, counts)
            if isinstance(page, ResetReason) or (page and page.is_last and replay.may_fit(page)):
                return page
            if (refusal := await self._refusal_by_number(replay, pages)) is not None:
                return refusal
            if replay.frames:
                await replay.send(counts)
                if self._clock() - loaded_at > COUNTS_SECONDS:
                    return None
            elif page is None and replay.cursor.position >= pages.up_to:
                return None
            else:
                page = page or await self._reader.read(replay.cursor, pages, is_first=not replay.has_begun)
                if isinstance(page, ResetReason):
                    return page
                replay.take(page)
        return None

    async def _refusal_by_number(self, replay: StreamReplay, pages: LogPages) -> ResetReason | None:
        """Count the missed events once, if there is a limit; return why a cursor with more is refused."""
        most = self._max_replay_events
        if not most or replay.is_counted or replay.cursor is None:
            return None
        replay.is_counted = True
        if await self._reader.count(replay.cursor, pages, limit=most + 1) <= most:
            return None
        return await self._log.refusal(replay.cursor, self._hub.cursor) or ResetReason.TOO_MANY

    def _current_counts(self, snapshot: CountsSnapshot, user_id: str) -> Counts | None:
        """Return the counts at the hub's position; None if they must be loaded again."""
        counts = snapshot.counts
        audiences = audiences_of(user_id, counts.rooms)
        later = self._hub.replay.frames_after(snapshot.position, audiences)
        if later is None or any(frame.requires_recount for frame in later):
            return None
        for frame in later:
            counts, _ = frame.apply(counts, user_id)
        return counts

    def _end(
        self, replay: StreamReplay, rest: Page | ResetReason, counts: Counts, *, is_resuming: bool
    ) -> bool:
        """Send the rest of the replay, or that there is none; return False if the rest does not fit into one
        write."""
        newest = self._hub.cursor
        if isinstance(rest, Page):
            frames = len(replay.frames) + len(rest.frames)
            if replay.has_begun or not 0 < self._max_replay_events < frames:
                try:
                    return replay.finish(rest, counts, newest=newest, is_resuming=is_resuming)
                except UnshowableFrame:
                    rest = ResetReason.INTERNAL
            else:
                rest = ResetReason.TOO_MANY
        if replay.has_begun:
            replay.connection.close(CloseReason.SHUTDOWN)
        else:
            replay.reset(rest, counts, newest=newest)
        return True

    def _start_again(self, replay: StreamReplay) -> bool:
        """The log has become another one: return True if the stream had to be closed."""
        if replay.has_begun:
            replay.connection.close(CloseReason.SHUTDOWN)
        replay.forget()
        return replay.has_begun

    async def _wait_for_position(self, position: int, generation: int) -> None:
        """Wait until the hub has reached a position, or is no longer of this generation."""
        if generation != self._hub.generation:
            return
        reached = asyncio.Event()
        self._hub.call_at(position, reached.set)
        await reached.wait()
