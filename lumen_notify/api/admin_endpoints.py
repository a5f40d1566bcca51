"""Admin endpoints: creates the endpoint objects of all routes below `/admin`."""

from __future__ import annotations

from collections.abc import Iterator

from lumen_notify.accept.admin.audit import AuditEndpoint
from lumen_notify.accept.admin.members import AllMembersEndpoints
from lumen_notify.accept.admin.messages import AllMessagesEndpoints
from lumen_notify.accept.admin.preview import PreviewEndpoint
from lumen_notify.accept.admin.rooms import AllRoomsEndpoints
from lumen_notify.accept.admin.streams import AllStreamsEndpoints, OpenStreams
from lumen_notify.accept.admin.users import UserEndpoints
from lumen_notify.accept.rooms.membership import Membership
from lumen_notify.commit.accounts.accounts import Accounts
from lumen_notify.commit.accounts.known_users import KnownUsers
from lumen_notify.commit.audit.audit import AuditLog
from lumen_notify.commit.devices.devices import Devices
from lumen_notify.commit.notifications.inbox import Inbox
from lumen_notify.commit.presence.online import StoredOnline
from lumen_notify.commit.rooms.all_rooms import AllRooms
from lumen_notify.commit.rooms.member_list import MemberList
from lumen_notify.http import route
from lumen_notify.http.context import Context
from lumen_notify.services import Services


def admin_endpoints(context: Context, services: Services, streams: OpenStreams) -> Iterator[route.Endpoints]:
    """Create them. Each asks for the scope `notify:admin`. streams: of all instances."""
    database = services.database
    rooms, member_list = AllRooms(database), MemberList(database)
    yield AuditEndpoint(context=context, audit_log=AuditLog(database))
    yield AllRoomsEndpoints(context=context, rooms=rooms)
    yield AllMembersEndpoints(
        context=context, rooms=rooms, membership=Membership(context=context), member_list=member_list
    )
    yield AllMessagesEndpoints(context=context, rooms=rooms)
    yield AllStreamsEndpoints(context=context, streams=streams)
    users, tracking = KnownUsers(database), services.tracking
    yield UserEndpoints(
        context=context,
        users=users,
        accounts=Accounts(database),
        streams=streams,
        online=tracking.online,
        last_seen=StoredOnline(database),
        counts=services.counts,
        devices=Devices(database),
        inbox=Inbox(database),
    )
    yield PreviewEndpoint(
        context=context,
        users=users,
        rooms=rooms,
        online=tracking.online,
        count_online=lambda: tracking.tracker.users_online,
    )
