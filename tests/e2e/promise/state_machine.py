"""State machine: one run of random steps. All asynchronous work happens within a step."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import get_args

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from clients import SECRET, Api, EventStream, eventually
from lumen_notify import Settings
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.deliver.streams import replay_reader
from lumen_notify.settings import Secret

from . import room_states, steps
from .client import Client, State
from .database_copy import copy_database, restore_database
from .environment import TTL_SECONDS, Environment, Result
from .event_history import EventHistory
from .instance import Instance
from .step_runner import SMALL_BACKLOG_BYTES, Memory, StepRunner
from .steps import (
    CATEGORIES,
    USERS,
    AdvanceClock,
    Connect,
    CreateRoom,
    PublishNotifications,
    SetPreference,
    Step,
)
from .unreliable_backplane import Way

RETENTION_SECONDS = 600

COUNT_SAMPLE_SECONDS = 0.02
"""How often each instance compares a user's counts with the database, in the middle of anything."""

QUIET_MS = 1001
"""The time after which grouped notifications have been announced."""


class PromiseMachine(RuleBasedStateMachine):
    """Draws the steps, runs them and verifies the result after each."""

    environment: Environment

    def __init__(self) -> None:
        super().__init__()
        self.run = self.environment.run
        self.apis = {user: Api(self.environment.http, user, ttl_seconds=TTL_SECONDS) for user in USERS}
        self.clients: list[Client] = []
        self.database: Database | None = None
        self.copied: tuple[int, Memory, EventHistory] | None = None
        self._turns = itertools.count()
        self._patch = pytest.MonkeyPatch()

    @initialize(
        replay_events=st.sampled_from([10_000, 0, 1, 5]),
        max_backlog_bytes=st.sampled_from([2**20, SMALL_BACKLOG_BYTES]),
        is_pinging=st.booleans(),
        is_short=st.booleans(),
        kept_events=st.sampled_from([0, 3, 12]),
        seed=st.integers(0, 1000),
        page_frames=st.sampled_from([replay_reader.PAGE_FRAMES, 1, 3]),
    )
    def start(
        self,
        *,
        replay_events: int,
        max_backlog_bytes: int,
        is_pinging: bool,
        is_short: bool,
        kept_events: int,
        page_frames: int,
        seed: int = 0,
    ) -> None:
        """is_short: whether lists are trimmed to a few rows. kept_events: the number of events that the log
        keeps; 0 for no limit. page_frames: the events in a page of a long replay. seed: chooses the instance
        of each request."""
        self._patch.setattr(replay_reader, "PAGE_FRAMES", page_frames)
        self.environment.is_pinging = is_pinging
        self.environment.route_by(seed)
        self.settings = Settings(
            database_url=self.environment.new_database(),
            backplane_url=self.environment.backplane_url,
            jwt_secret=Secret(SECRET),
            replay_events=replay_events,
            max_backlog_bytes=max_backlog_bytes,
            rate_limits="off",
            retention_events=kept_events,
            retention_notifications=4 if is_short else 0,
            retention_notifications_seconds=RETENTION_SECONDS,
            retention_archived_seconds=60,
            count_sample_seconds=COUNT_SAMPLE_SECONDS,
        )
        self.run(self._start())

    @rule(step=steps.in_inboxes)
    def use_inbox(self, step: Step) -> None:
        self.run(self._all_of([step]))

    @rule(step=steps.in_rooms)
    def use_rooms(self, step: Step) -> None:
        self.run(self._all_of([step]))

    @rule(step=steps.on_streams)
    def use_streams(self, step: Step) -> None:
        self.run(self._all_of([step]))

    @rule(together=st.lists(steps.steps, min_size=2, max_size=8))
    def use_concurrently(self, together: list[Step]) -> None:
        self.run(self._all_of(together))

    @rule(together=st.lists(steps.in_rooms, min_size=2, max_size=8))
    def use_rooms_concurrently(self, together: list[Step]) -> None:
        self.run(self._all_of(together))

    @rule(story=steps.stories)
    def use_in_sequence(self, story: list[Step]) -> None:
        self.run(self._in_turn(story))

    @rule(upkeep=st.sampled_from(["trim", "trim", "trim", "restart", "restart and return"]))
    def upkeep(self, upkeep: str) -> None:
        self.run(self._trim() if upkeep == "trim" else self._restart(upkeep == "restart and return"))

    @precondition(lambda self: len(self.environment.instances) > 1)
    @rule(number=st.integers(0, 2), way=st.sampled_from(get_args(Way)))
    def announce(self, number: int, way: Way) -> None:
        """Lose, double, delay or reorder what an instance tells the others, from now on."""
        self.environment.instances[number].backplane.way = way

    @rule()
    def copy(self) -> None:
        self.run(self._copy())

    @precondition(lambda self: self.copied is not None)
    @rule()
    def restore(self) -> None:
        self.run(self._restore())

    def teardown(self) -> None:
        try:
            self.run(self._end())
        finally:
            self._patch.undo()
            if self.database is not None:
                self.environment.drop(self.settings.database_url)

    # ------------------------------------------------------------------------------------------ running steps
    async def _start(self) -> None:
        for instance in self.environment.instances:
            await self._open(instance)
        self.database = Database(self.settings.database_url)
        await self.database.open()
        self.history = EventHistory(Log(self.database, self.environment.clock))
        log = self.history.log
        epoch = (await log.head()).epoch
        self.runner = StepRunner(
            self.environment, self.settings, apis=self.apis, clients=self.clients, log=log, epoch=epoch
        )
        for user in USERS:
            await self.runner(Connect(user=user))
        for category in CATEGORIES:
            await self.runner(PublishNotifications(sender="ann", to=USERS, category=category, number=2))
        await self.runner(SetPreference(user="cyd", category="comment", in_app=None, muted=True))
        await self.runner(CreateRoom(user="ann", room="one", kind="public", members=("bob",)))
        await self._verify()

    async def _open(self, instance: Instance) -> None:
        await instance.open(self.settings, self.environment.clock)

    async def _all_of(self, together: list[Step]) -> None:
        self.runner.is_publishing = len(together) > 1 and any(
            isinstance(step, PublishNotifications) for step in together
        )
        await _all(map(self.runner, together))
        await self._verify()

    async def _in_turn(self, story: list[Step]) -> None:
        for step in story:
            await self.runner(step)
        await self._verify()

    async def _trim(self) -> None:
        """Trim twice: notifications beyond the limits first, and a minute later their read marks."""
        for _ in range(2):
            await self.runner(AdvanceClock(seconds=61))  # newer rows are always kept
            await self._verify()
            await self.environment.any_instance().services.jobs.retention.sweep()
            await self._verify()

    async def _restart(self, do_return: bool) -> None:
        """Restart an instance. Its clients find another one meanwhile, if there is one."""
        instance = self.environment.any_instance()
        await instance.close()
        clients = [client for client in self.clients if client.base_url in instance.base_urls.values()]
        await self._let_go(clients)
        others = self.environment.open_instances
        if not others:
            await self._open(instance)
        if do_return:
            for client in clients:
                await self.runner.come_back(client)
        await self._verify()
        if others:
            await self._open(instance)

    async def _let_go(self, clients: Sequence[Client]) -> None:
        """Read the end of clients' streams, which an instance closes, and keep their states."""
        for client in clients:
            closing = await client.stream.wait_for_event("closing")
            assert closing.data == {"reason": "shutdown", "reconnect": True}
            await client.stream.wait_for_end()
            assert client.stream.is_whole
        for client in clients:
            self.clients.remove(client)
            await self.runner.hang_up(client)

    async def _copy(self) -> None:
        """Copy the database, and what is known of it."""
        assert self.database is not None
        await self.history.follow()
        position = await copy_database(self.database)
        assert position == len(self.history.events)
        self.copied = position, self.runner.memory(), self.history.copied()
        await self._verify()

    async def _restore(self) -> None:
        """Restore the copy under the running server, which notices it: clients that have seen what is lost
        get `reset`, all others go on."""
        assert self.database is not None
        assert self.copied is not None
        position, memory, history = self.copied
        hubs = [instance.services.hub for instance in self.environment.instances]
        newest = len(self.history.events)
        await eventually(lambda: all(hub.position == newest for hub in hubs), what="the newest event")
        resets = [hub.resets.total() for hub in hubs]
        self.environment.now += 1000
        await restore_database(self.database)
        self.history = history.copied()
        self.runner.go_back(position, memory)
        if newest > position:
            await eventually(
                lambda: all(hub.resets.total() > number for hub, number in zip(hubs, resets, strict=True)),
                what="the other log to be noticed by all",
            )
            clients = self.clients[:]
            await self._let_go(clients)
            for client in clients:
                await self.runner.come_back(client)
        await self._verify()

    async def _end(self) -> None:
        """Close everything, even after a failed step: a remaining thread would keep pytest from exiting."""
        async with AsyncExitStack() as ending:
            if self.database is not None:
                ending.push_async_callback(self.database.close)
            for instance in self.environment.open_instances:
                ending.push_async_callback(instance.close)
            for client in self.clients:
                await client.stream.close()
            for instance in self.environment.open_instances:
                await instance.has_no_streams()

    # ------------------------------------------------------------------------------------------- verification
    async def _verify(self) -> None:
        if self.runner.has_merged:
            self.environment.now += QUIET_MS
            self.runner.has_merged = False
        await self.environment.settle()
        await self.history.follow()
        due = {id_ for id_, at in self.runner.promised.items() if at <= self.environment.now}
        assert due <= self.history.published(), "a due notification was not published"
        for user, fresh in zip(USERS, await _all(map(self._fetch, USERS)), strict=True):
            mine = [await self._current(one) for one in self.clients[:] if one.user == user]
            for client in mine:
                self._compare(client, fresh)
            await self._verify_old_state(user, fresh)
            if mine:
                self.runner.keep(mine[0])
        await self._verify_start_of_log()
        await self.environment.sample_counts()

    async def _verify_old_state(self, user: str, fresh: State) -> None:
        """Reconnect a client from an old state: it gets every missed event, or is told to fetch."""
        client = await self._current(await self.runner.resume(user))
        self._compare(client, fresh)
        self.clients.remove(client)
        await client.stream.close()

    async def _fetch(self, user: str) -> State:
        """Fetch everything that the user may see, and compare it with itself and with the log."""
        api = self.apis[user]
        limit = 100 if self.runner.number % 5 else 3
        choices = (await api.get_api("/preferences"))["categories"]
        silent = {name for name, choice in choices.items() if choice["muted"] or not choice["in_app"]}
        bell = await api.fetched(limit=limit)
        fresh = State(bell, await room_states.fetch(api, limit=limit), frozenset(silent))
        assert bell.categories == fresh.recount()
        assert bell.rooms == fresh.room_states.unread()
        assert bell.unread_count == sum(bell.categories.values()) + sum(bell.rooms.values())
        for room_id, room_state in fresh.room_states.rooms.items():
            assert room_state.messages == self.history.said_in(room_id)
        return fresh

    async def _verify_start_of_log(self) -> None:
        """Resume from near the start of the log: if the cursor is served, the replay has every event."""
        head = await self.history.log.head()
        turn = next(self._turns)
        user = USERS[turn % len(USERS)]
        position = min(max(0, head.floor - 1 + turn // len(USERS) % 3), head.position)
        async with self.runner.look(user, f"{head.epoch}-{position}") as stream:
            ready = await stream.wait_for_event("ready")
            if ready.data["recovered"]:
                number = ready.data["replayed"]
                if number is None:
                    number = (await stream.wait_for_event("caught_up")).data["replayed"]
                await stream.wait_for(lambda: len(positions_of(stream)) == number, what="the replay")
                must, may = self.history.seen(user, position)
                assert must <= positions_of(stream) <= may, (user, position)

    def _compare(self, client: Client, fresh: State) -> None:
        must, may = self.history.seen(client.user, client.since)
        positions = set(client.positions)
        assert must <= positions <= may, (
            f"{client.user}, since {client.since}: {must - positions}, {positions - may}"
        )
        if client.bell.must_fetch:
            client.fetched(fresh.copied())
        state = client.state
        assert state.heard() == fresh.heard()
        assert state.bell.categories == fresh.bell.categories
        assert state.bell.rooms == fresh.bell.rooms
        assert state.bell.unread_count == fresh.bell.unread_count
        assert state.room_states.rooms.keys() == fresh.room_states.rooms.keys()
        for room_id, room_state in state.room_states.rooms.items():
            room_state.agree(fresh.room_states.rooms[room_id])
        state.room_states = fresh.room_states.copied()

    async def _current(self, client: Client) -> Client:
        """Wait until a client is up to date; reconnect it first if it was closed as too slow."""
        newest = max(self.history.seen(client.user, -1)[0], default=0)
        await client.stream.wait_for(
            lambda: client.is_at(newest) or client.stream.has_ended, what=f"position {newest}"
        )
        if not client.stream.has_ended:
            return client
        closing = client.stream.frames[-1]
        assert self.settings.max_backlog_bytes == SMALL_BACKLOG_BYTES
        assert closing.data == {"reason": "slow", "reconnect": True}, closing
        note(f"{client.user} was too slow")
        self.clients.remove(client)
        await self.runner.hang_up(client)
        return await self._current(await self.runner.come_back(client))


def positions_of(stream: EventStream) -> set[int]:
    """Return the positions of the durable frames so far."""
    return {frame.position for frame in stream.frames if frame.is_durable}


async def _all(actions: Iterable[Awaitable[Result]]) -> list[Result]:
    """Wait for all of them, even if one fails."""
    results = await asyncio.gather(*actions, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
