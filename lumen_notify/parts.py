"""Parts: builds everything, connects it, opens and closes it.

    accept  ->  commit  ->  deliver
    publishing   committer    tail -> hub -> channel -> outlet
    inbox        log          welcome (replay, loader), streams (wheel)

`accept` and `deliver` meet only here: the committer is given the tail's `announce`.
"""

from __future__ import annotations

import base64
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial

from starlette.types import ASGIApp

from lumen_notify import routes
from lumen_notify.accept.accounts import AccountEndpoints
from lumen_notify.accept.blocks import BlockEndpoints
from lumen_notify.accept.categories import CategoryEndpoints, defined_in
from lumen_notify.accept.health import Health
from lumen_notify.accept.inbox import InboxEndpoints
from lumen_notify.accept.members import MemberEndpoints
from lumen_notify.accept.messages import Messages
from lumen_notify.accept.preferences import PreferenceEndpoints
from lumen_notify.accept.publishing import Publishing
from lumen_notify.accept.rooms import RoomEndpoints
from lumen_notify.accept.scheduling import Scheduling
from lumen_notify.accept.ticketing import Ticketing
from lumen_notify.accept.typing import TypingEndpoint
from lumen_notify.auth import AccessTokens, Attempts, Passwords, Tickets, Verifier
from lumen_notify.commit.access import Access
from lumen_notify.commit.accounts import Accounts
from lumen_notify.commit.blocks import Blocks
from lumen_notify.commit.bundles import Bundles
from lumen_notify.commit.categories import Categories, Define, define
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.expiry import Expiry
from lumen_notify.commit.history import History
from lumen_notify.commit.inbox import Inbox
from lumen_notify.commit.limiting import Limiting
from lumen_notify.commit.log import Log
from lumen_notify.commit.merging import Merging
from lumen_notify.commit.migrations import migrate
from lumen_notify.commit.preferences import UserPreferences
from lumen_notify.commit.removal import settled_of
from lumen_notify.commit.repeats import Repeats
from lumen_notify.commit.retention import Retention
from lumen_notify.commit.rooms import Rooms
from lumen_notify.commit.roster import Roster
from lumen_notify.commit.rounds import Rounds
from lumen_notify.commit.schedule import Schedule
from lumen_notify.commit.writers import writers
from lumen_notify.deliver.connections import Connections
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.loader import Loader
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.stream import StreamEndpoint
from lumen_notify.deliver.streams import Streams
from lumen_notify.deliver.tail import Tail
from lumen_notify.deliver.typing import Typing
from lumen_notify.deliver.welcome import Welcome
from lumen_notify.metrics import Metrics
from lumen_notify.settings import Settings

INSTANCE = f"{socket.gethostname()}:{os.getpid()}"
"""This process's name among several."""


class Parts:
    """Everything that is open while a Lumen is."""

    def __init__(
        self,
        *,
        database: Database,
        committer: Committer,
        retention: Retention,
        rounds: Sequence[Rounds],
        tail: Tail,
        streams: Streams,
        typists: Typing,
        publishing: Publishing,
        messages: Messages,
        typing: TypingEndpoint,
        accounts: AccountEndpoints | None,
        application: ASGIApp,
    ) -> None:
        self.publishing = publishing
        self.streams = streams
        self.messages = messages
        self.typing = typing
        self._typists = typists
        self.application = application
        self._database = database
        self._committer = committer
        self.retention = retention
        self._rounds = rounds
        self._tail = tail
        self._accounts = accounts

    @classmethod
    async def open(cls, settings: Settings, clock: Callable[[], int]) -> Parts:
        """Connect, migrate, build, begin. Raises DatabaseUnavailable, Misconfigured."""
        database = Database(settings.database_url)
        try:
            await database.open()
            await migrate(database)
            return await cls._build(database, settings, clock)
        except BaseException:
            await database.close()
            raise

    @classmethod
    async def _build(cls, database: Database, settings: Settings, clock: Callable[[], int]) -> Parts:
        log = Log(database, clock)
        head = await log.open()
        if settings.categories is not None:
            async with log.draft() as draft:
                await define(draft, [Define(categories=defined_in(settings.categories))])
            head = await log.head()
        tickets = Tickets(await _shared_key(database, "tickets"), clock)
        verifier = Verifier.from_settings(settings, clock)
        counts = UnreadCounts(database)

        replay = Replay(position=head.position, max_events=settings.replay_events)
        hub = Hub(epoch=head.epoch, position=head.position, replay=replay, clock=time.monotonic)
        streams = Streams(
            hub,
            ping_seconds=settings.ping_seconds,
            drain_seconds=settings.drain_seconds,
            max_stream_seconds=settings.max_stream_seconds,
            max_streams=settings.max_streams,
            max_streams_per_user=settings.max_streams_per_user,
            max_streams_per_address=settings.max_streams_per_address,
            clock=time.monotonic,
            wall_clock=clock,
        )
        welcome = Welcome(hub, Loader(counts.fetch), log, max_replay_bytes=settings.max_backlog_bytes // 2)
        metrics = Metrics()
        tail = Tail(log, hub, settled=partial(settled_of, database), metrics=metrics)
        committer = Committer(
            log,
            writers(_limiting(settings)),
            announce=tail.announce,
            pace=tail.close_behind,
            metrics=metrics,
        )
        schedule = Schedule(database, committer.submit, clock)
        expiry = Expiry(database, committer.submit, clock)
        merging = Merging(database, committer.submit, clock)
        bundles = Bundles(database, committer.submit, clock)
        rounds = [
            Rounds("schedule", schedule.release_due),
            Rounds("expiry", expiry.expire_due),
            Rounds("merging", merging.tell_all),
            Rounds("bundles", bundles.publish_due),
        ]
        retention = Retention(
            database,
            committer.submit,
            clock,
            events_seconds=settings.retention_events_seconds,
            events=settings.retention_events,
            notifications_seconds=settings.retention_notifications_seconds,
            notifications=settings.retention_notifications,
            archived_seconds=settings.retention_archived_seconds,
            idempotency_seconds=settings.retention_idempotency_seconds,
        )
        _name_figures(metrics, committer, hub, streams)
        publishing = Publishing(
            verifier=verifier,
            committer=committer,
            repeats=Repeats(database),
            max_body_bytes=settings.max_body_bytes,
            max_content_characters=settings.max_content_characters,
            max_batch_rows=settings.max_batch_rows,
            clock=clock,
        )
        scheduling = Scheduling(verifier=verifier, committer=committer, schedule=schedule)
        inbox = InboxEndpoints(
            verifier=verifier,
            committer=committer,
            inbox=Inbox(database),
            counts=counts,
            max_body_bytes=settings.max_body_bytes,
            max_batch_rows=settings.max_batch_rows,
        )
        rooms = RoomEndpoints(
            verifier=verifier,
            committer=committer,
            rooms=Rooms(database),
            max_body_bytes=settings.max_body_bytes,
            max_batch_rows=settings.max_batch_rows,
            max_rooms=settings.max_rooms_per_user,
        )
        members = MemberEndpoints(
            verifier=verifier,
            committer=committer,
            rooms=Rooms(database),
            roster=Roster(database),
            max_body_bytes=settings.max_body_bytes,
            max_batch_rows=settings.max_batch_rows,
            max_rooms=settings.max_rooms_per_user,
        )
        messages = Messages(
            verifier=verifier,
            committer=committer,
            history=History(database),
            max_body_bytes=settings.max_body_bytes,
            max_content_characters=settings.max_content_characters,
        )
        categories = CategoryEndpoints(
            verifier=verifier,
            committer=committer,
            categories=Categories(database),
            max_body_bytes=settings.max_body_bytes,
        )
        preferences = PreferenceEndpoints(
            verifier=verifier,
            committer=committer,
            preferences=UserPreferences(database),
            max_body_bytes=settings.max_body_bytes,
        )
        typists = Typing(hub, time.monotonic)
        typing = TypingEndpoint(
            verifier=verifier,
            access=Access(database),
            typists=typists,
            max_body_bytes=settings.max_body_bytes,
        )
        stream = StreamEndpoint(
            verifier=verifier,
            tickets=tickets,
            streams=streams,
            welcome=welcome,
            max_backlog_bytes=settings.max_backlog_bytes,
            drain_seconds=settings.drain_seconds,
            clock=clock,
        )
        ticketing = Ticketing(verifier=verifier, tickets=tickets)
        connections = Connections(verifier=verifier, streams=streams, instance=INSTANCE)
        accounts = _accounts(settings, clock, verifier, committer, Accounts(database))
        health = Health(figures=metrics, look=log.head, is_draining=lambda: streams.is_draining)
        application = routes.build(
            settings,
            publishing=publishing,
            scheduling=scheduling,
            inbox=inbox,
            rooms=rooms,
            members=members,
            messages=messages,
            categories=categories,
            preferences=preferences,
            typing=typing,
            blocks=BlockEndpoints(verifier=verifier, committer=committer, blocks=Blocks(database)),
            stream=stream,
            connections=connections,
            ticketing=ticketing,
            health=health,
            accounts=accounts,
        )
        tail.start()
        committer.start()
        retention.start()
        for each in rounds:
            each.start()
        streams.wheel.start()
        typists.wheel.start()
        return cls(
            database=database,
            committer=committer,
            retention=retention,
            rounds=rounds,
            tail=tail,
            streams=streams,
            typists=typists,
            publishing=publishing,
            messages=messages,
            typing=typing,
            accounts=accounts,
            application=application,
        )

    async def close(self) -> None:
        """End the streams, commit what waits, stop, disconnect: in the order of the data's path."""
        await self.streams.drain()
        await self.retention.close()
        for each in self._rounds:
            await each.close()
        await self._committer.close()
        if self._accounts is not None:
            await self._accounts.passwords.close()
        await self._tail.close()
        await self.streams.wheel.close()
        await self._typists.wheel.close()
        await self._database.close()


def _accounts(
    settings: Settings,
    clock: Callable[[], int],
    verifier: Verifier,
    committer: Committer,
    accounts: Accounts,
) -> AccountEndpoints | None:
    if settings.accounts == "off":
        return None
    assert settings.jwt_secret is not None  # else neither the settings nor the verifier would be here
    return AccountEndpoints(
        verifier=verifier,
        committer=committer,
        accounts=accounts,
        passwords=Passwords(),
        attempts=Attempts(clock, is_on=settings.rate_limits == "on"),
        access_tokens=AccessTokens(
            secret=settings.jwt_secret,
            ttl_seconds=settings.access_token_seconds,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            clock=clock,
        ),
        refresh_seconds=settings.refresh_token_seconds,
        max_body_bytes=settings.max_body_bytes,
        clock=clock,
    )


def _limiting(settings: Settings) -> Limiting | None:
    return Limiting(per_sender=settings.sender_rate) if settings.rate_limits == "on" else None


def _name_figures(metrics: Metrics, committer: Committer, hub: Hub, streams: Streams) -> None:
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
    metrics.counters("lumen_streams_ended", "Streams that ended, by reason.", "reason", lambda: streams.ended)


async def _shared_key(database: Database, name: str) -> bytes:
    """Return a random key that all instances of this database share, made by the first."""
    value = base64.b64encode(secrets.token_bytes(32)).decode()
    async with database.transaction() as transaction:
        await transaction.run("open_key", name=name, value=value)
    ((kept,),) = await database.fetch("key", name=name)
    return base64.b64decode(kept)
