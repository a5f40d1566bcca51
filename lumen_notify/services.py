"""Parts: what stays open: the commit side and the deliver side, and what both are asked with.

    committer    commands -> transactions -> tail
    rounds       what is to happen at its time -> committer
    tail         events in order -> hub -> streams
    welcome      what a new stream is told first

`commit` and `deliver` meet here: the committer is given the tail's `announce`. Not here: what stands before
them (`endpoints`).
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from functools import partial

from lumen_notify.accept.preferences.categories import defined_in
from lumen_notify.auth import Passwords, Tickets, Verifier
from lumen_notify.commit.committer import MAX_BATCH_COMMANDS, TURN_CALLERS, Committer
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.handlers import writers
from lumen_notify.commit.jobs.retention import Retention
from lumen_notify.commit.jobs.scheduler import Scheduler
from lumen_notify.commit.log import Head, Log
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.removal import fetch_readers
from lumen_notify.commit.preferences.categories import Define, define
from lumen_notify.deliver.ephemeral.typing import Typing
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.count_loader import Loader
from lumen_notify.deliver.streams.opening import Welcome
from lumen_notify.deliver.streams.registry import Streams
from lumen_notify.deliver.tail import Tail
from lumen_notify.metrics import Metrics
from lumen_notify.settings import Settings


class Parts:
    """Everything that is open while a Lumen is: made from its end, as each is given what comes after it.

    head: of the log. ticket_key: what tickets are signed with. passwords: None where accounts are off.
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
    ) -> None:
        self.database = database
        self.log = log
        self.counts = UnreadCounts(database)
        self.metrics = Metrics()

        self.verifier = Verifier.from_settings(settings, clock)
        self.tickets = Tickets(ticket_key, clock)
        self.passwords = None if settings.accounts == "off" else Passwords()

        replay = Replay(position=head.position, max_events=settings.replay_events)
        self.hub = Hub(epoch=head.epoch, position=head.position, replay=replay, clock=time.monotonic)
        self.streams = Streams(
            self.hub,
            ping_seconds=settings.ping_seconds,
            drain_seconds=settings.drain_seconds,
            max_stream_seconds=settings.max_stream_seconds,
            max_streams=settings.max_streams,
            max_streams_per_user=settings.max_streams_per_user,
            max_streams_per_address=settings.max_streams_per_address,
            clock=time.monotonic,
            wall_clock=clock,
        )
        self.typists = Typing(self.hub, time.monotonic)
        self.welcome = Welcome(
            self.hub, Loader(self.counts.fetch), log, max_replay_bytes=settings.max_backlog_bytes // 2
        )
        self.tail = Tail(log, self.hub, settled=partial(fetch_readers, database), metrics=self.metrics)

        self.committer = Committer(
            log,
            writers(Limiting(per_sender=settings.sender_rate) if settings.rate_limits == "on" else None),
            announce=self.tail.announce,
            pace=self.tail.close_behind,
            metrics=self.metrics,
            turn_callers=TURN_CALLERS if database.is_server else MAX_BATCH_COMMANDS,
        )
        submit = self.committer.submit
        self.rounds = Scheduler(database, submit, clock)
        self.retention = Retention(
            database,
            submit,
            clock,
            events_seconds=settings.retention_events_seconds,
            events=settings.retention_events,
            notifications_seconds=settings.retention_notifications_seconds,
            notifications=settings.retention_notifications,
            archived_seconds=settings.retention_archived_seconds,
            idempotency_seconds=settings.retention_idempotency_seconds,
        )
        self._name_figures()

    @classmethod
    async def open(cls, settings: Settings, clock: Callable[[], int]) -> Parts:
        """Connect, migrate, make, begin. Raises DatabaseUnavailable, Misconfigured."""
        database = Database(settings.database_url)
        try:
            await database.open()
            await migrate(database)
            log = Log(database, clock)
            head = await log.open()
            if settings.categories is not None:
                async with log.transaction() as tx:
                    await define(tx, [Define(categories=defined_in(settings.categories))])
                head = await log.head()
            key = await _shared_key(database, "tickets")
            parts = cls(settings, clock, database=database, log=log, head=head, ticket_key=key)
        except BaseException:
            await database.close()
            raise
        parts._start()
        return parts

    def _start(self) -> None:
        self.tail.start()
        self.committer.start()
        self.retention.start()
        self.rounds.start()
        self.streams.wheel.start()
        self.typists.wheel.start()

    async def close(self) -> None:
        """End the streams, commit what waits, stop, disconnect: in the order of the data's path."""
        await self.streams.drain()
        await self.retention.close()
        await self.rounds.close()
        await self.committer.close()
        if self.passwords is not None:
            await self.passwords.close()
        await self.tail.close()
        await self.streams.wheel.close()
        await self.typists.wheel.close()
        await self.database.close()

    def _name_figures(self) -> None:
        metrics, hub, streams, committer = self.metrics, self.hub, self.streams, self.committer
        metrics.gauge("lumen_streams", "Open streams.", lambda: len(streams))
        metrics.gauge("lumen_channels", "Users with a stream here.", lambda: len(hub.channels))
        metrics.gauge("lumen_backlog_bytes", "What slow streams hold back.", lambda: streams.backlog_bytes)
        metrics.gauge("lumen_position", "Newest event delivered.", lambda: hub.position)
        metrics.gauge(
            "lumen_waiting_commands", "Writes not yet in a transaction.", lambda: committer.waiting_commands
        )
        metrics.counter(
            "lumen_events_committed", "Events committed by this process.", lambda: committer.committed_events
        )
        metrics.counter(
            "lumen_deliveries", "Frames shown to users who are connected here.", lambda: hub.deliveries
        )
        metrics.counters(
            "lumen_events_skipped",
            "Events that this version does not know, by kind.",
            "kind",
            lambda: hub.skipped_events,
        )
        metrics.counters(
            "lumen_streams_ended", "Streams that ended, by reason.", "reason", lambda: streams.ended
        )


async def _shared_key(database: Database, name: str) -> bytes:
    """Return a random key that all instances of this database share, made by the first."""
    value = base64.b64encode(secrets.token_bytes(32)).decode()
    async with database.transaction() as transaction:
        await transaction.run("open_key", name=name, value=value)
    ((kept,),) = await database.fetch("key", name=name)
    return base64.b64decode(kept)
