"""The connection that is a queue, against a list: any order of writes, reads, closes and disconnects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lumen_notify.deliver.connection.fallback import QueueConnection
from lumen_notify.deliver.frames import control
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import CloseReason

from ..connection_strategies import (
    CONNECTION_FIELDS,
    RETRY_MS,
    NumberedChunks,
    bounds,
    reasons,
    retries,
    sizes,
    write_counts,
)
from ..fakes import RecordedCloses


class QueueMachine(RuleBasedStateMachine):
    """A QueueConnection beside a list. A response takes payloads from it, one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(control, "retry_ms_after", lambda _: RETRY_MS)

    @initialize(max_backlog_bytes=bounds, writes_left=write_counts)
    def begin(self, max_backlog_bytes: int, writes_left: int) -> None:
        self.max_backlog_bytes = max_backlog_bytes
        self.writes_left = writes_left
        self.closes = RecordedCloses()
        self.connection = QueueConnection(
            max_backlog_bytes=max_backlog_bytes, on_close=self.closes, **CONNECTION_FIELDS
        )
        self.payloads: AsyncIterator[bytes] = self.connection.payloads()
        self.taking: asyncio.Future[bytes | None] | None = None
        self.chunks = NumberedChunks()
        self.waiting: list[bytes] = []
        self.taken: list[bytes] = []
        self.given: list[bytes] = []
        self.has_ended = False
        self.reason: CloseReason | None = None

    @rule(size=sizes)
    def write(self, size: int) -> None:
        self.writes_left -= 1
        chunks = self.chunks.next(size)
        waiting_bytes = sum(map(len, self.waiting))
        is_too_much = waiting_bytes > 0 and 0 < self.max_backlog_bytes < waiting_bytes + len(chunks)
        self.connection.write(chunks)
        if self.reason is not None:
            return
        if is_too_much:
            self._closed(CloseReason.SLOW, RETRY_MS)
        else:
            self.waiting.append(chunks)
            self.given.append(chunks)
        self._run_loop()

    @rule(many=st.lists(sizes, max_size=8))
    def write_many(self, many: list[int]) -> None:
        for size in many:
            self.write(size)

    @precondition(lambda self: self.writes_left <= 0)
    @rule(reason=reasons | st.just(CloseReason.GONE), retry_ms=retries)
    def end(self, reason: CloseReason, retry_ms: int) -> None:
        if reason is CloseReason.GONE:  # the response has been cancelled
            self.connection.on_disconnect()
            if self.reason is None:
                self.reason = CloseReason.GONE
        else:
            self.connection.close(reason, retry_ms)
            self._closed(reason, retry_ms)
        self._run_loop()

    def _closed(self, reason: CloseReason, retry_ms: int) -> None:
        if self.reason is None:
            self.reason = reason
            kept = [] if reason is CloseReason.SLOW else self.waiting
            self.waiting = [*kept, control.closing(reason, retry_ms)]

    @precondition(lambda self: self.taking is None and not self.has_ended)
    @rule()
    def take(self) -> None:
        async def next_payload() -> bytes | None:
            return await anext(self.payloads, None)

        self.taking = self.runner.get_loop().create_task(next_payload())
        self._run_loop()

    def _run_loop(self) -> None:
        """Run the loop until the pending read has its payload; compare it with the list."""

        async def turns() -> None:
            for _ in range(4):
                await asyncio.sleep(0)

        self.runner.run(turns())
        if self.taking is None:
            return
        if self.reason is CloseReason.GONE:
            assert not self.taking.done() or self.taking.result() is None
        elif self.waiting:
            payload = self.taking.result()
            self.taking = None
            assert payload == unchunk(self.waiting.pop(0))
            self.taken.append(payload)
        elif self.reason is not None:
            assert self.taking.result() is None
            self.has_ended = True
        else:
            assert not self.taking.done()

    @invariant()
    def backlog_is_bounded(self) -> None:
        if self.reason is None:
            assert self.connection.backlog_bytes == sum(map(len, self.waiting))
            is_single = len(self.waiting) <= 1
            assert is_single or self.connection.backlog_bytes <= (self.max_backlog_bytes or 10**9)

    @invariant()
    def payloads_leave_in_order_each_once_and_none_is_lost(self) -> None:
        before_the_end = [payload for payload in self.taken if b"event: closing" not in payload]
        assert before_the_end == list(map(unchunk, self.given[: len(before_the_end)]))

    @invariant()
    def end_is_reported_once_with_its_first_reason(self) -> None:
        assert self.closes.seen == ([] if self.reason is None else [self.reason])

    def teardown(self) -> None:
        if self.taking is not None:
            self.taking.cancel()
        self.runner.close()
        self.patch.undo()


TestQueueConnection = QueueMachine.TestCase
TestQueueConnection.settings = settings(max_examples=120, stateful_step_count=30)
