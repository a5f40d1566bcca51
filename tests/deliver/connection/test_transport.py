"""The outlet that is a connection, against a model: any order of writes, pauses, closes and losses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lumen_notify.deliver.connection import connection as outlet_module
from lumen_notify.deliver.connection.connection import NO_SOCKET
from lumen_notify.deliver.connection.transport import WRITE_BUFFER_BYTES, TransportOutlet
from lumen_notify.deliver.frames import control
from lumen_notify.deliver.frames.chunks import LAST_CHUNK
from lumen_notify.model import CloseReason

from ..fakes import Closes, FakeTransport
from ..writing import COMMON, Written, bounds, patiences, reasons, retries, sizes


class EarlierAnswers(asyncio.Protocol):
    """Who had the transport before the outlet."""


class TransportMachine(RuleBasedStateMachine):
    """A TransportOutlet beside what should have come of it. `wire`: all that the transport was ever given."""

    @initialize(
        max_backlog_bytes=bounds,
        room_bytes=st.sampled_from([0, 3_000, 1_000_000]),
        earlier_bytes=st.sampled_from([0, 0, 10_000, 30_000, 100_000]),
        patience=patiences,
        encrypts=st.booleans(),
    )
    def begin(
        self, max_backlog_bytes: int, room_bytes: int, earlier_bytes: int, patience: int, encrypts: bool
    ) -> None:
        self.max_backlog_bytes = max_backlog_bytes
        self.patience = patience
        self.closes = Closes()
        self.outlet = TransportOutlet(
            max_backlog_bytes=max_backlog_bytes,
            on_shutdown=lambda: self.outlet.close(CloseReason.SHUTDOWN, 2000),
            on_close=self.closes,
            **COMMON,
        )
        self.transport = FakeTransport(EarlierAnswers(), room_bytes=room_bytes, encrypts=encrypts)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(outlet_module, "send", self.transport.send)
        self.encrypts = encrypts
        if earlier_bytes:
            self.transport.write(b"e" * earlier_bytes)
        self.connections: set[Any] = {self.outlet}
        self.known_socket = NO_SOCKET
        self.outlet.take(self.transport, self.connections, is_paused=self.transport.is_paused)
        self.chunks = Written()
        self.expected = b"e" * earlier_bytes
        self.largest_write_bytes = earlier_bytes
        self.has_peer = True
        self.reason: CloseReason | None = None

    @precondition(lambda self: self.outlet.watcher is None and self.reason is None)
    @rule()
    def enter(self) -> None:
        self.outlet.watch(self)
        self.socket_changed()

    def socket_changed(self) -> None:
        """What a channel is told: who writes past the outlet must know when not to."""
        self.known_socket = self.outlet.socket

    @property
    def wire(self) -> bytes:
        return self.transport.received + self.transport.buffer

    @property
    def held(self) -> bytes:
        return b"".join(self.outlet._backlog or ())

    @rule(size=sizes)
    def write(self, size: int) -> None:
        self.patience -= 1
        chunks = self.chunks.next(size)
        waiting = len(self.held) + len(self.transport.buffer) + len(chunks)
        is_too_much = self.transport.is_paused and 0 < self.max_backlog_bytes < waiting
        before = self.wire
        self.outlet.write(chunks)
        if self.reason is None and is_too_much:
            self._closed(CloseReason.SLOW, 0, before)
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

    @precondition(lambda self: self.patience <= 0)
    @rule(how=st.sampled_from(["close", "shutdown", "abort", "peer goes"]), reason=reasons, retry_ms=retries)
    def end(self, how: str, reason: CloseReason, retry_ms: int) -> None:
        before = self.wire
        if how == "close":
            self.outlet.close(reason, retry_ms)
            self._closed(reason, retry_ms, before)
        elif how == "shutdown":
            self.outlet.shutdown()
            self._closed(CloseReason.SHUTDOWN, 2000, before)
        elif how == "abort":
            self.outlet.abort()
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
        if not self.connections and self.reason is None:
            self.reason = CloseReason.GONE

    @invariant()
    def chunks_leave_in_order_each_once_and_none_is_lost(self) -> None:
        if self.has_peer:
            assert self.wire + self.held == self.expected
        else:
            assert self.expected.startswith(self.wire[: len(self.expected)])

    @invariant()
    def nothing_is_held_while_the_transport_takes_bytes(self) -> None:
        assert len(self.held) == self.outlet.backlog_bytes
        if not self.transport.is_paused or self.reason is not None:
            assert not self.held

    @invariant()
    def chunks_go_to_the_socket_once_it_is_in_and_as_long_as_nothing_waits(self) -> None:
        assert self.known_socket == self.outlet.socket
        is_in = self.outlet.watcher is not None and not self.encrypts
        if is_in and self.reason is None and not self.transport.is_paused:
            assert self.outlet.socket == self.transport.fileno()
        else:
            assert self.outlet.socket == NO_SOCKET

    @invariant()
    def what_waits_is_bounded(self) -> None:
        if self.held and self.max_backlog_bytes:
            assert len(self.held) + len(self.transport.buffer) <= self.max_backlog_bytes
        if self.reason is None:
            assert self.transport.largest_bytes <= WRITE_BUFFER_BYTES + self.largest_write_bytes

    @invariant()
    def end_is_told_once_with_its_first_reason(self) -> None:
        assert self.closes.seen == ([] if self.reason is None else [self.reason])
        assert self.outlet.close_reason is self.reason

    @invariant()
    def transport_is_closed_by_the_end_and_let_go_when_it_is_lost(self) -> None:
        assert self.transport.is_closing() or self.reason is None
        assert (self.outlet._transport is None) == (not self.connections)

    def teardown(self) -> None:
        if not hasattr(self, "outlet"):
            return
        self.outlet.close(CloseReason.EXPIRED)
        self.transport.peer_reads(10_000_000)
        self.transport.turn()
        assert not self.connections
        assert (self.outlet.backlog_bytes, self.outlet._backlog) == (0, None)
        assert len(self.closes.seen) == 1
        self.patch.undo()


TestTransportOutlet = TransportMachine.TestCase
TestTransportOutlet.settings = settings(max_examples=200, stateful_step_count=40)


def test_pause_that_is_due_at_the_hand_over_reaches_the_outlet() -> None:
    # 30 KB of earlier answers: below the limit that the connection had, above the one that it gets.
    transport = FakeTransport(EarlierAnswers())
    transport.write(b"e" * 30_000)
    assert not transport.is_paused
    made = TransportOutlet(max_backlog_bytes=0, on_shutdown=lambda: None, on_close=Closes(), **COMMON)
    made.take(transport, set(), is_paused=False)
    made.write(b"x" * 1000)
    assert (transport.get_write_buffer_size(), made.backlog_bytes) == (30_000, 1000)
