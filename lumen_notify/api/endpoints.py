"""Endpoints: creates all endpoint objects from the services of a running server and its settings.

Not here: their paths (each class lists its own, `routes` collects them).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from lumen_notify.accept.accounts.accounts import AccountEndpoints
from lumen_notify.accept.accounts.login_limiter import LoginLimiter
from lumen_notify.accept.accounts.sessions import SessionEndpoints, Sessions
from lumen_notify.accept.devices.devices import DeviceEndpoints
from lumen_notify.accept.health import HealthEndpoints
from lumen_notify.accept.notifications.deletion import DeletionEndpoints
from lumen_notify.accept.notifications.deliveries import DeliveryEndpoint
from lumen_notify.accept.notifications.edits import EditEndpoint
from lumen_notify.accept.notifications.inbox import InboxEndpoints
from lumen_notify.accept.notifications.publish import PublishEndpoint
from lumen_notify.accept.notifications.publisher import Publisher
from lumen_notify.accept.notifications.schedule import ScheduleEndpoints
from lumen_notify.accept.preferences.categories import CategoryEndpoints
from lumen_notify.accept.preferences.preferences import PreferenceEndpoints
from lumen_notify.accept.push.dead_letters import DeadLetterEndpoints
from lumen_notify.accept.rooms.bans import BanEndpoints
from lumen_notify.accept.rooms.blocks import BlockEndpoints
from lumen_notify.accept.rooms.history import HistoryEndpoints
from lumen_notify.accept.rooms.members import MemberEndpoints
from lumen_notify.accept.rooms.membership import Membership
from lumen_notify.accept.rooms.messages import MessageEndpoints
from lumen_notify.accept.rooms.messenger import Messenger
from lumen_notify.accept.rooms.presence import PresenceEndpoint
from lumen_notify.accept.rooms.rooms import RoomEndpoints
from lumen_notify.accept.rooms.schedule import RoomScheduleEndpoints
from lumen_notify.accept.rooms.typing import TypingEndpoint
from lumen_notify.accept.stream_tickets import TicketEndpoint
from lumen_notify.accept.users.users import UserEndpoints
from lumen_notify.api.admin_endpoints import admin_endpoints
from lumen_notify.auth import AccessTokens
from lumen_notify.commit.accounts.accounts import Accounts
from lumen_notify.commit.devices.devices import Devices
from lumen_notify.commit.notifications.idempotency import IdempotentResponses
from lumen_notify.commit.notifications.inbox import Inbox
from lumen_notify.commit.notifications.schedule import Schedule
from lumen_notify.commit.permissions import RoomAccess
from lumen_notify.commit.preferences.categories import Categories
from lumen_notify.commit.preferences.preferences import UserPreferences
from lumen_notify.commit.push.dead_letters import DeadLetters
from lumen_notify.commit.push.report import PushReports
from lumen_notify.commit.rooms.blocks import Blocks
from lumen_notify.commit.rooms.history import History
from lumen_notify.commit.rooms.member_list import MemberList
from lumen_notify.commit.rooms.rooms import Rooms
from lumen_notify.commit.users.deletion import Deletions
from lumen_notify.commit.users.export import UserExport
from lumen_notify.deliver.admin.endpoint import AdminStreamEndpoint
from lumen_notify.deliver.streams.connections import ConnectionEndpoints
from lumen_notify.deliver.streams.cookie import CookieEndpoints, StreamCookies
from lumen_notify.deliver.streams.endpoint import StreamEndpoint
from lumen_notify.http import route
from lumen_notify.http.context import Context, Limits
from lumen_notify.http.rate_limiter import RateLimiter
from lumen_notify.model import value
from lumen_notify.services import Services
from lumen_notify.settings import Settings


@value
class Endpoints:
    """All endpoints, and the services that the library shares with them.

    api: all endpoint objects below the API's prefix; those of accounts and presence only if these
    are on.
    """

    publisher: Publisher
    messenger: Messenger
    typing: TypingEndpoint
    connections: ConnectionEndpoints
    health: HealthEndpoints
    accounts: AccountEndpoints | None
    api: tuple[route.Endpoints, ...]

    @classmethod
    def of(cls, services: Services, settings: Settings, clock: Callable[[], int]) -> Endpoints:
        """Create all endpoints. clock: wall-clock milliseconds."""
        context = Context(
            verifier=services.verifier,
            committer=services.committer,
            limits=Limits.from_settings(settings),
            rate_limiter=RateLimiter(time.monotonic, is_on=settings.rate_limits == "on"),
            clock=clock,
            origins=frozenset(settings.cors_origins),
        )
        database = services.database
        publisher = Publisher(context=context, repeats=IdempotentResponses(database))
        messenger = Messenger(context=context, history=History(database))
        typing = TypingEndpoint(
            context=context, access=RoomAccess(database), typing_users=services.typing_users
        )
        cookies = StreamCookies(origins=frozenset(settings.cors_origins) - {"*"})
        connections = ConnectionEndpoints(
            context=context,
            tickets=services.tickets,
            cookies=cookies,
            streams=services.streams,
            renewals=services.renewals,
            stored=services.tracking.connections,
        )
        sessions, accounts = _accounts(context, services, settings)
        return cls(
            publisher=publisher,
            messenger=messenger,
            typing=typing,
            connections=connections,
            health=HealthEndpoints(
                figures=services.metrics,
                check_readiness=services.readiness.check,
                parts=services.readiness.parts,
                has_metrics=settings.metrics == "on",
            ),
            accounts=accounts,
            api=(
                connections,
                *_stream(context, services, settings, cookies),
                PublishEndpoint(context=context, publisher=publisher),
                ScheduleEndpoints(context=context, schedule=Schedule(database)),
                InboxEndpoints(context=context, inbox=Inbox(database), counts=services.counts),
                DeletionEndpoints(context=context),
                EditEndpoint(context=context),
                DeliveryEndpoint(context=context, reports=PushReports(database)),
                *_rooms(context, services, messenger),
                typing,
                BlockEndpoints(context=context, blocks=Blocks(database)),
                CategoryEndpoints(context=context, categories=Categories(database)),
                PreferenceEndpoints(
                    context=context,
                    preferences=UserPreferences(database),
                    visibility=services.tracking.announcer if services.tracking.is_on else None,
                ),
                DeadLetterEndpoints(context=context, dead_letters=DeadLetters(database)),
                DeviceEndpoints(
                    context=context,
                    devices=Devices(database),
                    providers=services.push,
                    max_devices=settings.max_devices_per_user,
                    allows_private=settings.push_private_addresses == "on",
                ),
                *admin_endpoints(context, services, connections),
                UserEndpoints(context=context, exports=UserExport(database), deletions=Deletions(database)),
                *(one for one in (accounts, sessions) if one is not None),
            ),
        )


def _stream(
    context: Context, services: Services, settings: Settings, cookies: StreamCookies
) -> Iterator[route.Endpoints]:
    yield StreamEndpoint(
        verifier=context.verifier,
        rate_limiter=context.rate_limiter,
        tickets=services.tickets,
        cookies=cookies,
        revocations=services.revocations,
        streams=services.streams,
        opener=services.stream_opener,
        max_backlog_bytes=settings.max_backlog_bytes,
        drain_seconds=settings.drain_seconds,
        clock=context.clock,
    )
    yield AdminStreamEndpoint(
        verifier=context.verifier,
        streams=services.monitoring.admin_streams,
        drain_seconds=settings.drain_seconds,
        clock=context.clock,
    )
    yield TicketEndpoint(context=context, tickets=services.tickets)
    yield CookieEndpoints(cookies=cookies)


def _rooms(context: Context, services: Services, messenger: Messenger) -> Iterator[route.Endpoints]:
    rooms, member_list = Rooms(services.database), MemberList(services.database)
    access, membership = RoomAccess(services.database), Membership(context=context)
    yield RoomEndpoints(context=context, rooms=rooms)
    yield MemberEndpoints(context=context, access=access, membership=membership, member_list=member_list)
    yield BanEndpoints(context=context, access=access, membership=membership, member_list=member_list)
    yield HistoryEndpoints(
        context=context, messenger=messenger, history=messenger.history, counts=services.counts
    )
    yield MessageEndpoints(context=context, messenger=messenger)
    if services.tracking.is_on:
        yield PresenceEndpoint(context=context, access=access, presence=services.tracking.presence)
    yield RoomScheduleEndpoints(context=context, access=access, schedule=Schedule(services.database))


def _accounts(
    context: Context, services: Services, settings: Settings
) -> tuple[SessionEndpoints, AccountEndpoints] | tuple[None, None]:
    if services.passwords is None:
        return None, None
    assert settings.jwt_secret is not None  # without it, accounts cannot be on
    accounts = Accounts(services.database)
    attempts = LoginLimiter(context.committer, context.clock, is_on=settings.rate_limits == "on")
    sessions = Sessions(
        context=context,
        access_tokens=AccessTokens(
            secret=settings.jwt_secret,
            ttl_seconds=settings.access_token_seconds,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            clock=context.clock,
            revocations=services.revocations,
        ),
        refresh_seconds=settings.refresh_token_seconds,
    )
    return (
        SessionEndpoints(
            context=context,
            accounts=accounts,
            passwords=services.passwords,
            attempts=attempts,
            sessions=sessions,
        ),
        AccountEndpoints(
            context=context,
            accounts=accounts,
            passwords=services.passwords,
            attempts=attempts,
            sessions=sessions,
        ),
    )
