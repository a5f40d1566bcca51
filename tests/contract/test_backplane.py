"""The contract of the backplane: what instances send each other, and what they survive.

Memory, PostgreSQL and Redis. PostgreSQL and Redis are real servers; between them and the instances are the
links, whose faults the tests cause.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

import servers
from clients import eventually
from lumen_notify.commit.database import Database
from lumen_notify.deliver.backplane import remote
from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.opening import open_backplane, open_redis
from lumen_notify.deliver.backplane.remote import Receivers, RemoteBackplane
from lumen_notify.model import Audience, Event
from lumen_notify.outages import Outage
from supervised import supervised
from valkey import Valkey


def events(first: int, last: int, *, body: str = "{}") -> list[Event]:
    return [
        Event(
            position=position,
            audience=Audience("user:ann"),
            kind="notification",
            category="like",
            body=body,
            created_at=1000 + position,
        )
        for position in range(first, last + 1)
    ]


LISTENERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND (query LIKE 'LISTEN %' OR query LIKE '%AS payload')
"""
"""The sessions that listen: their newest statement is that, or they have sent something."""


class CountedOutage(Outage):
    """An outage that counts how often it has begun: PostgreSQL may be back before anybody looks."""

    begun = 0

    def begin(self, error: Exception, *, has_trace: bool = False) -> None:
        self.begun += self.error is None
        super().begin(error, has_trace=has_trace)


class Instance:
    """A backplane and all that it has received."""

    def __init__(self, name: str, service: Service) -> None:
        self.events: list[tuple[Sequence[Event], str | None]] = []
        self.heads: list[int] = []
        self.messages: list[tuple[str, Any]] = []
        self.syncs = 0
        self.outage = CountedOutage("backplane")
        self.backplane: Backplane = open_backplane(
            service.url,
            redis=service.redis,
            database=service.database,
            instance=name,
            epoch=lambda: service.epoch,
            receivers=Receivers(
                lambda found, follows: self.events.append((found, follows)),
                self.heads.append,
                lambda name, fields: self.messages.append((name, fields)),
                self._sync,
            ),
            outage=self.outage,
        )

    def _sync(self) -> None:
        self.syncs += 1

    @property
    def newest(self) -> int:
        """The newest position that it was told, with the events or without."""
        return max([*self.heads, *(found[-1].position for found, _ in self.events)], default=0)

    @property
    def is_connected(self) -> bool:
        if not isinstance(self.backplane, RemoteBackplane):
            return True
        return self.backplane.probed_at is not None and self.outage.error is None


class Service:
    """Instances that share a database and a backplane."""

    def __init__(self, kind: str, url: str, database: Database) -> None:
        self.kind = kind
        self.url = url
        self.database = database
        self.epoch = "e1"
        self.redis = open_redis(url)
        self.valkey: Valkey | None = None

    async def publish(self, text: str, *, epoch: str = "e1") -> None:
        """Send anything to all instances."""
        if self.redis is not None:
            await self.redis.publish(f"lumen:{epoch}", text)
        else:
            await self.database.fetch("notify", channel=f"lumen_{epoch}", payload=text)

    async def end_connections(self) -> None:
        """Let the server end all connections of the instances; Redis goes down."""
        if self.valkey is not None:
            self.valkey.kill()
        for pid in self.listeners():
            servers.run_sql(self.database.url, f"SELECT pg_terminate_backend({pid})")

    def bring_back(self) -> None:
        if self.valkey is not None:
            self.valkey.start()

    async def deafen(self, instance: Instance) -> None:
        """Let the server forget that an instance listens."""
        backplane: Any = instance.backplane
        if self.redis is not None:
            await backplane.link._subscription._pubsub.unsubscribe()
        else:
            await backplane.link._listener._raw.execute("UNLISTEN *")

    def stopped(self) -> AbstractContextManager[None]:
        """Pause the server: Redis, or the sessions of PostgreSQL that listen."""
        return servers.paused(*([self.valkey.process.pid] if self.valkey is not None else self.listeners()))

    def listeners(self) -> list[int]:
        """Return the processes of the sessions that listen."""
        if self.kind != "postgresql":
            return []
        sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        rows = servers.run_sql(
            self.database.url, sql.replace("LISTEN%", "%lumen_e%") + " AND pid <> pg_backend_pid()"
        )
        return [row["pid"] for row in rows]

    @asynccontextmanager
    async def instances(self, number: int = 2) -> AsyncIterator[list[Instance]]:
        """Run instances; give them once each is connected."""
        made = [Instance(f"i{number}", self) for number in range(number)]
        async with AsyncExitStack() as running:
            for one in made:
                await running.enter_async_context(supervised(one.backplane.run))
            await eventually(lambda: all(one.is_connected for one in made), what="the instances to connect")
            yield made


KINDS = [
    "memory",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("redis", marks=pytest.mark.server),
]


@pytest.fixture(params=KINDS)
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    url = {"memory": "memory://", "postgresql": "postgresql://", "redis": ""}[request.param]
    if request.param == "redis":
        url = request.getfixturevalue("valkey").url
    is_postgresql = request.param == "postgresql"
    database = Database(request.getfixturevalue("postgresql_url" if is_postgresql else "sqlite_url"))
    await database.open()
    opened = Service(request.param, url, database)
    if request.param == "redis":
        opened.valkey = request.getfixturevalue("valkey")
    yield opened
    if opened.redis is not None:
        await opened.redis.close()
    await database.close()


@pytest.fixture(autouse=True)
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice faults soon."""
    monkeypatch.setattr(remote, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(remote, "PROBE_WAIT_SECONDS", 1.0)
    monkeypatch.setattr(remote, "MAX_PAUSE_SECONDS", 0.2)


async def test_what_is_announced_reaches_the_others_and_does_not_come_back(service: Service) -> None:
    async with service.instances(3) as (first, *others):
        first.backplane.announce(events(1, 2), None)
        if service.kind == "memory":
            return
        for one in others:
            await eventually(lambda one=one: one.newest == 2, what="the announcement")  # type: ignore[misc]
        assert (first.events, first.heads) == ([], [])
        if service.kind == "redis":
            assert others[0].events == [(tuple(events(1, 2)), None)]
            assert others[0].heads == []
        first.backplane.announce(events(3, 3), events(2, 2)[0].check)
        await eventually(lambda: others[1].newest == 3, what="the next announcement")


async def test_messages_reach_the_others_in_order_and_do_not_come_back(service: Service) -> None:
    async with service.instances(3) as (first, *others):
        sent = [("typing", {"room": "r\u2028", "number": number}) for number in range(500)]
        for name, fields in sent:
            first.backplane.send(name, fields)
        if service.kind == "memory":
            return
        for one in others:
            await eventually(lambda one=one: len(one.messages) == 500, what="the messages")  # type: ignore[misc]
            assert one.messages == sent
        assert first.messages == []


async def test_server_that_ends_all_connections_costs_one_outage_and_a_sync(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    if service.kind == "memory":
        pytest.skip("has no server")
    async with service.instances() as (first, second):
        syncs = second.syncs
        await service.end_connections()
        await eventually(lambda: second.outage.begun, what="the outage")
        first.backplane.announce(events(1, 1), None)
        first.backplane.send("late", {})
        service.bring_back()
        await eventually(lambda: first.is_connected and second.is_connected, what="the end of the outage")
        assert second.syncs > syncs
        first.backplane.announce(events(2, 2), events(1, 1)[0].check)
        await eventually(lambda: second.newest == 2, what="an announcement afterwards")
    lines = [record.getMessage() for record in caplog.records if record.name == "lumen_notify.outages"]
    assert [line.split(":")[1].split()[0] for line in lines] == ["failing", "failing", "working", "working"]


async def test_position_announced_during_an_outage_is_told_after_it_or_read(service: Service) -> None:
    if service.kind == "memory":
        pytest.skip("has no server")
    async with service.instances() as (first, second):
        await service.end_connections()
        await eventually(lambda: first.outage.begun, what="the outage")
        syncs = second.syncs
        first.backplane.announce(events(1, 5), None)
        service.bring_back()
        await eventually(lambda: second.newest == 5 or second.syncs > syncs, what="either of them")
        assert second.events == []


async def test_link_that_takes_all_and_delivers_nothing_is_noticed_and_replaced(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    if service.kind == "memory":
        pytest.skip("has no server")
    async with service.instances() as (first, second):
        await service.deafen(second)
        await eventually(lambda: second.outage.error is not None, what="the outage")
        assert "delivers nothing" in str(second.outage.error)
        await eventually(lambda: second.is_connected, what="another link")
        first.backplane.announce(events(1, 1), None)
        await eventually(lambda: second.newest == 1, what="an announcement")
    assert caplog.text.count("backplane: failing: ") == 1


async def test_server_that_is_stopped_is_noticed_and_nobody_waits_for_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    if service.kind == "memory":
        pytest.skip("has no server")
    monkeypatch.setattr(remote, "SEND_SECONDS", 1.0)
    async with service.instances() as (first, second):
        with service.stopped():
            for number in range(1, 3001):
                first.backplane.announce(events(number, number, body="x" * 1000), None)
                first.backplane.send("typing", {"text": "x" * 1000})
            await eventually(lambda: first.outage.error is not None, what="the outage")
            assert isinstance(first.backplane, RemoteBackplane)
            assert first.backplane._outbox.waiting_bytes < 2 * 1024 * 1024
            assert first.backplane.dropped > 0
            syncs = second.syncs
        await eventually(lambda: first.is_connected and second.is_connected, what="the end of the outage")
        await eventually(lambda: second.newest == 3000 or second.syncs > syncs, what="either of them")


async def test_garbage_is_counted_and_what_follows_is_received(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    if service.kind == "memory":
        pytest.skip("has no server")
    garbage = [
        "",
        "{",
        "[]",
        "null",
        '{"from":"x","head":-1}',
        '{"from":1}',
        "\u2028" * 100,
        '{"from":"x","events":7}',
    ]
    async with service.instances() as (first, second):
        for text in garbage:
            await service.publish(text)
        await service.publish('{"from":"newer","what":"else"}')
        first.backplane.announce(events(1, 1), None)
        await eventually(lambda: second.newest == 1, what="the announcement")
        assert isinstance(second.backplane, RemoteBackplane)
        assert second.backplane.garbage == len(garbage)
        assert second.outage.error is None
    assert caplog.text.count("not of lumen-notify") == 2, "once by each instance"


async def test_instances_on_another_log_are_not_heard_and_all_follow_a_log_that_changes(
    service: Service,
) -> None:
    if service.kind == "memory":
        pytest.skip("has no server")
    async with service.instances() as (first, second):
        await service.publish('{"from":"other","head":7}', epoch="e2")
        service.epoch = "e2"
        await eventually(lambda: (first.syncs, second.syncs) == (2, 2), what="the instances to follow")
        await eventually(lambda: first.is_connected and second.is_connected, what="their links")
        first.backplane.announce(events(1, 1), None)
        await eventually(lambda: second.newest == 1, what="an announcement")
        assert second.outage.error is None


async def test_large_events_are_announced_by_their_position_and_a_large_message_is_refused(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async with service.instances() as (first, second):
        first.backplane.send("typing", {"text": "x" * 5000})
        first.backplane.send("typing", {"text": "x" * 4000})
        first.backplane.announce(events(1, 1, body="x" * 300_000), None)
        if service.kind == "memory":
            return
        await eventually(lambda: second.heads == [1], what="the position")
        await eventually(lambda: len(second.messages) == 1, what="the message")
        assert second.events == []
        assert second.messages[0][1] == {"text": "x" * 4000}
    assert "is longer than 4096 bytes, and is not sent" in caplog.text


async def test_last_words_of_an_instance_that_ends_are_sent(service: Service) -> None:
    async with service.instances() as (_, second):
        third = Instance("i3", service)
        async with supervised(third.backplane.run):
            await eventually(lambda: third.is_connected, what="a third instance")
            third.backplane.announce(events(1, 1), None)
            third.backplane.send("leaving", {})
        if service.kind != "memory":
            await eventually(lambda: second.newest == 1, what="the announcement")
            await eventually(lambda: second.messages == [("leaving", {})], what="the message")
