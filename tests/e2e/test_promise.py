"""The promise: the state that a client builds from frames alone always equals a freshly fetched state.

Several users with several streams each run random steps (`promise/steps.py`). They publish, now or later,
with or without expiry, schedule and cancel, mark and mute; they create rooms, join, leave and remove members,
send messages and mark them as read. The clock jumps; the server trims its log and restarts; its database is
restored from an older copy; streams connect with any cursor, and vanish. With several instances each request
and each stream goes to a random one, and what they tell each other gets lost, doubled, late or out of order.
After every step, for every open stream, and for one stream per user that resumes from an old state:

- its durable frames are the user's events in the log since the stream's cursor, with those of rooms for the
  time of the membership: each once, in order, and no others;
- the client's state equals the list, the archive, the rooms with their members, messages and read marks, and
  the counts, as fetched; and the history of each room equals the log, without gaps;
- the counts in each live frame equal those that the client computes from its own list and rooms at that
moment, and the counts in each replayed frame equal those of `ready`;
- a long replay, page by page, has the same frames as a short one, and ends with exact counts;
- what instances compare by themselves, at any moment, has no drift (`deliver/streams/count_drift`).

LUMEN_TEST_PROMISE_SECONDS: how long each test searches; rounds of RUNS runs repeat until then. Default: one
round, which takes 20 s on SQLite, 35 s on PostgreSQL and 30 s with several instances. A failure is shrunk
first, which takes up to 5 minutes more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from lumen_notify.commit.jobs.retention import Retention
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.model import CountsSnapshot, Event

from .promise.environment import Environment
from .promise.state_machine import PromiseMachine
from .promise.steps import PublishNotifications

SECONDS = float(os.environ.get("LUMEN_TEST_PROMISE_SECONDS", "0"))

RUNS = 25
"""Runs per round, of up to 30 steps each."""

INSTANCES = 3

RUNS_OF_INSTANCES = 4
"""Runs per round with several instances."""

POLL_SECONDS = 0.1
"""How often several instances read the log for what no hint has told them."""

SHRINKING_SECONDS = 300
"""The longest time that Hypothesis takes to shrink a failure."""


@contextlib.contextmanager
def opened(
    request: pytest.FixtureRequest, new_database: Callable[[], str], **options: Any
) -> Iterator[Environment]:
    """Open an environment with some options; reads of counts and fan-outs take long, at random."""

    def drop(url: str) -> None:
        if url.startswith("postgresql"):
            request.getfixturevalue("postgresql_pool").give_back(url)

    with pytest.MonkeyPatch.context() as monkeypatch, asyncio.Runner() as runner:
        monkeypatch.setattr("lumen_notify.deliver.hub.FAN_OUT_CHUNK", 1)
        environment = Environment(new_database, drop, runner, **options)

        def slowly(
            hub: Hub, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None = None
        ) -> Iterator[None]:
            return environment.fan_out_slowly(hub, events, settled)

        async def late(loader: CountLoader, user_id: str) -> CountsSnapshot:
            return await environment.load_late(loader, user_id)

        monkeypatch.setattr(Hub, "fan_out", slowly)
        monkeypatch.setattr(CountLoader, "load", late)

        async def idle(_: Retention) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(Retention, "run", idle)  # retention has its own step
        runner.run(environment.open())
        yield environment
        runner.run(environment.close())


@pytest.fixture
def environment(request: pytest.FixtureRequest, new_database: Callable[[], str]) -> Iterator[Environment]:
    with opened(request, new_database) as environment:
        yield environment


def search(environment: Environment, runs: int) -> None:
    """Run random steps: rounds of so many runs, until SECONDS are over."""

    class ThisMachine(PromiseMachine):
        pass

    ThisMachine.environment = environment
    deadline = time.monotonic() + SECONDS
    while True:
        run_state_machine_as_test(
            ThisMachine,
            settings=settings(
                max_examples=runs, stateful_step_count=30, suppress_health_check=list(HealthCheck)
            ),
        )
        if time.monotonic() >= deadline:
            break


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + SHRINKING_SECONDS + 300)
def test_state_kept_from_frames_always_equals_a_fresh_fetch(environment: Environment) -> None:
    search(environment, RUNS)
    assert environment.compared > RUNS


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.timeout(SECONDS + SHRINKING_SECONDS + 300)
@pytest.mark.parametrize("backplane", ["postgresql", pytest.param("redis", marks=pytest.mark.server)])
def test_state_equals_a_fresh_fetch_whichever_instances_answer(
    request: pytest.FixtureRequest,
    new_postgresql: Callable[[], str],
    backplane: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three instances, each request and each stream at a random one. Hints get lost, doubled, late or out of
    order."""
    monkeypatch.setattr("lumen_notify.deliver.pace.POLL_SECONDS", POLL_SECONDS)
    url = "postgresql://" if backplane == "postgresql" else request.getfixturevalue("valkey").url
    with opened(request, new_postgresql, instances=INSTANCES, backplane_url=url) as environment:
        search(environment, RUNS_OF_INSTANCES)
        assert environment.compared > RUNS_OF_INSTANCES


@pytest.mark.slow
@pytest.mark.parametrize("replay_events", [10_000, 0], ids=["memory", "the database"])
def test_state_equals_a_fresh_fetch_after_the_database_was_restored(
    environment: Environment, replay_events: int
) -> None:
    """Steps that chance seldom puts together: the new history gets as long as the lost one, and longer."""

    class ThisMachine(PromiseMachine):
        pass

    ThisMachine.environment = environment
    machine = ThisMachine()
    publish = PublishNotifications(sender="ann", to=None, category="like", number=2)
    try:
        machine.start(
            replay_events=replay_events,
            max_backlog_bytes=2**20,
            is_pinging=False,
            is_short=False,
            kept_events=0,
            page_frames=2,
        )
        machine.use_inbox(publish)
        machine.copy()
        for _ in range(2):
            for _ in range(3):
                machine.use_inbox(publish)
            machine.restore()
            machine.use_inbox(publish)
        machine.upkeep("restart and return")
        machine.upkeep("trim")
        machine.restore()
    finally:
        machine.teardown()
