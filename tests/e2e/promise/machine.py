"""Machine: one run. Everything asynchronous happens inside a step; between two steps nothing moves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Iterable
from contextlib import AsyncExitStack

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from clients import SECRET, Api, EventStream, eventually
from lumen_notify import Lumen, Settings
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.settings import Secret

from . import places, steps
from .client import Client, State
from .doing import SMALL_BACKLOG_BYTES, Doing
from .record import Record
from .steps import CATEGORIES, USERS, Connect, Make, Pass, Prefer, Publish, Step
from .world import Result, World

TTL_SECONDS = 30 * 86_400
"""Of a token: however the clock jumps, it holds."""

RETENTION_SECONDS = 600

QUIET_MS = 1001
"""After so long what has merged is told of."""


class Promise(RuleBasedStateMachine):
    """Draws the steps, has them done, and looks on."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.run = self.world.run
        self.apis = {user: Api(self.world.http, user, ttl_seconds=TTL_SECONDS) for user in USERS}
        self.clients: list[Client] = []
        self.doing: Doing | None = None
        self.database: Database | None = None
        self._turns = itertools.count()

    @initialize(
        replay_events=st.sampled_from([10_000, 0, 1, 5]),
        max_backlog_bytes=st.sampled_from([2**20, SMALL_BACKLOG_BYTES]),
        is_pinging=st.booleans(),
        is_short=st.booleans(),
        kept_events=st.sampled_from([0, 3, 12]),
    )
    def start(
        self, replay_events: int, max_backlog_bytes: int, is_pinging: bool, is_short: bool, kept_events: int
    ) -> None:
        """is_short: whether the lists are trimmed to a few rows. kept_events: to which number the log is; 0
        for no limit."""
        self.world.is_pinging = is_pinging
        self.settings = Settings(
            database_url=self.world.new_database(),
            jwt_secret=Secret(SECRET),
            replay_events=replay_events,
            max_backlog_bytes=max_backlog_bytes,
            rate_limits="off",
            retention_events=kept_events,
            retention_notifications=4 if is_short else 0,
            retention_notifications_seconds=RETENTION_SECONDS,
            retention_archived_seconds=60,
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
    def several_at_once(self, together: list[Step]) -> None:
        self.run(self._all_of(together))

    @rule(together=st.lists(steps.in_rooms, min_size=2, max_size=8))
    def several_at_once_in_rooms(self, together: list[Step]) -> None:
        self.run(self._all_of(together))

    @rule(story=steps.stories)
    def one_after_another(self, story: list[Step]) -> None:
        self.run(self._in_turn(story))

    @rule(upkeep=st.sampled_from(["trim", "trim", "trim", "restart", "restart and return"]))
    def upkeep(self, upkeep: str) -> None:
        self.run(self._trim() if upkeep == "trim" else self._restart(upkeep == "restart and return"))

    def teardown(self) -> None:
        try:
            self.run(self._end())
        finally:
            if self.database is not None:
                self.world.drop(self.settings.database_url)

    # ------------------------------------------------------------------------------------------ doing steps
    async def _start(self) -> None:
        await self._open()
        self.database = Database(self.settings.database_url)
        await self.database.open()
        self.record = Record(Log(self.database, self.world.clock))
        log = self.record.log
        epoch = (await log.head()).epoch
        self.doing = Doing(
            self.world, self.settings, apis=self.apis, clients=self.clients, log=log, epoch=epoch
        )
        self.do = self.doing
        for user in USERS:
            await self.do(Connect(user=user))
        for category in CATEGORIES:
            await self.do(Publish(sender="ann", to=USERS, category=category, number=2))
        await self.do(Prefer(user="cyd", category="comment", in_app=None, muted=True))
        await self.do(Make(user="ann", room="one", kind="public", members=("bob",)))
        await self._verify()

    async def _open(self) -> None:
        self.world.lumen = Lumen(self.settings, clock=self.world.clock)
        await self.world.lumen.open()

    async def _all_of(self, together: list[Step]) -> None:
        self.do.is_publishing = len(together) > 1 and any(isinstance(step, Publish) for step in together)
        await _all(map(self.do, together))
        await self._verify()

    async def _in_turn(self, story: list[Step]) -> None:
        for step in story:
            await self.do(step)
        await self._verify()

    async def _trim(self) -> None:
        """Trim twice: what is gone by number at once, and a minute later who had read it."""
        for _ in range(2):
            await self.do(Pass(seconds=61))  # what is younger than a minute is kept, whatever the number
            await self._verify()
            await self.world.services.retention.sweep()
            await self._verify()

    async def _restart(self, do_return: bool) -> None:
        await self._close()
        for client in self.clients:
            closing = await client.stream.wait_for_event("closing")
            assert closing.data == {"reason": "shutdown", "reconnect": True}
            await client.stream.wait_for_end()
            assert client.stream.is_whole
        clients = self.clients[:]
        self.clients.clear()
        for client in clients:
            await self.do.hang_up(client)
        await self._open()
        if do_return:
            for client in clients:
                await self.do.come_back(client)
        await self._verify()

    async def _end(self) -> None:
        """End all that is open, also amid a step that has failed: a thread that is left keeps pytest from
        its end."""
        async with AsyncExitStack() as ending:
            if self.database is not None:
                ending.push_async_callback(self.database.close)
            if self.world.is_open:
                ending.push_async_callback(self._close)
            for client in self.clients:
                await client.stream.close()
            if self.world.is_open:
                streams = self.world.services.streams
                await eventually(lambda: len(streams) == 0, what="the streams to be let go")
                assert streams._hub.channels == {}
                assert streams._hub._channels_by_room == {}

    async def _close(self) -> None:
        assert self.world.lumen is not None
        await self.world.lumen.close()
        self.world.lumen = None

    # ------------------------------------------------------------------------------------------- looking on
    async def _verify(self) -> None:
        if self.do.has_merged:
            self.world.now += QUIET_MS
            self.do.has_merged = False
        await self.world.settle()
        await self.record.follow()
        due = {id_ for id_, at in self.do.promised.items() if at <= self.world.now}
        assert due <= self.record.published(), "what was due has not left"
        for user, fresh in zip(USERS, await _all(map(self._fetch, USERS)), strict=True):
            mine = [await self._current(one) for one in self.clients[:] if one.user == user]
            for client in mine:
                self._compare(client, fresh)
            await self._look_back(user, fresh)
            if mine:
                self.do.keep(mine[0])
        await self._look_at_the_floor()

    async def _look_back(self, user: str, fresh: State) -> None:
        """Let a client come back after long: it gets all that it has missed, or is told to fetch."""
        client = await self._current(await self.do.resume(user))
        self._compare(client, fresh)
        self.clients.remove(client)
        await client.stream.close()

    async def _fetch(self, user: str) -> State:
        """Fetch all that the user may see, and compare it with itself and with the log."""
        api = self.apis[user]
        limit = 100 if self.do.number % 5 else 3
        choices = (await api.get_api("/preferences"))["categories"]
        silent = {name for name, choice in choices.items() if choice["muted"] or not choice["in_app"]}
        bell = await api.fetched(limit=limit)
        fresh = State(bell, await places.fetched(api, limit=limit), frozenset(silent))
        assert bell.categories == fresh.recount()
        assert bell.rooms == fresh.places.unread()
        assert bell.unread_count == sum(bell.categories.values()) + sum(bell.rooms.values())
        for room_id, place in fresh.places.rooms.items():
            assert place.messages == self.record.said_in(room_id)
        return fresh

    async def _look_at_the_floor(self) -> None:
        """Resume from about where the log begins: what is served has every event."""
        head = await self.record.log.head()
        turn = next(self._turns)
        user = USERS[turn % len(USERS)]
        position = min(max(0, head.floor - 1 + turn // len(USERS) % 3), head.position)
        async with self.do.look(user, f"{head.epoch}-{position}") as stream:
            ready = await stream.wait_for_event("ready")
            if ready.data["recovered"]:
                number = ready.data["replayed"]
                await stream.wait_for(lambda: len(positions_of(stream)) == number, what="the replay")
                must, may = self.record.seen(user, position)
                assert must <= positions_of(stream) <= may, (user, position)

    def _compare(self, client: Client, fresh: State) -> None:
        must, may = self.record.seen(client.user, client.since)
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
        assert state.places.rooms.keys() == fresh.places.rooms.keys()
        for room_id, place in state.places.rooms.items():
            place.agree(fresh.places.rooms[room_id])
        state.places = fresh.places.copied()

    async def _current(self, client: Client) -> Client:
        """Wait until a client has all; one that was too slow comes back first."""
        newest = max(self.record.seen(client.user, -1)[0], default=0)
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
        await self.do.hang_up(client)
        return await self._current(await self.do.come_back(client))


def positions_of(stream: EventStream) -> set[int]:
    """Return the positions of the durable frames so far."""
    return {frame.position for frame in stream.frames if frame.is_durable}


async def _all(doing: Iterable[Awaitable[Result]]) -> list[Result]:
    """Wait until all is done, also if something fails."""
    results = await asyncio.gather(*doing, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
