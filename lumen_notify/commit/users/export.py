"""Export: all that is stored of a user, as lines of JSON, each with its `type`.

Promises: no password, token, key or digest of one is in it; it is read in pages, and each page only when the
one before was taken, so that an export of any length takes a bounded amount of memory; the last line is `end`
with the number of the others, so that an export that broke off can be told from a whole one.

Each page is a snapshot of its own: what changes meanwhile may or may not be in it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.accounts.accounts import Account, Accounts
from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.database import Database
from lumen_notify.commit.devices.devices import NEWEST, Device, Devices
from lumen_notify.commit.notifications.schedule import Schedule, Scheduled
from lumen_notify.commit.preferences.preferences import UserPreferences
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import NotFound
from lumen_notify.model import rfc3339, to_json, value

PAGE_ROWS = 100
"""Rows of a page: 6 MiB at most, if each has the largest body."""

PAGE_MESSAGES = 2000
"""Messages that a page looks at: a few milliseconds of a reader, whoever has sent them."""

Lines = Sequence[str]
Row = Sequence[Any]


@value
class Section:
    """The lines of one type, from one query. keys: the columns that the rows are ordered by, which come first
    in them, each with what comes before all of its values. shape: from a row to the fields of its line."""

    type: str
    query: str
    keys: Mapping[str, Any]
    shape: Callable[[str, Row], Mapping[str, Any]]


def _room(user_id: str, row: Row) -> Mapping[str, Any]:
    room_id, kind, title, pair, role, last_read_seq, is_silent, created_by = row
    peers = [] if pair is None else [one for one in json.loads(pair) if one != user_id]
    return {
        "room_id": room_id,
        "kind": kind,
        "title": title,
        "peer_id": peers[0] if peers else None,
        "role": role,
        "is_creator": created_by == user_id,
        "last_read_seq": last_read_seq,
        "is_silent": bool(is_silent),
    }


def _waiting(_user_id: str, row: Row) -> Mapping[str, Any]:
    id_, due_at, publication, text = row
    stored = json.loads(publication)
    fields = stored.get("fields", {}) if text is None else json.loads(f"{{{text}}}")
    return {"id": id_, "category": stored["category"], **fields, "due_at": rfc3339(due_at)}


SECTIONS = (
    Section(type="room", query="export_rooms", keys={"room_id": ""}, shape=_room),
    Section(
        type="ban",
        query="export_bans",
        keys={"room_id": ""},
        shape=lambda _, row: {"room_id": row[0], "banned_at": rfc3339(row[1])},
    ),
    Section(
        type="block",
        query="export_blocks",
        keys={"blocked_id": ""},
        shape=lambda _, row: {"user_id": row[0], "blocked_at": rfc3339(row[1])},
    ),
    Section(
        type="session",
        query="export_sessions",
        keys={"family": ""},
        shape=lambda _, row: {"begun_at": rfc3339(row[1]), "expires_at": rfc3339(row[2])},
    ),
    Section(
        type="connection",
        query="export_connections",
        keys={"id": "", "instance": ""},
        shape=lambda _, row: {"id": row[0], "device": row[2], "connected_at": rfc3339(row[3])},
    ),
    Section(type="waiting", query="export_digest_items", keys={"id": ""}, shape=_waiting),
)
"""What is read by one query each."""


@value
class NoteExport:
    """Note in the audit log that a user is exported. by: who asks. The result: None."""

    user_id: str
    by: str

    @property
    def conflict_key(self) -> None:
        """None: nothing else is written."""
        return None


async def note_exports(tx: Transaction, commands: Sequence[NoteExport]) -> Sequence[None]:
    """Handle NoteExport: a `committer.Handler`."""
    for one in commands:
        note(tx, "user.exported", one.by, target("user", one.user_id))
    return [None] * len(commands)


class UserExport:
    """Reads all that is stored of users. However many exports there are, one at a time looks at a page of
    messages: the other connections are for others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._one_at_a_time = asyncio.Semaphore(1)

    async def lines(self, user_id: str, *, now: int) -> AsyncIterator[Lines]:
        """Read the lines of a user, some at a time. now: milliseconds. Raises Unavailable."""
        number = 0
        async for lines in self._sections(user_id, now):
            number += len(lines)
            yield lines
        yield [_line("end", {"lines": number})]

    async def _sections(self, user_id: str, now: int) -> AsyncIterator[Lines]:
        yield [await self._profile(user_id, now), *await self._account(user_id)]
        yield [_line("preferences", await UserPreferences(self._database).fetch(user_id))]
        for section in SECTIONS:
            async for lines in self._section(section, user_id):
                yield lines
        for pages in (self._devices, self._scheduled, self._notifications, self._messages):
            async for lines in pages(user_id):
                yield lines

    async def _profile(self, user_id: str, now: int) -> str:
        rows = await self._database.fetch("export_presence", user_id=user_id)
        seen_at = rows[0][0] if rows else None
        times = {"last_seen_at": _time(seen_at), "exported_at": rfc3339(now)}
        return _line("profile", {"user_id": user_id, **times})

    async def _account(self, user_id: str) -> Lines:
        try:
            account, password = await Accounts(self._database).by_id(user_id)
        except NotFound:
            return []
        return [_line("account", _account(account, password.set_at))]

    async def _section(self, section: Section, user_id: str) -> AsyncIterator[Lines]:
        after = list(section.keys.values())
        while True:
            binds = {f"after_{name}": one for name, one in zip(section.keys, after, strict=True)}
            rows = await self._database.fetch(section.query, user_id=user_id, limit=PAGE_ROWS, **binds)
            yield [_line(section.type, section.shape(user_id, row)) for row in rows]
            if len(rows) < PAGE_ROWS:
                return
            after = list(rows[-1][: len(after)])

    async def _devices(self, user_id: str) -> AsyncIterator[Lines]:
        before = NEWEST
        while devices := await Devices(self._database).page(user_id, before=before, limit=PAGE_ROWS):
            yield [_line("device", _device(one)) for one in devices]
            before = devices[-1].id

    async def _scheduled(self, user_id: str) -> AsyncIterator[Lines]:
        after = (0, "")
        while rows := await Schedule(self._database).page(user_id, after=after, limit=PAGE_ROWS):
            yield [_line("scheduled", _scheduled(one)) for one in rows]
            after = (rows[-1].deliver_at, rows[-1].id)

    async def _notifications(self, user_id: str) -> AsyncIterator[Lines]:
        users = [{"user_id": user_id}]
        for audience, since in await self._database.fetch("export_audiences", users=users):
            after = (-1, "")
            while rows := await self._database.fetch(
                "export_notifications",
                user_id=user_id,
                audience=audience,
                since=since,
                after_position=after[0],
                after_key=after[1],
                limit=PAGE_ROWS,
            ):
                yield [_notification(row) for row in rows]
                after = (rows[-1][0], rows[-1][1])

    async def _messages(self, user_id: str) -> AsyncIterator[Lines]:
        after = ("", -1)
        while rows := await self._page_of_messages(user_id, after):
            mine = [_line_of_json("message", body) for _, _, body in rows if body is not None]
            for first in range(0, len(mine), PAGE_ROWS):
                yield mine[first : first + PAGE_ROWS]
            after = (rows[-1][0], rows[-1][1])

    async def _page_of_messages(self, user_id: str, after: tuple[str, int]) -> Sequence[Row]:
        async with self._one_at_a_time:
            return await self._database.fetch(
                "export_messages",
                user_id=user_id,
                after_room_id=after[0],
                after_seq=after[1],
                limit=PAGE_MESSAGES,
            )


def _line(type_: str, fields: Mapping[str, Any]) -> str:
    return to_json({"type": type_, **fields})


def _line_of_json(type_: str, body: str) -> str:
    """Return the line of an object that is JSON already, with at least one field."""
    return f'{{"type":"{type_}",{body[1:]}'


def _notification(row: Row) -> str:
    _, _, _, audience, body, seen_at, read_at, archived_at, is_deleted = row
    marks = {
        "audience": audience,
        "seen_at": _time(seen_at),
        "read_at": _time(read_at),
        "archived_at": _time(archived_at),
        "is_deleted": bool(is_deleted),
    }
    return f"{_line_of_json('notification', body)[:-1]},{to_json(marks)[1:]}"


def _account(account: Account, password_set_at: int) -> Mapping[str, Any]:
    return {
        "username": account.username,
        "display_name": account.display_name,
        "avatar": account.avatar,
        "scope": account.scope,
        "created_at": rfc3339(account.created_at),
        "password_set_at": rfc3339(password_set_at),
    }


def _device(device: Device) -> Mapping[str, Any]:
    return {
        "id": device.id,
        "provider": device.provider,
        "kind": device.kind,
        "name": device.name,
        "locale": device.locale,
        "created_at": rfc3339(device.created_at),
        "registered_at": rfc3339(device.registered_at),
        "last_used_at": _time(device.last_used_at),
        "dropped_at": _time(device.dropped_at),
    }


def _scheduled(row: Scheduled) -> Mapping[str, Any]:
    one = row.publication
    return {
        "id": row.id,
        "audiences": list(one.audiences),
        "category": one.category,
        **one.fields,
        "deliver_at": rfc3339(row.deliver_at),
        "expires_at": _time(one.expires_at),
    }


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
