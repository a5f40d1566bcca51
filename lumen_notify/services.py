"""Services: the long-lived objects of a running Lumen, created and closed together.

    supervisor     runs the tasks of the others, and starts them again
    committer      commands -> transactions -> tail
    jobs           submit due work and the deletion of old rows to the committer, on one instance
    tail           events in position order -> hub -> open streams
    push           what is due -> the devices of users, on one instance
    backplane      events and messages to and from the other instances
    messages       those of the other instances -> their handlers
    stream_opener  brings new streams up to date
    tracking       open streams of all instances -> who is online
    intake         messages of a queue -> committer
    monitoring     metrics and figures of all of these, also for administrators

The commit side and the deliver side meet here: what the committer has committed goes to the tail and to the
backplane, and the tail's backpressure to the committer.
Not here: the HTTP endpoints (`api.endpoints`).
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from lumen_notify.accept.preferences.categories import defined_in
from lumen_notify.auth import PasswordHasher, Revocations, Tickets, Verifier
from lumen_notify.auth.tickets import signing_key
from lumen_notify.commit.accounts.revocations import RevocationReader
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.startup_errors import explained
from lumen_notify.commit.jobs.job_lock import STUCK_SECONDS
from lumen_notify.commit.jobs.jobs import Jobs
from lumen_notify.commit.log import Head, Log
from lumen_notify.commit.marks.purge import fetch_readers
from lumen_notify.commit.opening import open_committer
from lumen_notify.commit.preferences.categories import DefineCategories, define_categories
from lumen_notify.commit.shared_key import shared_key
from lumen_notify.commit.write_drain import WriteDrain
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.backplane.opening import backplane_place, open_backplane, open_redis
from lumen_notify.deliver.backplane.remote import Receivers
from lumen_notify.deliver.ephemeral.typing import TypingUsers
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.presence.tracking import Tracking
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.deliver.streams.opening import StreamOpener
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.deliver.streams.renewals import Renewals
from lumen_notify.deliver.tail import Tail
from lumen_notify.intake.intake import Intake
from lumen_notify.metrics import Metrics
from lumen_notify.model import Event
from lumen_notify.push.provider import Provider
from lumen_notify.push.providers.registry import open_providers
from lumen_notify.push.service import PushService
from lumen_notify.readiness import Readiness
from lumen_notify.service_metrics import Monitoring
from lumen_notify.settings import Settings
from lumen_notify.supervisor import Supervisor
from lumen_notify.tracing.opening import open_tracer


class Services:
    """The objects of one Lumen. Each one is passed the objects that receive its output, so they are created
    from the end of the data path.

    head: the log's head at the start. ticket_key: what the key of stream tickets is derived from. providers:
    of pushes, by name. passwords: None if accounts are off. redis: None if the backplane is another one.
    instance: the name of this one among those that share the database.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], int],
        *,
        database: Database,
        log: Log,
        head: Head,
        ticket_key: bytes,
        revocations: Revocations,
        providers: Mapping[str, Provider],
    ) -> None:
        self.instance = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.redis = open_redis(settings.backplane)
        self.database = database
        self.log = log
        self.counts = UnreadCounts(database)
        self.metrics = Metrics()
        self.supervisor = Supervisor()
        writes, reads = self.supervisor.outage("writes"), self.supervisor.outage("reads of the log")

        self.revocations = revocations
        self.verifier = Verifier.from_settings(settings, clock, revocations)
        self.tickets = Tickets(signing_key(ticket_key, settings), clock, revocations)
        self.revocation_reader = RevocationReader(database, revocations)
        self.passwords = None if settings.accounts == "off" else PasswordHasher()

        replay = Replay(position=head.position, max_events=settings.replay_events, check=head.check)
        self.hub = Hub(epoch=head.epoch, position=head.position, replay=replay, clock=time.monotonic)
        self.streams = StreamRegistry.from_settings(
            settings,
            self.hub,
            clock=time.monotonic,
            wall_clock=clock,
            observe_seconds=self.metrics.stream_seconds.observe,
        )
        self.stream_opener = StreamOpener(
            self.hub,
            CountLoader(UnreadCounts(database.for_delivery).fetch),
            log,
            max_replay_events=settings.max_replay_events,
            ping_seconds=self.streams.timers.ping_seconds,
        )
        self.messages = Messages()
        self.tracer = open_tracer(settings, self.instance, self.messages, lambda: self.backplane)
        self.tail = Tail(
            log,
            self.hub,
            fetch_readers=partial(fetch_readers, database.for_delivery),
            revoke=revocations.revoke,
            on_reset=(log.forget, self.revocation_reader.forget),
            metrics=self.metrics,
            tracer=self.tracer,
            outage=reads,
            wall_clock=clock,
        )
        self.backplane = open_backplane(
            settings.backplane,
            redis=self.redis,
            database=database,
            instance=self.instance,
            epoch=lambda: self.hub.epoch,
            receivers=Receivers(self.tail.hint, self.tail.wake, self.messages.receive, self.tail.sync),
            outage=self.supervisor.outage("backplane", place=backplane_place(settings)),
            observe_round_trip=self.metrics.backplane_round_trip_seconds.observe,
        )
        self.typing_users = TypingUsers(self.hub, time.monotonic, self.backplane.send)
        self.messages.handle("typing", self.typing_users.receive)
        self.renewals = Renewals(self.streams, revocations, self.backplane.send)
        self.messages.handle("renew", self.renewals.receive)
        self.tracking = Tracking(
            settings,
            database,
            self.hub,
            self.streams,
            instance=self.instance,
            send=self.backplane.send,
            messages=self.messages,
            supervisor=self.supervisor,
        )

        self.dropped_scheduled: Counter[str] = Counter(expired=0, not_allowed=0)
        self.committer = open_committer(
            log,
            settings,
            announce=self._announce,
            backpressure=self.tail.wait_until_caught_up,
            metrics=self.metrics,
            outage=writes,
            dropped=self.dropped_scheduled,
            tracer=self.tracer,
        )
        self.writes = WriteDrain(self.committer, self.supervisor, drain_seconds=settings.drain_seconds)
        self.jobs = Jobs(
            database,
            self.committer.submit,
            clock,
            settings,
            is_stuck=lambda: self.committer.longest_wait_seconds >= STUCK_SECONDS,
            outage=self.supervisor.outage,
        )
        self.push = PushService(
            providers,
            database,
            self.committer.submit,
            clock,
            settings,
            streams=self.tracking.online.streams,
            may_run=lambda: self.jobs.lock.is_held,
            supervisor=self.supervisor,
            metrics=self.metrics,
        )
        self.intake = Intake(
            settings, database, self.committer, clock, supervisor=self.supervisor, metrics=self.metrics
        )
        self.readiness = Readiness(
            self.supervisor,
            self.committer,
            self.tail,
            self.backplane,
            writes=writes,
            reads=reads,
            is_draining=lambda: self.streams.is_draining,
            clock=time.monotonic,
        )
        self.monitoring = Monitoring(settings, self, wall_clock=clock)

    @classmethod
    async def open(cls, settings: Settings, clock: Callable[[], int]) -> Services:
        """Connect, migrate the database, create the services and start them.

        Raises DatabaseUnavailable, DatabaseUnusable, Misconfigured.
        """
        database = Database(settings.database_url)
        try:
            with explained(settings.database_url):
                return await cls._open(database, settings, clock)
        except BaseException:
            await database.close()
            raise

    @classmethod
    async def _open(cls, database: Database, settings: Settings, clock: Callable[[], int]) -> Services:
        await database.open()
        await migrate(database)
        log = Log(database, clock)
        head = await log.open()
        if settings.categories is not None:
            async with log.transaction() as tx:
                await define_categories(tx, [DefineCategories(categories=defined_in(settings.categories))])
            head = await log.head()
        key = await shared_key(database, "tickets")
        # After the head: later ones are in events that the tail will read.
        revocations = Revocations(dict(map(tuple, await database.fetch("revocations"))))
        services = cls(
            settings,
            clock,
            database=database,
            log=log,
            head=head,
            ticket_key=key,
            revocations=revocations,
            providers=await open_providers(settings, database),
        )
        services._start()
        return services

    def _start(self) -> None:
        start = self.supervisor.start
        start("tail", self.tail.run)
        start("backplane", self.backplane.run)
        start("committer", self.committer.run)
        if self.passwords is not None:
            start("revocations", self.revocation_reader.run)
        for name, run in self.jobs.tasks.items():
            start(name, run)
        self.push.start()
        self.intake.start()
        start("stream timers", self.streams.wheel.run)
        start("typing timers", self.typing_users.wheel.run)
        self.tracking.start()
        self.monitoring.start()

    def _announce(self, events: Sequence[Event], follows: str | None) -> None:
        if self.tail.announce(events, follows, accepted_at=self.committer.accepted_at):
            self.backplane.announce(events, follows)

    def start_drain(self) -> None:
        """Start to close the streams, and to end pushes and writes within the drain time."""
        self.streams.start_drain()
        self.monitoring.admin_streams.start_drain()
        self.push.start_drain()
        self.intake.start_drain()
        self.writes.start()

    async def close(self) -> None:
        """Close the streams, commit the waiting commands, stop the tasks, disconnect; in the order of the
        data path."""
        self.start_drain()
        await self.streams.drain()
        await self.push.stop()
        await self.intake.stop()
        for name in reversed(list(self.jobs.tasks)):
            await self.supervisor.stop(name)
        await self.writes.finish()
        if self.passwords is not None:
            await self.passwords.close()
        await self.tracking.close()
        await self.monitoring.close()
        for name in ("revocations", "backplane", "tail", "stream timers", "typing timers"):
            await self.supervisor.stop(name)
        if self.redis is not None:
            await self.redis.close()
        if self.tracer is not None:
            await self.tracer.close()
        await self.database.close()
