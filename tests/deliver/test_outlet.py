"""Outlets against a model: any order of writes, pauses, resumes, closes and losses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lumen_notify.deliver import outlet as outlet_module
from lumen_notify.deliver.chunks import LAST_CHUNK, chunk, unchunk
from lumen_notify.deliver.fallback import QueueOutlet
from lumen_notify.deliver.frames import control
from lumen_notify.deliver.handover import WRITE_BUFFER_BYTES, TransportOutlet
from lumen_notify.deliver.outlet import NO_SOCKET, Outlet
from lumen_notify.model import CloseReason

from .fakes import HOUR_MS, Closes, FakeTransport, RecordingOutlet

REASONS = [reason for reason in CloseReason if reason is not CloseReason.GONE]

reasons = st.sampled_from(REASONS)
sizes = st.sampled_from([1, 10, 500, 4_000, 20_000, 70_000])
retries = st.sampled_from([0, 1500])
patiences = st.sampled_from([0, 3, 10, 30])  # how often a stream is written to before it may end
bounds = st.sampled_from([0, 1, 1_000, 30_000, 100_000])

COMMON: dict[str, Any] = {
    "user_id": "ann",
    "device": None,
    "address": "192.0.2.1",
    "connected_at": 0,
    "expires_at": HOUR_MS,
}


class Written:
    """Chunks that differ in every byte that a mistake would show: each has its number in it, all over."""

    def __init__(self) -> None:
        self._number = 0

    def next(self, size: int) -> bytes:
        self._number += 1
        tag = b"<%d>" % self._number
        return chunk((tag * (size // len(tag) + 1))[:size])


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


class QueueMachine(RuleBasedStateMachine):
    """A QueueOutlet beside a list. A response takes payloads from it, one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()

    @initialize(max_backlog_bytes=bounds, patience=patiences)
    def begin(self, max_backlog_bytes: int, patience: int) -> None:
        self.max_backlog_bytes = max_backlog_bytes
        self.patience = patience
        self.closes = Closes()
        self.outlet = QueueOutlet(max_backlog_bytes=max_backlog_bytes, on_close=self.closes, **COMMON)
        self.payloads: AsyncIterator[bytes] = self.outlet.payloads()
        self.taking: asyncio.Future[bytes | None] | None = None
        self.chunks = Written()
        self.waiting: list[bytes] = []
        self.taken: list[bytes] = []
        self.given: list[bytes] = []
        self.has_ended = False
        self.reason: CloseReason | None = None

    @rule(size=sizes)
    def write(self, size: int) -> None:
        self.patience -= 1
        chunks = self.chunks.next(size)
        is_too_much = 0 < self.max_backlog_bytes < sum(map(len, self.waiting)) + len(chunks)
        self.outlet.write(chunks)
        if self.reason is not None:
            return
        if is_too_much:
            self._closed(CloseReason.SLOW, 0)
        else:
            self.waiting.append(chunks)
            self.given.append(chunks)
        self._let_go_on()

    @rule(many=st.lists(sizes, max_size=8))
    def write_many(self, many: list[int]) -> None:
        for size in many:
            self.write(size)

    @precondition(lambda self: self.patience <= 0)
    @rule(reason=reasons | st.just(CloseReason.GONE), retry_ms=retries)
    def end(self, reason: CloseReason, retry_ms: int) -> None:
        if reason is CloseReason.GONE:  # the response has been cancelled
            self.outlet.lost()
            if self.reason is None:
                self.reason = CloseReason.GONE
        else:
            self.outlet.close(reason, retry_ms)
            self._closed(reason, retry_ms)
        self._let_go_on()

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
        self._let_go_on()

    def _let_go_on(self) -> None:
        """Turn the loop until whoever takes has what there is; compare."""

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
    def what_waits_is_bounded(self) -> None:
        if self.reason is None:
            assert self.outlet.backlog_bytes == sum(map(len, self.waiting))
            assert self.outlet.backlog_bytes <= (self.max_backlog_bytes or 10**9)

    @invariant()
    def payloads_leave_in_order_each_once_and_none_is_lost(self) -> None:
        before_the_end = [payload for payload in self.taken if b"event: closing" not in payload]
        assert before_the_end == list(map(unchunk, self.given[: len(before_the_end)]))

    @invariant()
    def end_is_told_once_with_its_first_reason(self) -> None:
        assert self.closes.seen == ([] if self.reason is None else [self.reason])

    def teardown(self) -> None:
        if self.taking is not None:
            self.taking.cancel()
        self.runner.close()


TestTransportOutlet = TransportMachine.TestCase
TestTransportOutlet.settings = settings(max_examples=200, stateful_step_count=40)

TestQueueOutlet = QueueMachine.TestCase
TestQueueOutlet.settings = settings(max_examples=120, stateful_step_count=30)


@pytest.fixture(params=["connection", "queue"])
def outlet(request: pytest.FixtureRequest) -> Outlet:
    closes = Closes()
    if request.param == "queue":
        return QueueOutlet(max_backlog_bytes=100, on_close=closes, **COMMON)
    made = TransportOutlet(max_backlog_bytes=100, on_shutdown=lambda: None, on_close=closes, **COMMON)
    made.take(FakeTransport(made), set(), is_paused=False)
    return made


def test_peer_that_goes_after_the_close_does_not_change_its_reason(outlet: Outlet) -> None:
    outlet.close(CloseReason.EXPIRED)
    outlet.lost()
    assert outlet.close_reason is CloseReason.EXPIRED


def test_nothing_is_said_to_a_peer_that_is_gone(outlet: Outlet) -> None:
    outlet.lost()
    outlet.close(CloseReason.SHUTDOWN)
    outlet.write(control.ping("e-1"))
    assert outlet.close_reason is CloseReason.GONE
    assert outlet.backlog_bytes == 0


def test_pause_that_is_due_at_the_hand_over_reaches_the_outlet() -> None:
    # 30 KB of earlier answers: below the limit that the connection had, above the one that it gets.
    transport = FakeTransport(EarlierAnswers())
    transport.write(b"e" * 30_000)
    assert not transport.is_paused
    made = TransportOutlet(max_backlog_bytes=0, on_shutdown=lambda: None, on_close=Closes(), **COMMON)
    made.take(transport, set(), is_paused=False)
    made.write(b"x" * 1000)
    assert (transport.get_write_buffer_size(), made.backlog_bytes) == (30_000, 1000)


def test_outlet_takes_no_dictionary() -> None:
    made = TransportOutlet(max_backlog_bytes=0, on_shutdown=lambda: None, on_close=Closes(), **COMMON)
    for one in (made, RecordingOutlet()):
        assert not hasattr(one, "__dict__"), "a stream without __slots__ costs a hundred bytes more"
