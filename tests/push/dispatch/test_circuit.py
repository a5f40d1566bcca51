"""Circuit: it opens after failures in a row or when asked to wait; one push tries first then."""

from __future__ import annotations

import pytest

from lumen_notify.push.dispatch.circuit import (
    FAILURES,
    FIRST_PAUSE_SECONDS,
    MAX_ASKED_SECONDS,
    MAX_PAUSE_SECONDS,
    TRYING_SECONDS,
    Circuit,
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(clock)


def fail(circuit: Circuit, asked_seconds: float | None = None) -> None:
    assert circuit.wait_seconds == 0
    circuit.fail(asked_seconds, is_trial=circuit.enter())


def succeed(circuit: Circuit) -> None:
    assert circuit.wait_seconds == 0
    circuit.succeed(is_trial=circuit.enter())


def opened(circuit: Circuit) -> Circuit:
    for _ in range(FAILURES):
        fail(circuit)
    return circuit


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not(circuit: Circuit) -> None:
    for _ in range(FAILURES - 1):
        fail(circuit)
    succeed(circuit)
    assert circuit.is_proven
    for _ in range(FAILURES - 1):
        fail(circuit)
    assert circuit.wait_seconds == 0
    fail(circuit)
    assert circuit.is_open
    assert circuit.wait_seconds == FIRST_PAUSE_SECONDS


def test_one_push_tries_after_the_pause_and_its_success_closes_it(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += FIRST_PAUSE_SECONDS
    assert circuit.wait_seconds == 0
    is_trial = circuit.enter()
    assert is_trial
    assert circuit.wait_seconds == TRYING_SECONDS
    circuit.succeed(is_trial=is_trial)
    assert not circuit.is_open
    assert circuit.wait_seconds == 0


def test_pause_doubles_with_each_try_that_fails_up_to_its_maximum(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    pauses = [circuit.wait_seconds]
    for _ in range(12):
        clock.now += circuit.wait_seconds
        fail(circuit)
        pauses.append(circuit.wait_seconds)
    assert pauses[:4] == [FIRST_PAUSE_SECONDS * 2**n for n in range(4)]
    assert pauses[-1] == MAX_PAUSE_SECONDS
    clock.now += MAX_PAUSE_SECONDS
    succeed(circuit)
    assert opened(circuit).wait_seconds == FIRST_PAUSE_SECONDS


def test_what_was_in_flight_when_it_opened_neither_extends_the_pause_nor_ends_a_try(
    circuit: Circuit, clock: Clock
) -> None:
    late = [circuit.enter() for _ in range(3)]
    opened(circuit)
    circuit.fail(None, is_trial=late.pop())
    assert circuit.wait_seconds == FIRST_PAUSE_SECONDS
    clock.now += FIRST_PAUSE_SECONDS
    trial = circuit.enter()
    circuit.fail(None, is_trial=late.pop())
    assert circuit.wait_seconds == TRYING_SECONDS
    circuit.leave(is_trial=trial)
    assert circuit.wait_seconds == 0
    assert circuit.is_open
    circuit.succeed(is_trial=late.pop())
    assert not circuit.is_open


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(30.0, 30.0), (-1.0, FIRST_PAUSE_SECONDS), (1e9, MAX_ASKED_SECONDS)],
    ids=["30", "negative", "ages"],
)
def test_service_that_asks_to_wait_gets_its_pause_at_once(
    circuit: Circuit, clock: Clock, asked: float, waits: float
) -> None:
    succeed(circuit)
    fail(circuit, asked)
    assert circuit.is_open
    assert circuit.wait_seconds == waits
    clock.now += waits
    succeed(circuit)
    assert not circuit.is_open


def test_service_that_asks_for_no_pause_gets_one_that_doubles(circuit: Circuit, clock: Clock) -> None:
    pauses = []
    for _ in range(8):
        fail(circuit, 0.0)
        pauses.append(circuit.wait_seconds)
        clock.now += circuit.wait_seconds
    assert pauses == [2, 4, 8, 16, 32, 64, 120, 120]


def test_shorter_pause_does_not_replace_a_longer_one(circuit: Circuit) -> None:
    both = [circuit.enter(), circuit.enter()]
    circuit.fail(60.0, is_trial=both[0])
    circuit.fail(5.0, is_trial=both[1])
    assert circuit.wait_seconds == 60.0
