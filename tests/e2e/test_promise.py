"""The promise (design, section 1): what a client keeps from frames alone equals a fresh fetch, always.

Random steps (`promise/steps.py`) by several users on several streams each: they publish, now or later, for
ever or not, schedule and cancel, mark, mute; they make rooms, join and leave and put out, speak and read;
the clock jumps, the server trims its log and starts again; streams connect with any cursor, and vanish. After
every step, for every open stream, and for one of each user that comes back from long ago:

- its durable frames are the user's events as the log has them since the stream's cursor, those of rooms for
  the time in which he was in: each once, in order, and no other;
- what the client has made of them equals the list, the archive, the rooms with their members, messages and
  marks, and the counts, as fetched anew; and the history of each room is what the log says, without a hole;
- each live frame's counts equal what its client counts in its own list and rooms at that moment, and each
  replayed frame's those of `ready`.

LUMEN_TEST_PROMISE_SECONDS: for how long to search, on each database; another round of RUNS runs begins until
they are over. Not set: one round, which takes 20 s on SQLite and 35 s on PostgreSQL. What fails is made small
first, which takes up to 5 minutes more.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from lumen_notify.commit.jobs.retention import Retention
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.count_loader import Loader
from lumen_notify.model import CountsSnapshot, Event

from .promise.machine import Promise
from .promise.world import World

SECONDS = float(os.environ.get("LUMEN_TEST_PROMISE_SECONDS", "0"))

RUNS = 25
"""In a round, of up to 30 steps each."""

SHRINKING_SECONDS = 300
"""What Hypothesis takes at most to make a failure small."""


@pytest.fixture
def world(
    request: pytest.FixtureRequest, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    def drop(url: str) -> None:
        if url.startswith("postgresql"):
            request.getfixturevalue("postgresql_pool").give_back(url)

    monkeypatch.setattr("lumen_notify.deliver.hub.TURN_CHANNELS", 1)
    with asyncio.Runner() as runner:
        world = World(new_database, drop, runner)

        def slowly(
            hub: Hub, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None = None
        ) -> Iterator[None]:
            return world.fan_out_slowly(hub, events, settled)

        async def late(loader: Loader, user_id: str) -> CountsSnapshot:
            return await world.load_late(loader, user_id)

        monkeypatch.setattr(Hub, "fan_out", slowly)
        monkeypatch.setattr(Loader, "load", late)
        monkeypatch.setattr(Retention, "start", lambda _: None)  # it has a step of its own
        runner.run(world.open())
        yield world
        runner.run(world.close())


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + SHRINKING_SECONDS + 300)
def test_state_kept_from_frames_always_equals_a_fresh_fetch(world: World) -> None:
    class ThisPromise(Promise):
        pass

    ThisPromise.world = world
    deadline = time.monotonic() + SECONDS
    while True:
        run_state_machine_as_test(
            ThisPromise,
            settings=settings(
                max_examples=RUNS,
                stateful_step_count=30,
                suppress_health_check=list(HealthCheck),
            ),
        )
        if time.monotonic() >= deadline:
            break
