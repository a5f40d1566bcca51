"""Opening: brings a new stream up to date, then makes it live, without a gap or a repeat.

1. The user's counts are loaded (one query for all streams that open at this moment), and the hub reaches the
   position of the counts. If another event is there than the hub has delivered, the log is another one: the
   opener waits until that is noticed, and starts again.
2. The frames that the cursor asks for are collected; those no longer in memory come from the database
   (`replay_reader`).
3. In one step, without an await: the frames since the counts are applied to them, `ready` and the replay
   are sent, and the connection is added to its channel. Nothing can happen in between. If one of those
   frames needs more than the counts to be applied (the user joined or left a room, shared notifications
   were removed), the opener starts again at 1.

When a cursor cannot be served, the client gets `reset` with the reason (`model.ResetReason`) instead of a
replay. When the log turns out to be another one meanwhile (`Hub.reset_to`), the opener starts again at 1.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames import Frame, control
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.deliver.streams.replay_reader import END_OF_LOG, LogReader, ReplayReader, audiences_of
from lumen_notify.model import Counts, Cursor, ResetReason

_log = logging.getLogger("lumen_notify.streams")


class StreamOpener:
    """Adds connections to their channels. max_replay_bytes: a longer replay becomes `reset`."""

    def __init__(self, hub: Hub, loader: CountLoader, log: LogReader, *, max_replay_bytes: int) -> None:
        self._hub = hub
        self._loader = loader
        self._log = log
        self._max_replay_bytes = max_replay_bytes
        self._replay_reader = ReplayReader(hub, log, max_bytes=self._max_replay_bytes)

    async def open(self, connection: Connection, last_event_id: str | None) -> None:
        """Bring a connection up to date and make it live. last_event_id: as the client sent it, or None.

        A connection that closes meanwhile is not added. Raises DatabaseUnavailable.
        """
        channel = self._hub.get_channel(connection.user_id)
        channel.opening = (*channel.opening, connection)
        try:
            while True:
                generation = self._hub.generation
                snapshot = await self._loader.load(channel.user_id)
                counts = snapshot.counts
                await self._wait_for_position(snapshot.position, generation)
                if not self._hub.has_delivered(snapshot.cursor):
                    await self._wait_for_position(END_OF_LOG, generation)
                    continue
                missed = await self._missed_frames(last_event_id, channel.user_id, counts, generation)
                # No await from here on.
                if generation != self._hub.generation:
                    continue
                self._hub.catch_up(channel)
                audiences = audiences_of(channel.user_id, counts.rooms)
                later = self._hub.replay.frames_after(snapshot.position, audiences)
                if later is not None and not any(frame.requires_recount for frame in later):
                    break
            if connection.close_reason is None:
                counts = _apply(later, counts, channel.user_id)
                self._send_initial(connection, counts, missed, is_resuming=last_event_id is not None)
                if connection.close_reason is None:  # it may be too slow for its replay
                    self._hub.add(channel, connection, counts)
        finally:
            channel.opening = tuple(one for one in channel.opening if one is not connection)
            self._hub.discard_unused(channel)

    async def _missed_frames(
        self, last_event_id: str | None, user_id: str, counts: Counts, generation: int
    ) -> list[Frame] | ResetReason:
        """Return all frames after the cursor, up to this very moment; or why it cannot be served."""
        if last_event_id is None:
            return []
        cursor = Cursor.parse(last_event_id)
        if cursor is None or cursor.epoch != self._hub.epoch:
            return ResetReason.EPOCH
        if cursor.position > self._hub.position:
            if cursor.position > (await self._log.head()).position:
                return ResetReason.AHEAD
            # Another instance was faster than this one.
            await self._wait_for_position(cursor.position, generation)
        return await self._replay_reader.frames_after(cursor, user_id, counts)

    def _send_initial(
        self, connection: Connection, counts: Counts, missed: list[Frame] | ResetReason, *, is_resuming: bool
    ) -> None:
        newest = str(self._hub.cursor)
        user_id = connection.user_id
        replay = missed if isinstance(missed, ResetReason) else self._encode_replay(missed, counts, user_id)
        is_served = not isinstance(replay, ResetReason)
        ready = control.ready(
            connection.id,
            counts,
            id_=None if is_served and replay else newest,
            is_recovered=is_resuming and is_served,
            replayed=len(replay) if is_served else 0,
            retry_ms=control.jittered(control.RETRY_MS),
        )
        if isinstance(replay, ResetReason):
            connection.write(ready + control.reset(replay, counts, id_=newest))
        else:
            connection.write(ready + b"".join(replay))

    def _encode_replay(
        self, missed: Sequence[Frame], counts: Counts, user_id: str
    ) -> list[bytes] | ResetReason:
        """Encode the missed frames, unless they exceed the bound, as their size depends on the user's counts,
        or one cannot be made: the client would come back with the same cursor for ever."""
        replay = []
        left_bytes = self._max_replay_bytes
        for frame in missed:
            try:
                chunks = frame.render_replay(counts, user_id)
            except Exception:  # noqa: BLE001 - whatever it is, the client fetches its list instead
                _log.exception("An event of kind %s could not be replayed.", frame.kind)
                return ResetReason.INTERNAL
            if chunks:
                replay.append(chunks)
                left_bytes -= len(chunks)
            if left_bytes < 0:
                return ResetReason.TOO_MANY
        return replay

    async def _wait_for_position(self, position: int, generation: int) -> None:
        """Wait until the hub has reached a position, or is no longer of this generation."""
        if generation != self._hub.generation:
            return
        reached = asyncio.Event()
        self._hub.call_at(position, reached.set)
        await reached.wait()


def _apply(frames: Sequence[Frame], counts: Counts, user_id: str) -> Counts:
    for frame in frames:
        counts, _ = frame.apply(counts, user_id)
    return counts
