"""Simulation: what instances cost beside each other, by real tails, hubs and transactions on one PostgreSQL,
without sockets. `python -m bench.scaling` runs it.

CPU times are those of this process, so that other programs disturb them little; medians of several rounds.

| figure | how |
|---|---|
| an event that concerns nobody here | a tail reads it from the log, or gets it announced, and fans it out |
| an event for a user with a stream here | the same, with one frame |
| one more instance | all tails follow the same log in one process |
| what writers wait for | from the lock of the log to the end of COMMIT, for transactions of some publishes |
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import Head, Log
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.tail import Tail
from lumen_notify.metrics import Metrics
from lumen_notify.model import Audience, Counts, Event, new_id, now_ms

INSTANCES = 10
USERS_PER_INSTANCE = 2_000
EVENTS = 5_000
ROUNDS = 5
BATCHES = (1, 16, 64, 256)
TRANSACTIONS = 100
REPLAY_EVENTS = 10_000


class CountingConnection(Connection):
    """A stream without a socket: it counts its bytes."""

    __slots__ = ("size_bytes",)

    def __init__(self, user_id: str) -> None:
        super().__init__(
            user_id=user_id, device=None, address="", connected_at=0, expires_at=2**62, on_close=_ignore
        )
        self.size_bytes = 0

    @property
    def backlog_bytes(self) -> int:
        """Nothing waits."""
        return 0

    @property
    def is_drained(self) -> bool:
        """Nothing waits."""
        return True

    def enqueue(self, chunks: bytes) -> None:
        """Count the bytes."""
        self.size_bytes += len(chunks)

    def _end(self, last: bytes) -> None:
        self.size_bytes += len(last)


class Instance:
    """The deliver side of one instance, with a stream for each of its users."""

    def __init__(self, log: Log, head: Head, users: Sequence[str]) -> None:
        replay = Replay(position=head.position, max_events=REPLAY_EVENTS, check=head.check)
        self.hub = Hub(epoch=head.epoch, position=head.position, replay=replay, clock=time.monotonic)
        self.tail = Tail(
            log,
            self.hub,
            fetch_readers=_no_readers,
            revoke=lambda _user, _time: None,
            on_reset=(),
            metrics=Metrics(),
        )
        self.connections = [CountingConnection(user) for user in users]
        for connection in self.connections:
            self.hub.add(self.hub.get_channel(connection.user_id), connection, Counts({}, {}))

    async def follow(self, position: int) -> None:
        """Follow the log until a position is delivered."""
        running = asyncio.ensure_future(self.tail.run())
        reached = asyncio.Event()
        self.hub.call_at(position, reached.set)
        await reached.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def write(log: Log, users: Sequence[str], batch: int) -> tuple[list[Event], list[float]]:
    """Publish to each user in turn, in transactions of some publishes; return the events, and for how many
    seconds each transaction was the only writer."""
    events: list[Event] = []
    seconds: list[float] = []
    for begin in range(0, len(users), batch):
        began = time.perf_counter()
        async with log.transaction() as tx:
            await publish(tx, [_publish_to(user) for user in users[begin : begin + batch]])
        seconds.append(time.perf_counter() - began)
        events += tx.events
    return events, seconds


def _publish_to(user: str) -> Publish:
    one = Publication(
        id=new_id(), audiences=(Audience.user(user),), recipients=1, category="like", fields={"content": "hi"}
    )
    return Publish(publications=(one,))


async def _no_readers(_ids: Sequence[str], _users: Sequence[str]) -> Mapping[str, frozenset[str]]:
    return {}


def _ignore(_connection: Connection, _reason: object) -> None:
    pass


async def cpu_us(work: Callable[[], Awaitable[object]], operations: int) -> float:
    """Return the microseconds of CPU time of some work, for each operation."""
    gc.collect()
    gc.freeze()  # as `serve` does
    before = time.process_time()
    await work()
    return (time.process_time() - before) * 1e6 / operations


async def read_from_log(log: Log, *, is_here: bool, number: int) -> float:
    """Measure the tails of `number` instances that read EVENTS from the log; per event and instance."""
    head = await log.head()
    users = [[f"user-{one}-{user}" for user in range(USERS_PER_INSTANCE)] for one in range(number)]
    instances = [Instance(log, head, own) for own in users]
    everybody = [user for own in zip(*users, strict=True) for user in own]
    to = everybody if is_here else [f"other-{user}" for user in everybody]
    await write(log, [to[one % len(to)] for one in range(EVENTS)], 256)
    end = (await log.head()).position

    async def follow_all() -> None:
        await asyncio.gather(*(instance.follow(end) for instance in instances))

    result = await cpu_us(follow_all, EVENTS * number)
    sent = sum(instance.hub.deliveries for instance in instances)
    assert sent == (EVENTS if is_here else 0), sent
    return result


async def get_announced(log: Log, *, is_here: bool) -> float:
    """Measure one instance that gets EVENTS announced, in batches of 64; per event."""
    head = await log.head()
    users = [f"user-{user}" for user in range(USERS_PER_INSTANCE)]
    instance = Instance(log, head, users)
    to = users if is_here else [f"other-{user}" for user in users]
    events, _ = await write(log, [to[one % len(to)] for one in range(EVENTS)], 256)

    async def announce_all() -> None:
        follows = head.check
        following = asyncio.ensure_future(instance.follow(events[-1].position))
        for begin in range(0, len(events), 64):
            part = events[begin : begin + 64]
            instance.tail.announce(part, follows)
            follows = part[-1].check
            await asyncio.sleep(0)
        await following

    return await cpu_us(announce_all, EVENTS)


async def locked_seconds(log: Log, batch: int) -> float:
    """Return for how long a transaction of some publishes is the only writer: the median."""
    users = [f"writer-{number}" for number in range(batch)]
    rounds = [await write(log, users, batch) for _ in range(TRANSACTIONS)]
    return statistics.median(seconds for _, (seconds,) in rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured.

    read_us, announced_us: CPU of an event that concerns nobody here. delivered_us: CPU of an event for a user
    with a stream here. many_us: CPU of an event on one of INSTANCES. locked_ms: how long a transaction locks
    the log, by its number of publishes.
    """

    read_us: float
    announced_us: float
    delivered_us: float
    many_us: float
    locked_ms: Mapping[int, float]

    @property
    def ceiling(self) -> float:
        """The most publishes a second that one log takes, whatever the number of instances."""
        return max(batch * 1000 / ms for batch, ms in self.locked_ms.items())


async def measure(url: str, rounds: int) -> Figures:
    """Measure everything on an empty database."""
    database = Database(url)
    await database.open()
    try:
        await migrate(database)
        log = Log(database, now_ms)
        await log.open()
        await write(log, [f"warm-{number}" for number in range(2_000)], 64)

        async def median(measured: Callable[[], Awaitable[float]]) -> float:
            return statistics.median([await measured() for _ in range(rounds)])

        return Figures(
            read_us=await median(partial(read_from_log, log, is_here=False, number=1)),
            announced_us=await median(partial(get_announced, log, is_here=False)),
            delivered_us=await median(partial(get_announced, log, is_here=True)),
            many_us=await median(partial(read_from_log, log, is_here=True, number=INSTANCES)),
            locked_ms={batch: 1000 * await locked_seconds(log, batch) for batch in BATCHES},
        )
    finally:
        await database.close()
