"""Rooms: what the tests of messages write to: rooms and members put in by SQL, and commands in short."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from lumen_notify.commit.committer import Command
from lumen_notify.commit.database import Database
from lumen_notify.commit.rooms.blocks import SetBlock
from lumen_notify.commit.rooms.history import History
from lumen_notify.commit.rooms.messages import SendMessage, SentMessage
from lumen_notify.commit.rooms.read_marks import MarkRoomRead, ReadMark
from lumen_notify.model import new_id

from ..store import Store

_ROOM = "(id, kind, last_seq, members_count, created_at, created_by)"
_MEMBER = "(room_id, user_id, role, last_read_seq, joined_position)"


async def run_sql(database: Database, sql: str) -> Any:
    async with database.transaction() as transaction:
        return await transaction.run_sql(sql)


async def open_room(store: Store, *users: str, room: str = "r", kind: str = "public", **roles: str) -> None:
    """Make a room with members; roles: by user, else all are members."""
    values = f"('{room}', '{kind}', 0, 0, 0, 'ann')"
    await run_sql(store.database, f"INSERT INTO lumen_room {_ROOM} VALUES {values}")  # noqa: S608
    await add_members(store, dict.fromkeys(users, "member") | roles, room)


async def add_members(store: Store, roles: dict[str, str], room: str = "r") -> None:
    """Put members into a room: roles by user."""
    values = ", ".join(f"('{room}', '{user}', '{role}', 0, 0)" for user, role in roles.items())
    await run_sql(store.database, f"INSERT INTO lumen_member {_MEMBER} VALUES {values}")  # noqa: S608
    sql = f"UPDATE lumen_room SET members_count = members_count + {len(roles)} WHERE id = '{room}'"  # noqa: S608
    await run_sql(store.database, sql)


def message(user: str = "ann", content: str = "hi", *, room: str = "r", **fields: Any) -> SendMessage:
    return SendMessage(
        id=new_id(),
        room_id=room,
        sender={"id": user, "username": user, "avatar": None},
        fields={"kind": "text", "content": content},
        **fields,
    )


async def batch(store: Store, *commands: Command) -> list[Any]:
    """Commit commands in one transaction; return their answers, also those that are refusals."""
    return await asyncio.gather(*map(store.committer.submit, commands), return_exceptions=True)


async def send(store: Store, user: str = "ann", content: str = "hi", **fields: Any) -> SentMessage:
    sent = await store.committer.submit(message(user, content, **fields))
    assert isinstance(sent, SentMessage)
    return sent


async def read(store: Store, user: str, up_to: int, room: str = "r") -> ReadMark:
    done = await store.committer.submit(MarkRoomRead(room_id=room, user_id=user, up_to=up_to))
    assert isinstance(done, ReadMark)
    return done


async def history(store: Store, user: str = "ann", room: str = "r") -> list[dict[str, Any]]:
    """Read all messages of a room as a member sees them."""
    rows = await History(store.database).page(room, user, seq=2**62, older=100_000, newer=0)
    return [json.loads(body) for _, body in rows]


async def marks(store: Store, room: str = "r") -> dict[str, int]:
    """Read how far each member has read."""
    sql = f"SELECT user_id, last_read_seq FROM lumen_member WHERE room_id = '{room}'"  # noqa: S608
    return dict(await run_sql(store.database, sql))


async def set_block(store: Store, user: str, blocked: str, *, is_blocked: bool = True) -> bool:
    ended: bool = await store.committer.submit(
        SetBlock(user_id=user, blocked_id=blocked, is_blocked=is_blocked)
    )
    return ended
