"""The connection that was handed over, against a model: any order of writes, pauses, closes, disconnects."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lumen_notify.deliver.connection import connection as connection_module
from lumen_notify.deliver.connection.connection import NO_FD
from lumen_notify.deliver.connection.transport import (
    WRITE_BUFFER_BYTES,
    TransportConnection,
    UnchunkedConnection,
)
from lumen_notify.deliver.frames import control
from lumen_notify.deliver.frames.chunks import LAST_CHUNK, chunk, unchunk
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
from ..fakes import FakeTransport, RecordedCloses


class EarlierAnswers(asyncio.Protocol):
    """The protocol that the transport had before the hand-over."""


class TransportMachine(RuleBasedStateMachine):
    """A TransportConnection beside the bytes that it should have sent. `wire`: all that the transport got."""

    @initialize(
        max_backlog_bytes=bounds,
        room_bytes=st.sampled_from([0, 3_000, 1_000_000]),
        earlier_bytes=st.sampled_from([0, 0, 10_000, 30_000, 100_000]),
        writes_left=write_counts,
        encrypts=st.booleans(),
    )
    def begin(
        self, max_backlog_bytes: int, room_bytes: int, earlier_bytes: int, writes_left: int, encrypts: bool
    ) -> None:
        self.max_backlog_bytes = max_backlog_bytes
        self.writes_left = writes_left
        self.closes = RecordedCloses()
        self.connection = TransportConnection(
            max_backlog_bytes=max_backlog_bytes,
            on_shutdown=lambda: self.connection.close(CloseReason.SHUTDOWN),
            on_close=self.closes,
            **CONNECTION_FIELDS,
        )
        self.transport = FakeTransport(EarlierAnswers(), room_bytes=room_bytes, encrypts=encrypts)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(connection_module, "write_direct", self.transport.write_direct)
        self.patch.setattr(control, "retry_ms_after", lambda _: RETRY_MS)
        self.encrypts = encrypts
        if earlier_bytes:
            self.transport.write(b"e" * earlier_bytes)
        self.server_connections: set[Any] = {self.connection}
        self.known_fd = NO_FD
        self.connection.take_over(self.transport, self.server_connections, is_paused=self.transport.is_paused)
        self.chunks = NumberedChunks()
        self.expected = b"e" * earlier_bytes
        self.largest_write_bytes = earlier_bytes
        self.has_peer = True
        self.reason: CloseReason | None = None

    @precondition(lambda self: self.connection.direct_writer is None and self.reason is None)
    @rule()
    def allow_direct_writes(self) -> None:
        self.connection.allow_direct_writes(self)
        self.direct_fd_changed()

    def direct_fd_changed(self) -> None:
        """Do what a channel does: copy the file descriptor."""
        self.known_fd = self.connection.direct_fd

    @property
    def wire(self) -> bytes:
        return self.transport.received + self.transport.buffer

    @property
    def backlog(self) -> bytes:
        return b"".join(self.connection._backlog or ())

    @rule(size=sizes)
    def write(self, size: int) -> None:
        self.writes_left -= 1
        chunks = self.chunks.next(size)
        waiting = len(self.backlog) + len(self.transport.buffer) + len(chunks)
        is_too_much = self.transport.is_paused and 0 < self.max_backlog_bytes < waiting
        before = self.wire
        self.connection.write(chunks)
        if self.reason is None and is_too_much:
            self._closed(CloseReason.SLOW, RETRY_MS, before)
        elif self.reason is None:
            self.expected += chunks
            self.largest_write_bytes = max(self.largest_write_bytes, len(chunks))

    @rule(number_bytes=st.sampled_from([1, 100, 5_000, 20_000, 1_000_000]))
    def peer_reads(self, number_bytes: int) -> None:
        self.transport.peer_reads(number_bytes)

    @rule(many=st.lists(sizes, max_size=8))
    def write_many(self, many: list[int]) -> None:
        for size in many:
            self.write(size)

    @precondition(lambda self: self.writes_left <= 0)
    @rule(how=st.sampled_from(["close", "shutdown", "abort", "peer goes"]), reason=reasons, retry_ms=retries)
    def end(self, how: str, reason: CloseReason, retry_ms: int) -> None:
        before = self.wire
        if how == "close":
            self.connection.close(reason, retry_ms)
            self._closed(reason, retry_ms, before)
        elif how == "shutdown":
            self.connection.shutdown()
            self._closed(CloseReason.SHUTDOWN, RETRY_MS, before)
        elif how == "abort":
            self.connection.abort()
            self.has_peer = False
        else:
            self.transport.peer_goes()
            self.has_peer = False

    def _closed(self, reason: CloseReason, retry_ms: int, before: bytes) -> None:
        if self.reason is None:
            self.reason = reason
            kept = before if reason is CloseReason.SLOW else self.expected
            self.expected = kept + control.closing(reason, retry_ms) + LAST_CHUNK

    @rule()
    def turn(self) -> None:
        self.transport.turn()
        if not self.server_connections and self.reason is None:
            self.reason = CloseReason.GONE

    @invariant()
    def chunks_leave_in_order_each_once_and_none_is_lost(self) -> None:
        if self.has_peer:
            assert self.wire + self.backlog == self.expected
        else:
            assert self.expected.startswith(self.wire[: len(self.expected)])

    @invariant()
    def backlog_is_empty_while_the_transport_takes_bytes(self) -> None:
        assert len(self.backlog) == self.connection.backlog_bytes
        if not self.transport.is_paused or self.reason is not None:
            assert not self.backlog

    @invariant()
    def chunks_are_written_directly_while_they_may_and_nothing_waits(self) -> None:
        assert self.known_fd == self.connection.direct_fd
        is_allowed = self.connection.direct_writer is not None and not self.encrypts
        if is_allowed and self.reason is None and not self.transport.is_paused:
            assert self.connection.direct_fd == self.transport.fileno()
        else:
            assert self.connection.direct_fd == NO_FD

    @invariant()
    def backlog_is_bounded(self) -> None:
        if self.backlog and self.max_backlog_bytes:
            assert len(self.backlog) + len(self.transport.buffer) <= self.max_backlog_bytes
        if self.reason is None:
            assert self.transport.largest_bytes <= WRITE_BUFFER_BYTES + self.largest_write_bytes

    @invariant()
    def end_is_reported_once_with_its_first_reason(self) -> None:
        assert self.closes.seen == ([] if self.reason is None else [self.reason])
        assert self.connection.close_reason is self.reason

    @invariant()
    def transport_is_closed_at_the_end_and_released_when_it_is_lost(self) -> None:
        assert self.transport.is_closing() or self.reason is None
        assert (self.connection._transport is None) == (not self.server_connections)

    def teardown(self) -> None:
        if not hasattr(self, "connection"):
            return
        self.connection.close(CloseReason.EXPIRED)
        self.transport.peer_reads(10_000_000)
        self.transport.turn()
        assert not self.server_connections
        assert (self.connection.backlog_bytes, self.connection._backlog) == (0, None)
        assert len(self.closes.seen) == 1
        self.patch.undo()


TestTransportConnection = TransportMachine.TestCase
TestTransportConnection.settings = settings(max_examples=200, stateful_step_count=40)


def test_pause_that_is_due_at_the_hand_over_reaches_the_connection() -> None:
    # 30 KB of earlier answers: below the limit that the connection had, above the one that it gets.
    transport = FakeTransport(EarlierAnswers())
    transport.write(b"e" * 30_000)
    assert not transport.is_paused
    made = TransportConnection(
        max_backlog_bytes=0, on_shutdown=lambda: None, on_close=RecordedCloses(), **CONNECTION_FIELDS
    )
    made.take_over(transport, set(), is_paused=False)
    made.write(b"x" * 1000)
    assert (transport.get_write_buffer_size(), made.backlog_bytes) == (30_000, 1000)


def test_connection_without_chunks_sends_payloads_in_order_also_after_a_pause() -> None:
    closes = RecordedCloses()
    connection = UnchunkedConnection(
        max_backlog_bytes=0, on_shutdown=lambda: None, on_close=closes, **CONNECTION_FIELDS
    )
    transport = FakeTransport(EarlierAnswers(), room_bytes=1000)
    connection.take_over(transport, {connection}, is_paused=False)
    connection.allow_direct_writes(ignored := DirectWrites())
    payloads = [b"%d:" % number + b"x" * 10_000 for number in range(10)]
    for payload in payloads:
        connection.write(chunk(payload) + chunk(b"!"))
    assert connection.backlog_bytes
    transport.peer_reads(1_000_000)
    connection.close(CloseReason.SHUTDOWN, 2000)
    transport.peer_reads(1_000_000)
    expected = b"".join(payload + b"!" for payload in payloads)
    assert transport.received == expected + unchunk(control.closing(CloseReason.SHUTDOWN, 2000))
    assert ignored.changes == 0
    assert connection.direct_fd == NO_FD


class DirectWrites:
    """Counts how often a file descriptor was offered."""

    changes = 0

    def direct_fd_changed(self) -> None:
        self.changes += 1
