"""Admin endpoints: creates the endpoint objects of all routes below `/admin`."""

from __future__ import annotations

from collections.abc import Iterator

from lumen_notify.accept.admin.audit import AuditEndpoint
from lumen_notify.accept.admin.members import AllMembersEndpoints
from lumen_notify.accept.admin.messages import AllMessagesEndpoints
from lumen_notify.accept.admin.rooms import AllRoomsEndpoints
from lumen_notify.accept.rooms.membership import Membership
from lumen_notify.commit.audit.audit import AuditLog
from lumen_notify.commit.rooms.all_rooms import AllRooms
from lumen_notify.commit.rooms.member_list import MemberList
from lumen_notify.http import route
from lumen_notify.http.context import Context
from lumen_notify.services import Services


def admin_endpoints(context: Context, services: Services) -> Iterator[route.Endpoints]:
    """Create them. Each asks for the scope `notify:admin`."""
    database = services.database
    rooms, member_list = AllRooms(database), MemberList(database)
    yield AuditEndpoint(context=context, audit_log=AuditLog(database))
    yield AllRoomsEndpoints(context=context, rooms=rooms)
    yield AllMembersEndpoints(
        context=context, rooms=rooms, membership=Membership(context=context), member_list=member_list
    )
    yield AllMessagesEndpoints(context=context, rooms=rooms)
