"""The promise (design, section 1): what a client keeps from frames alone equals a fresh fetch, always.

Random publishes, marks, connects, disconnects and restarts by several users on several streams each. After
every step, for every open stream:

- its durable frames are the user's events as the log has them since the stream's cursor: each once, in order;
- what the client has made of them equals the list, the archive and the counts as fetched anew;
- each live frame's counts equal what its client counts in its own list at that moment, and each replayed
  frame's those of `ready`.

LUMEN_TEST_EXAMPLES: how many runs of up to 30 steps, for each database. The search is as wide as that number.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from clients import MARKS, SECRET, Api, Bell, EventStream, Frame, eventually, serve
from lumen_notify import Lumen, Settings
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.deliver.handover import HandoverProtocol
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.loader import Loader
from lumen_notify.model import EVERYONE, Counts, Event, new_id, now_ms, user_audience
from lumen_notify.settings import Secret

EXAMPLES = int(os.environ.get("LUMEN_TEST_EXAMPLES", "25"))

USERS = ("ann", "bob", "cyd")
CATEGORIES = ("like", "comment", "system")

MAX_CLIENTS = 8
MAX_KEPT_BELLS = 6

SMALL_BACKLOG_BYTES = 4096
"""With it a replay of more than some eight events is refused, and a storm closes a stream as too slow."""

TURNS_BETWEEN = (2, 30, 1000)
"""How often a fan-out lets others in between two channels: one of these, by its first position."""

TURNS_LATE = (0, 100, 0, 1000)
"""How often others come first when a count has been read, each in its turn."""

AMID_SECONDS = 0.1
"""How long a connect waits for a fan-out in whose middle it comes."""

Result = TypeVar("Result")

fan_out = Hub.fan_out
load = Loader.load


# ------------------------------------------------------------------------------------------------ the steps
@dataclass(frozen=True)
class Publish:
    """to: None for everyone. number: of notifications in the batch, 0 for one that is not in a list.
    is_mixed: every second one is for everyone. key: which Idempotency-Key; the first publish with it decides
    the body."""

    sender: str
    to: tuple[str, ...] | None
    category: str
    number: int
    is_mixed: bool
    key: int | None


@dataclass(frozen=True)
class Mark:
    """by: how many of the newest; the numbers below 0 stand for ids that are not the user's."""

    user: str
    action: str
    by: Literal["ids", "category", "up_to", "category and up_to", "all", "put"]
    picks: tuple[int, ...]
    category: str


@dataclass(frozen=True)
class Connect:
    """cursor: which. text: of a cursor that is garbage. pick: which of the states that were kept.
    is_handed_over: the fast path of our own server, or the one that works on any ASGI server.
    is_amid: it comes in the middle of a fan-out, if there is one."""

    user: str
    cursor: Literal["none", "kept", "beginning", "foreign", "future", "garbage"]
    by: Literal["header", "last_event_id", "lastEventId"]
    pick: int
    text: str
    is_handed_over: bool
    is_amid: bool


@dataclass(frozen=True)
class Disconnect:
    pick: int


@dataclass(frozen=True)
class Ping:
    """All streams here get a ping, which moves their cursors past other people's events."""


Step = Publish | Mark | Connect | Disconnect | Ping

users = st.sampled_from(USERS)
categories = st.sampled_from(CATEGORIES)
garbage = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        ["EPOCH-", "EPOCH--1", "EPOCH-007", "EPOCH-1e3", "EPOCH-" + "9" * 19, "EPOCH", "-1", "0", " "]
    ),
)
publishes = st.builds(
    Publish,
    sender=users,
    to=st.none() | st.lists(users, min_size=1, max_size=3, unique=True).map(tuple),
    category=categories,
    number=st.integers(0, 3),
    is_mixed=st.booleans(),
    key=st.none() | st.integers(0, 2),
)
marks = st.builds(
    Mark,
    user=users,
    action=st.sampled_from(MARKS),
    by=st.sampled_from(["ids", "category", "up_to", "category and up_to", "all", "put"]),
    picks=st.lists(st.integers(-2, 12), min_size=1, max_size=4).map(tuple),
    category=categories,
)
connects = st.builds(
    Connect,
    user=users,
    cursor=st.sampled_from(["kept", "none", "beginning", "kept", "foreign", "future", "garbage"]),
    by=st.sampled_from(["header", "last_event_id", "lastEventId"]),
    pick=st.integers(0, MAX_KEPT_BELLS),
    text=garbage,
    is_handed_over=st.booleans(),
    is_amid=st.booleans(),
)
disconnects = st.builds(Disconnect, pick=st.integers(0, MAX_CLIENTS))
steps: st.SearchStrategy[Step] = st.one_of(
    publishes, marks, connects, publishes, disconnects, marks, connects, st.just(Ping())
)


# ---------------------------------------------------------------------------------------------- the clients
class Client:
    """One stream with the state that its user keeps. since: the position after which it is to see events."""

    def __init__(self, base_url: str, user: str, bell: Bell) -> None:
        self.base_url = base_url
        self.user = user
        self.bell = bell
        self.ready: Frame | None = None
        self.since = -1
        self.positions: list[int] = []
        self.newest = -1
        self.unapplied: list[Frame] = []
        self._stream: EventStream | None = None

    @property
    def stream(self) -> EventStream:
        assert self._stream is not None
        return self._stream

    async def open(self, api: Api, cursor: str | None, by: str) -> None:
        self._stream = await EventStream.open(
            self.base_url, api.token, cursor=cursor, by=by, on_frame=self._take
        )
        assert self.stream.status == 200, self.stream.headers

    def is_at(self, position: int) -> bool:
        """Whether it has seen what there is for it up to a position."""
        return self.ready is not None and max(self.since, *self.positions[-1:], -1) >= position

    def fetched(self, bell: Bell) -> None:
        """Take fetched state, and the items' marks from the frames that came since the stream was ready; they
        change nothing, because nothing has happened since the fetch."""
        followed = bell.copied()
        for frame in self.unapplied:
            followed.apply(frame)
        assert followed.items == bell.items
        bell.cursor, self.bell, self.unapplied = self.bell.cursor, bell, []

    def _take(self, frame: Frame) -> None:
        if frame.event == "ready":
            self._begin(frame)
        if frame.event == "reset":
            assert frame.id is not None
            self.since = frame.position
        if frame.id is not None:
            # No id goes back, and none of a ping or of `ready` is ahead of what was sent.
            assert frame.position > self.newest if frame.is_durable else frame.position >= self.newest, frame
            self.newest = frame.position
        if frame.is_durable:
            self.positions.append(frame.position)
        was_replaying = self.bell.to_replay > 0
        if self.bell.must_fetch and frame.is_durable:
            self.bell.cursor = frame.id
            self.unapplied.append(frame)
            return
        self.bell.apply(frame)
        if self.bell.must_fetch or not frame.is_durable:
            return
        if was_replaying:
            assert self.ready is not None
            assert self.bell.unread_count == self.ready.data["unread_count"], frame
            assert self.bell.categories == self.ready.data["unread"]["categories"], frame
        if not self.bell.to_replay:
            assert self.bell.categories == self.bell.recount(), frame
            assert self.bell.unread_count == sum(self.bell.categories.values()), frame

    def _begin(self, ready: Frame) -> None:
        assert self.ready is None, "ready came twice"
        self.ready = ready
        if ready.data["recovered"]:
            assert self.bell.cursor is not None
            self.since = int(self.bell.cursor.rpartition("-")[2])
            assert (ready.id is None) == (ready.data["replayed"] > 0), ready
        elif ready.id is not None:
            self.since = ready.position


class World:
    """What outlives one example: the loop, and two uvicorns in front of whatever Lumen is open now.

    base_urls: of one that hands streams over, and of one that cannot.
    """

    def __init__(self, new_database: Callable[[], str], runner: asyncio.Runner) -> None:
        self.new_database = new_database
        self.base_urls: dict[bool, str] = {}
        self.lumen: Lumen | None = None
        self.is_pinging = False
        self.is_fanning_out = asyncio.Event()
        self._turns_late = itertools.cycle(TURNS_LATE)
        self._runner = runner
        self._stack = AsyncExitStack()

    def run(self, action: Awaitable[Result]) -> Result:
        async def within() -> Result:
            return await asyncio.wait_for(action, 60)

        return self._runner.run(within())

    async def open(self) -> None:
        for is_handed_over, options in ((True, {"http": HandoverProtocol}), (False, {})):
            server = serve(self._answer, **options)
            self.base_urls[is_handed_over] = await self._stack.enter_async_context(server)
        http = httpx.AsyncClient(base_url=self.base_urls[True])
        self.http = await self._stack.enter_async_context(http)

    async def close(self) -> None:
        await self._stack.aclose()

    def ping_all(self) -> None:
        """Send every open stream a ping, as after a long silence."""
        assert self.lumen is not None
        assert self.lumen._parts is not None
        streams = self.lumen._parts.streams
        for user in USERS:
            for outlet in streams.of_user(user):
                streams._ping(outlet)

    def fan_out_slowly(
        self, hub: Hub, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None
    ) -> Iterator[None]:
        """Let others in for long between any two channels, as if there were very many; ping amid it all."""
        for _ in fan_out(hub, events, settled):
            self.is_fanning_out.set()
            if self.is_pinging:
                self.ping_all()
            yield from [None] * TURNS_BETWEEN[events[0].position % len(TURNS_BETWEEN)]
        self.is_fanning_out.clear()

    async def load_late(self, loader: Loader, user_id: str) -> Counts:
        """Let much happen between the reading of a count and its use."""
        counts = await load(loader, user_id)
        for _ in range(next(self._turns_late)):
            await asyncio.sleep(0)
        return counts

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.lumen is not None
        await self.lumen.app(scope, receive, send)


# ---------------------------------------------------------------------------------------------- the machine
class Promise(RuleBasedStateMachine):
    """One run. Everything asynchronous happens inside a step; between two steps nothing moves."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.run = self.world.run
        self.apis = {user: Api(self.world.http, user) for user in USERS}
        self.clients: list[Client] = []
        self.kept: dict[str, list[Bell]] = {user: [] for user in USERS}
        self.keyed: dict[int, tuple[str, Any]] = {}
        self.answers: dict[int, Any] = {}
        self.is_publishing = False
        self.number = 0
        self.epoch = ""
        self.database: Database | None = None

    @initialize(
        replay_events=st.sampled_from([10_000, 0, 1, 5]),
        max_backlog_bytes=st.sampled_from([2**20, SMALL_BACKLOG_BYTES]),
        is_pinging=st.booleans(),
    )
    def start(self, replay_events: int, max_backlog_bytes: int, is_pinging: bool) -> None:
        self.world.is_pinging = is_pinging
        self.settings = Settings(
            database_url=self.world.new_database(),
            jwt_secret=Secret(SECRET),
            replay_events=replay_events,
            max_backlog_bytes=max_backlog_bytes,
        )
        self.run(self._start())

    async def _start(self) -> None:
        await self._open()
        self.database = Database(self.settings.database_url)
        await self.database.open()
        self.log = Log(self.database, now_ms)
        self.epoch = (await self.log.head()).epoch
        for user in USERS:
            await self._connect(
                Connect(
                    user=user,
                    cursor="none",
                    by="header",
                    pick=0,
                    text="",
                    is_handed_over=True,
                    is_amid=False,
                )
            )
        for category in CATEGORIES:
            await self._publish(
                Publish(sender="ann", to=USERS, category=category, number=2, is_mixed=False, key=None)
            )
        await self._verify()

    async def _open(self) -> None:
        self.world.lumen = Lumen(self.settings)
        await self.world.lumen.open()

    @rule(step=publishes)
    def publish(self, step: Publish) -> None:
        self.run(self._all_of([step]))

    @rule(step=marks)
    def mark(self, step: Mark) -> None:
        self.run(self._all_of([step]))

    @rule(step=connects)
    def connect(self, step: Connect) -> None:
        self.run(self._all_of([step]))

    @rule(step=disconnects)
    def disconnect(self, step: Disconnect) -> None:
        self.run(self._all_of([step]))

    @rule()
    def ping(self) -> None:
        self.run(self._all_of([Ping()]))

    @rule(together=st.lists(steps, min_size=2, max_size=8))
    def several_at_once(self, together: list[Step]) -> None:
        self.run(self._all_of(together))

    @rule(do_return=st.booleans())
    def restart(self, do_return: bool) -> None:
        self.run(self._restart(do_return))

    def teardown(self) -> None:
        self.run(self._end())

    # ------------------------------------------------------------------------------------------ doing steps
    async def _all_of(self, together: list[Step]) -> None:
        doing = {
            Publish: self._publish,
            Mark: self._mark,
            Connect: self._connect,
            Disconnect: self._disconnect,
            Ping: self._ping,
        }
        self.is_publishing = len(together) > 1 and any(isinstance(step, Publish) for step in together)
        done = await asyncio.gather(*(doing[type(step)](step) for step in together), return_exceptions=True)  # type: ignore[operator]
        for result in done:
            if isinstance(result, BaseException):
                raise result
        await self._verify()

    async def _publish(self, step: Publish) -> None:
        bodies = []
        for number in range(step.number or 1):
            self.number += 1
            is_for_all = step.to is None or (step.is_mixed and number % 2 == 1)
            to: dict[str, Any] = {"all": True} if is_for_all else {"users": list(step.to or ())}
            bodies.append({"to": to, "category": step.category, "content": f"number {self.number}"})
        sender, body = step.sender, bodies if step.number else bodies[0]
        if step.key is None:
            await self.apis[sender].post("", body)
            return
        sender, body = self.keyed.setdefault(step.key, (sender, body))
        answer = await self.apis[sender].post("", body, key=f"key {step.key}")
        assert self.answers.setdefault(step.key, answer) == answer

    async def _mark(self, step: Mark) -> None:
        api = self.apis[step.user]
        positions = {item["id"]: item["position"] for item in (await api.get(limit=13))["items"]}
        ids = [self._id(step.user, list(positions), pick) for pick in step.picks]
        up_to = list(positions.values())[step.picks[0] % len(positions)] if positions else 0
        if step.by == "put":
            if ids[0] in positions:
                await api.put(f"/{ids[0]}", {"is_read": step.action != "unread"})
            return
        selections: dict[str, dict[str, Any]] = {
            "ids": {"ids": ids},
            "category": {"category": step.category},
            "up_to": {"up_to": up_to},
            "category and up_to": {"category": step.category, "up_to": up_to},
            "all": {"all": True},
        }
        await api.post(f"/{step.action}", selections[step.by])

    def _id(self, user: str, mine: list[str], pick: int) -> str:
        if pick == -1 or not mine:
            return new_id()
        if pick == -2:
            others = [id_ for client in self.clients if client.user != user for id_ in client.bell.items]
            return others[0] if others else "not an id"
        return mine[pick % len(mine)]

    async def _connect(self, step: Connect) -> None:
        if len(self.clients) >= MAX_CLIENTS:
            return
        if step.is_amid and self.is_publishing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.world.is_fanning_out.wait(), AMID_SECONDS)
        bell = self._bell(step)
        # What is no cursor may hold what no header may.
        by = "last_event_id" if step.cursor == "garbage" else step.by
        client = Client(self.world.base_urls[step.is_handed_over], step.user, bell)
        cursor, must_fetch = bell.cursor, bell.must_fetch
        await client.open(self.apis[step.user], cursor, by)
        self.clients.append(client)
        ready = await client.stream.wait_for_event("ready")
        is_recovered = ready.data["recovered"]
        if cursor is not None and not is_recovered:
            await client.stream.wait_for_event("reset")
        if must_fetch:  # it has none of our cursors
            assert not is_recovered
        elif self.settings.max_backlog_bytes != SMALL_BACKLOG_BYTES:
            assert is_recovered, "a cursor of this log was not served"

    def _bell(self, step: Connect) -> Bell:
        """Make the state that a client comes with."""
        kept = self.kept[step.user]
        if step.cursor == "kept" and kept:
            return kept[step.pick % len(kept)].copied()
        if step.cursor == "beginning":
            return Bell(cursor=f"{self.epoch}-0", must_fetch=False)
        cursors = {
            "foreign": f"{self.epoch[::-1]}x-{step.pick}",
            "future": f"{self.epoch}-{10 ** (4 + step.pick * 2)}",
            "garbage": step.text.replace("EPOCH", self.epoch),
        }
        return Bell(cursor=cursors.get(step.cursor))

    async def _disconnect(self, step: Disconnect) -> None:
        if self.clients:
            await self._hang_up(self.clients.pop(step.pick % len(self.clients)))

    async def _hang_up(self, client: Client) -> None:
        await client.stream.close()
        if client.bell.cursor is not None and not client.bell.must_fetch:
            self._keep(client)

    def _keep(self, client: Client) -> None:
        self.kept[client.user].append(client.bell.copied())
        del self.kept[client.user][:-MAX_KEPT_BELLS]

    async def _ping(self, _step: Ping) -> None:
        self.world.ping_all()

    async def _restart(self, do_return: bool) -> None:
        assert self.world.lumen is not None
        await self.world.lumen.close()
        for client in self.clients:
            closing = await client.stream.wait_for_event("closing")
            assert closing.data == {"reason": "shutdown", "reconnect": True}
            await client.stream.wait_for_end()
            assert client.stream.is_whole
        clients, self.clients = self.clients, []
        for client in clients:
            await self._hang_up(client)
        await self._open()
        if do_return:
            for client in clients:
                await self._return(client)
        await self._verify()

    async def _return(self, client: Client) -> None:
        again = Client(client.base_url, client.user, client.bell.copied())
        await again.open(self.apis[client.user], again.bell.cursor, "header")
        self.clients.append(again)

    # ------------------------------------------------------------------------------------------- looking on
    async def _verify(self) -> None:
        for user in USERS:
            audiences = [user_audience(user), EVERYONE]
            events = await self.log.for_audiences(audiences, after=0, up_to=2**62)
            positions = [event.position for event in events]
            mine = [client for client in self.clients if client.user == user]
            if not mine:
                continue
            mine = [await self._current(client, positions) for client in mine]
            fresh = await self.apis[user].fetched(limit=100 if self.number % 5 else 3)
            assert fresh.categories == fresh.recount()
            assert fresh.unread_count == sum(fresh.categories.values())
            for client in mine:
                later = [position for position in positions if position > client.since]
                assert client.positions == later, f"{user}, since {client.since}"
                if client.bell.must_fetch:
                    client.fetched(fresh.copied())
                assert list(client.bell.items.items()) == list(fresh.items.items())
                assert client.bell.categories == fresh.categories
                assert client.bell.unread_count == fresh.unread_count
            self._keep(mine[0])

    async def _current(self, client: Client, positions: list[int]) -> Client:
        """Wait until a client has all; one that was too slow comes back first."""
        newest = positions[-1] if positions else 0
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
        await self._hang_up(client)
        await self._return(client)
        return await self._current(self.clients[-1], positions)

    async def _end(self) -> None:
        for client in self.clients:
            await client.stream.close()
        if self.world.lumen is not None:
            assert self.world.lumen._parts is not None
            streams = self.world.lumen._parts.streams
            await eventually(lambda: len(streams) == 0, what="the streams to be let go")
            assert streams._hub.channels == {}
            await self.world.lumen.close()
            self.world.lumen = None
        if self.database is not None:
            await self.database.close()


@pytest.fixture
def world(new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("lumen_notify.deliver.hub.TURN_CHANNELS", 1)
    with asyncio.Runner() as runner:
        world = World(new_database, runner)

        def slowly(
            hub: Hub, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None = None
        ) -> Iterator[None]:
            return world.fan_out_slowly(hub, events, settled)

        async def late(loader: Loader, user_id: str) -> Counts:
            return await world.load_late(loader, user_id)

        monkeypatch.setattr(Hub, "fan_out", slowly)
        monkeypatch.setattr(Loader, "load", late)
        runner.run(world.open())
        yield world
        runner.run(world.close())


@pytest.mark.slow
@pytest.mark.timeout(120 + 10 * EXAMPLES)
def test_state_kept_from_frames_always_equals_a_fresh_fetch(world: World) -> None:
    class ThisPromise(Promise):
        pass

    ThisPromise.world = world
    run_state_machine_as_test(
        ThisPromise,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
