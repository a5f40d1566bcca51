"""Changes: what the tests of members submit, in short: rooms, changes of members, publishes to a room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.rooms.member_list import MemberList
from lumen_notify.commit.rooms.members import ChangedMembers, ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, Event, new_id

from ..store import Store
from .conversation import run_sql

ROLES = ("owner", "moderator", "member", "muted")


async def make(store: Store, kind: Any = "public", *members: str, room: str = "r", **roles: Any) -> None:
    """Make a room that ann owns. roles: by user, of other members than ann."""
    await store.committer.submit(CreateRoom(id=room, kind=kind, creator="ann", members=(*members, *roles)))
    for user, role in roles.items():
        await do(store, "ann", "put", user, role=role, room=room)


async def do(
    store: Store, caller: str, action: Any, *users: str, role: Any = None, room: str = "r"
) -> ChangedMembers:
    command = ChangeMembers(room_id=room, caller=caller, action=action, users=users, role=role)
    changed: ChangedMembers = await store.committer.submit(command)
    return changed


async def code_of(store: Store, caller: str, action: Any, *users: str, role: Any = None) -> str:
    """Return the code of the refusal, which changes nothing; `ok` for none."""
    head = await store.log.head()
    try:
        await do(store, caller, action, *users, role=role)
    except Refused as refused:
        assert await store.log.head() == head
        return refused.code
    return "ok"


async def roles_in(store: Store, room: str = "r") -> dict[str, str]:
    rows = await MemberList(store.database).page(room, after="", limit=1000)
    return {row.user_id: row.role for row in rows}


def kinds_and_audiences(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.audience) for event in events]


async def publish(store: Store, room: str = "r", category: str = "news") -> None:
    one = Publication(
        id=new_id(), audiences=(Audience.room(room),), recipients=None, category=category, fields={}
    )
    await store.committer.submit(Publish(publications=(one,)))


async def unread_of(store: Store, user: str, room: str = "r") -> tuple[int, dict[str, int]]:
    """Count a member's messages, and the room's notifications by category, by the rows that count them."""
    ((messages,),) = await run_sql(
        store.database,
        "SELECT o.last_seq - m.last_read_seq FROM lumen_member m JOIN lumen_room o ON o.id = m.room_id"  # noqa: S608
        f" WHERE m.user_id = '{user}' AND m.room_id = '{room}'",
    )
    rows = await run_sql(
        store.database,
        "SELECT t.category, t.total - coalesce(s.read_or_archived, 0)"  # noqa: S608
        " FROM lumen_active_total t LEFT JOIN lumen_read_count s"
        f" ON s.user_id = '{user}' AND s.audience = t.audience AND s.category = t.category"
        f" WHERE t.audience = 'room:{room}'",
    )
    return messages, {category: number for category, number in rows if number}
