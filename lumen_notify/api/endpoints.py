"""Endpoints: all that answers a request, each made of the settings and the services that it needs.

Not here: which path leads to which (`routes`).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from lumen_notify.accept.accounts.accounts import AccountEndpoints
from lumen_notify.accept.health import Health
from lumen_notify.accept.notifications.inbox import InboxEndpoints
from lumen_notify.accept.notifications.publish import Publishing
from lumen_notify.accept.notifications.schedule import Scheduling
from lumen_notify.accept.preferences.categories import CategoryEndpoints
from lumen_notify.accept.preferences.preferences import PreferenceEndpoints
from lumen_notify.accept.rooms.blocks import BlockEndpoints
from lumen_notify.accept.rooms.members import MemberEndpoints
from lumen_notify.accept.rooms.messages import Messages
from lumen_notify.accept.rooms.rooms import RoomEndpoints
from lumen_notify.accept.rooms.typing import TypingEndpoint
from lumen_notify.accept.stream_tickets import Ticketing
from lumen_notify.auth import AccessTokens, LoginLimiter
from lumen_notify.commit.accounts.accounts import Accounts
from lumen_notify.commit.notifications.idempotency import IdempotentResponses
from lumen_notify.commit.notifications.inbox import Inbox
from lumen_notify.commit.notifications.schedule import Schedule
from lumen_notify.commit.permissions import Access
from lumen_notify.commit.preferences.categories import Categories
from lumen_notify.commit.preferences.preferences import UserPreferences
from lumen_notify.commit.rooms.blocks import Blocks
from lumen_notify.commit.rooms.history import History
from lumen_notify.commit.rooms.member_list import Roster
from lumen_notify.commit.rooms.rooms import Rooms
from lumen_notify.deliver.streams.connections import Connections
from lumen_notify.deliver.streams.endpoint import StreamEndpoint
from lumen_notify.model import value
from lumen_notify.services import Services
from lumen_notify.settings import Settings

INSTANCE = f"{socket.gethostname()}:{os.getpid()}"
"""This process's name among several."""


@value
class Endpoints:
    """All endpoints. accounts: None where they are off."""

    publishing: Publishing
    scheduling: Scheduling
    inbox: InboxEndpoints
    rooms: RoomEndpoints
    members: MemberEndpoints
    messages: Messages
    categories: CategoryEndpoints
    preferences: PreferenceEndpoints
    typing: TypingEndpoint
    blocks: BlockEndpoints
    stream: StreamEndpoint
    connections: Connections
    ticketing: Ticketing
    health: Health
    accounts: AccountEndpoints | None

    @classmethod
    def of(cls, services: Services, settings: Settings, clock: Callable[[], int]) -> Endpoints:
        """Make them all. clock: wall-clock milliseconds."""
        database, verifier, committer = services.database, services.verifier, services.committer
        return cls(
            publishing=Publishing(
                verifier=verifier,
                committer=committer,
                repeats=IdempotentResponses(database),
                max_body_bytes=settings.max_body_bytes,
                max_content_characters=settings.max_content_characters,
                max_batch_rows=settings.max_batch_rows,
                clock=clock,
            ),
            scheduling=Scheduling(
                verifier=verifier, committer=committer, schedule=Schedule(services.database)
            ),
            inbox=InboxEndpoints(
                verifier=verifier,
                committer=committer,
                inbox=Inbox(database),
                counts=services.counts,
                max_body_bytes=settings.max_body_bytes,
                max_batch_rows=settings.max_batch_rows,
            ),
            rooms=RoomEndpoints(
                verifier=verifier,
                committer=committer,
                rooms=Rooms(database),
                max_body_bytes=settings.max_body_bytes,
                max_batch_rows=settings.max_batch_rows,
                max_rooms=settings.max_rooms_per_user,
            ),
            members=MemberEndpoints(
                verifier=verifier,
                committer=committer,
                rooms=Rooms(database),
                roster=Roster(database),
                max_body_bytes=settings.max_body_bytes,
                max_batch_rows=settings.max_batch_rows,
                max_rooms=settings.max_rooms_per_user,
            ),
            messages=Messages(
                verifier=verifier,
                committer=committer,
                history=History(database),
                max_body_bytes=settings.max_body_bytes,
                max_content_characters=settings.max_content_characters,
            ),
            categories=CategoryEndpoints(
                verifier=verifier,
                committer=committer,
                categories=Categories(database),
                max_body_bytes=settings.max_body_bytes,
            ),
            preferences=PreferenceEndpoints(
                verifier=verifier,
                committer=committer,
                preferences=UserPreferences(database),
                max_body_bytes=settings.max_body_bytes,
            ),
            typing=TypingEndpoint(
                verifier=verifier,
                access=Access(database),
                typing_users=services.typing_users,
                max_body_bytes=settings.max_body_bytes,
            ),
            blocks=BlockEndpoints(verifier=verifier, committer=committer, blocks=Blocks(database)),
            stream=StreamEndpoint(
                verifier=verifier,
                tickets=services.tickets,
                streams=services.streams,
                opener=services.stream_opener,
                max_backlog_bytes=settings.max_backlog_bytes,
                drain_seconds=settings.drain_seconds,
                clock=clock,
            ),
            connections=Connections(verifier=verifier, streams=services.streams, instance=INSTANCE),
            ticketing=Ticketing(verifier=verifier, tickets=services.tickets),
            health=Health(
                figures=services.metrics,
                look=services.log.head,
                is_draining=lambda: services.streams.is_draining,
            ),
            accounts=_accounts(services, settings, clock),
        )


def _accounts(services: Services, settings: Settings, clock: Callable[[], int]) -> AccountEndpoints | None:
    if services.passwords is None:
        return None
    assert settings.jwt_secret is not None  # else neither the settings nor the verifier would be here
    return AccountEndpoints(
        verifier=services.verifier,
        committer=services.committer,
        accounts=Accounts(services.database),
        passwords=services.passwords,
        attempts=LoginLimiter(clock, is_on=settings.rate_limits == "on"),
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
