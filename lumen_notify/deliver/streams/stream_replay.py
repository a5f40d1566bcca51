"""Stream replay: what one stream has missed, sent as fast as its client reads.

A short replay is sent in one write, together with `ready`, which says how many events it has. A longer one
goes in pages. `ready` then does not know their number; `caught_up` ends the replay, and says it.

| | at most |
|---|---|
| frames in memory | one page (`replay_reader`) and what follows it in memory |
| one write | WRITE_BYTES, or a single larger event |

Each write waits until the client has taken most of the one before. A client that takes less than
MIN_SENT_BYTES in SEND_SECONDS is closed as `slow`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.connection.send_timeout import MIN_SENT_BYTES, SEND_SECONDS
from lumen_notify.deliver.frames import Frame, control
from lumen_notify.deliver.streams.replay_reader import Page
from lumen_notify.model import CloseReason, Counts, Cursor, ResetReason

WRITE_BYTES = 64 * 1024
"""The most bytes in one write of a replay, besides one larger event."""

_log = logging.getLogger("lumen_notify.streams")


class UnshowableFrame(Exception):
    """A frame could not be made: the client would come back with the same cursor for ever."""


class StreamReplay:
    """Sends the first frames of one stream: `ready`, and what its client has missed.

    cursor: the place after the frames that were taken; None before the client's. frames: those that were
    taken, to be sent. is_counted: the events after the client's cursor are not too many. has_begun: `ready`
    has been sent, and pages follow. replayed: how many events were sent. ping_seconds: as `ready` says it.
    """

    def __init__(self, connection: Connection, *, ping_seconds: int) -> None:
        self.connection = connection
        self.ping_seconds = ping_seconds
        self.cursor: Cursor | None = None
        self.frames: list[Frame] = []
        self.is_counted = False
        self.has_begun = False
        self.replayed = 0
        self._is_too_large = False
        self._may_go_on = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether the stream has not ended."""
        return self.connection.close_reason is None

    def forget(self) -> None:
        """Begin again with the client's cursor."""
        self.cursor = None
        self.frames = []
        self.is_counted = self._is_too_large = False

    def take(self, page: Page) -> None:
        """Take the frames that follow the cursor, to be sent."""
        self.frames += page.frames
        self.cursor = page.cursor

    def may_fit(self, page: Page) -> bool:
        """Return whether the frames that were taken and a last page are likely to fit into one write: how
        large they are depends on the counts, too."""
        if self._is_too_large:
            return False
        frames = (*self.frames, *page.frames) if self.frames else page.frames
        return sum(frame.size_bytes for frame in frames) <= WRITE_BYTES

    async def send(self, counts: Counts) -> None:
        """Send the frames that were taken, with the user's counts, as fast as the client reads; `ready` comes
        before the first ones. Raises UnshowableFrame."""
        frames, self.frames = self.frames, []
        self._is_too_large = False
        await asyncio.sleep(0)  # others' turn, even if nothing is shown or the kernel takes all at once
        for number, chunks in self._writes(frames, counts):
            if not self.is_open:
                return
            # One write: a second one would find the first in the backlog, and could be too much for it.
            first = b"" if self.has_begun else self._begin(counts)
            self.replayed += number
            self.connection.write(first + chunks)
            await self._wait_until_drained()

    def finish(self, page: Page, counts: Counts, *, newest: Cursor, is_resuming: bool) -> bool:
        """Send the rest in one write, and end the replay; return False if it does not fit. Raises
        UnshowableFrame.

        page: the last one; if it does not fit, it is taken. counts: at `newest`.
        """
        writes = list(self._writes([*self.frames, *page.frames], counts))
        if len(writes) > 1:
            self.take(page)
            self._is_too_large = True
            return False
        number, chunks = writes[0] if writes else (0, b"")
        if self.has_begun:
            self.replayed += number
            chunks += control.caught_up(counts, replayed=self.replayed, id_=str(newest))
            self.connection.replaying = None
        else:
            id_ = None if number else newest
            chunks = self._ready(counts, id_, is_recovered=is_resuming, replayed=number) + chunks
        self.connection.write(chunks)
        return True

    def reset(self, reason: ResetReason, counts: Counts, *, newest: Cursor) -> None:
        """Send `ready` and `reset`: the cursor cannot be served."""
        ready = self._ready(counts, newest, is_recovered=False, replayed=0)
        self.connection.write(ready + control.reset(reason, counts, id_=str(newest)))

    def on_drained(self) -> None:
        """Go on: few bytes wait for the peer, or the stream has ended."""
        self._may_go_on.set()

    def _begin(self, counts: Counts) -> bytes:
        self.connection.replaying = self
        self.has_begun = True
        return self._ready(counts, None, is_recovered=True, replayed=None)

    def _ready(
        self, counts: Counts, newest: Cursor | None, *, is_recovered: bool, replayed: int | None
    ) -> bytes:
        return control.ready(
            self.connection.id,
            counts,
            id_=None if newest is None else str(newest),
            is_recovered=is_recovered,
            replayed=replayed,
            ping_seconds=self.ping_seconds,
            retry_ms=control.jittered(control.RETRY_MS),
        )

    def _writes(self, frames: Sequence[Frame], counts: Counts) -> Iterator[tuple[int, bytes]]:
        """Yield what is to be written: the number of events and their chunks."""
        parts: list[bytes] = []
        size = 0
        for frame in frames:
            chunks = self._render(frame, counts)
            if not chunks:
                continue
            if parts and size + len(chunks) > WRITE_BYTES:
                yield len(parts), b"".join(parts)
                parts, size = [], 0
            parts.append(chunks)
            size += len(chunks)
        if parts:
            yield len(parts), b"".join(parts)

    def _render(self, frame: Frame, counts: Counts) -> bytes:
        try:
            return frame.render_replay(counts, self.connection.user_id)
        except Exception as error:
            _log.exception("An event of kind %s could not be replayed.", frame.kind)
            raise UnshowableFrame from error

    async def _wait_until_drained(self) -> None:
        await asyncio.sleep(0)
        while self.is_open and not self.connection.is_drained:
            waiting_bytes = self.connection.waiting_bytes
            self._may_go_on.clear()
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._may_go_on.wait()
            except TimeoutError:
                if self.connection.waiting_bytes > waiting_bytes - MIN_SENT_BYTES:
                    self.connection.close(CloseReason.SLOW)
