"""Facts: what decides whether users get a push, for a whole page with one query.

Not here: the decision (`push/decision`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.model import Audience, value

MAX_MESSAGES = 50
"""The newest messages of a room that a push looks at, for the sender and the text of the last one."""

MAX_EARLIER_MESSAGES = 5000
"""Of the messages before those, a push knows each sender, since users may have blocked that of the others."""


@value
class Question:
    """A push and one of its users. notification_id: empty if it has none, or only `body` has it."""

    user_id: str
    notification_id: str = ""
    audience: Audience | None = None
    room_id: str | None = None
    sender_id: str | None = None
    category: str | None = None


@value
class Facts:
    """What is so for one user. Times in milliseconds.

    position: of the notification; None if it does not exist (any more). category, content_position: of the
    notification. is_read: read, seen, archived or deleted by the user. is_blocked: the user has blocked the
    sender. mentioned_in: the room of the message, if it is the notification of a mention. joined_position: of
    the membership of the room, None without one; last_read_seq: its read mark.
    pushes: whether the user wants pushes of the category. push_content: of the category. quiet: from, to and
    time zone; None without quiet hours. pushed_at: the pushes of the last hour, oldest first. bundle_due_at:
    when a bundle of the category is due that has begun.
    """

    position: int | None = None
    category: str | None = None
    expires_at: int | None = None
    content_position: int | None = None
    is_read: bool = False
    is_blocked: bool = False
    mentioned_in: str | None = None
    joined_position: int | None = None
    is_silent: bool = False
    last_read_seq: int = 0
    pushes: bool = True
    push_content: str | None = None
    quiet: tuple[str, str, str] | None = None
    pushed_at: tuple[int, ...] = ()
    bundle_due_at: int | None = None


@value
class Room:
    """A room that messages are pushed of. title: None if it has none. last_seq: of its newest message."""

    id: str
    kind: str
    title: str | None
    last_seq: int


@value
class RoomMessage:
    """A message. body: JSON. number: how many messages of its sender it stands for."""

    seq: int
    sender_id: str
    id: str
    body: str
    number: int = 1


class FactReader:
    """Reads what decides. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def position(self) -> int:
        """Read the newest position of the log."""
        ((position,),) = await self._database.fetch("push_position")
        return int(position)

    async def facts(self, questions: Sequence[Question], now: int) -> Sequence[Facts]:
        """Read the facts of each question, in order. now: milliseconds."""
        rows = [
            {
                "number": number,
                "user_id": one.user_id,
                "id": one.notification_id or None,
                "audience": None if one.audience is None else str(one.audience),
                "room_id": one.room_id,
                "sender_id": one.sender_id,
                "category": one.category,
            }
            for number, one in enumerate(questions)
        ]
        found: dict[int, Facts] = {}
        for row in await self._database.fetch("push_facts", rows=rows, now=now) if rows else ():
            found[row[0]] = _facts(questions[row[0]], row[1:])
        return [found[number] for number in range(len(questions))]

    async def bodies(self, keys: Iterable[tuple[str, Audience]]) -> Mapping[tuple[str, str], str]:
        """Read bodies, JSON, by id and audience."""
        rows = [{"id": id_, "audience": str(audience)} for id_, audience in sorted(set(keys))]
        found = await self._database.fetch("push_bodies", rows=rows) if rows else ()
        return {(id_, audience): body for id_, audience, body in found}

    async def rooms(self, room_ids: Iterable[str]) -> Mapping[str, Room]:
        """Read rooms by id. Those that do not exist are missing."""
        rows = [{"id": id_} for id_ in sorted(set(room_ids))]
        found = await self._database.fetch("push_rooms", rows=rows) if rows else ()
        return {
            id_: Room(id=id_, kind=kind, title=title, last_seq=last_seq)
            for id_, kind, title, last_seq in found
        }

    async def messages(self, room_id: str, first_seq: int) -> Sequence[RoomMessage]:
        """Read the newest messages of a room, from a seq on: MAX_MESSAGES, and of those before them the
        newest one of each sender. The newest first."""
        found = await self._database.fetch(
            "push_messages", room_id=room_id, first_seq=first_seq, limit=MAX_MESSAGES
        )
        newest = [RoomMessage(seq=row[0], sender_id=row[1], id=row[2], body=row[3]) for row in found]
        if len(newest) < MAX_MESSAGES:
            return newest
        found = await self._database.fetch(
            "push_senders",
            room_id=room_id,
            first_seq=first_seq,
            before=newest[-1].seq,
            most=MAX_EARLIER_MESSAGES,
            limit=MAX_MESSAGES,
        )
        return newest + [
            RoomMessage(seq=seq, sender_id=sender_id, id=id_, body=body, number=number)
            for seq, sender_id, id_, body, number in found
        ]

    async def blocks(self, user_ids: Iterable[str], senders: Iterable[str]) -> frozenset[tuple[str, str]]:
        """Return which of the users have blocked which of the senders."""
        users = [{"user_id": user_id} for user_id in sorted(set(user_ids))]
        sending = [{"user_id": user_id} for user_id in sorted(set(senders))]
        if not users or not sending:
            return frozenset()
        found = await self._database.fetch("push_blocks", users=users, senders=sending)
        return frozenset((user_id, blocked_id) for user_id, blocked_id in found)

    async def mentions(self, message_ids: Iterable[str]) -> frozenset[tuple[str, str]]:
        """Return who gets a push that a message mentions them, as user and message."""
        rows = [{"id": id_} for id_ in sorted(set(message_ids))]
        found = await self._database.fetch("push_mentions", rows=rows) if rows else ()
        return frozenset(
            (Audience(audience).user_id or "", id_)
            for id_, audience, *choice in found
            if _wants_pushes(*choice)
        )

    async def unread(self, shown: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Return which notifications are unread, of those given as user and id."""
        rows = [{"user_id": user_id, "id": id_} for user_id, id_ in sorted(set(shown))]
        if not rows:
            return frozenset()
        users = [{"user_id": user_id} for user_id in sorted({row["user_id"] for row in rows})]
        found = await self._database.fetch("unread_of_users", users=users, ids=rows)
        return frozenset((user_id, id_) for user_id, id_ in found)


def _facts(question: Question, row: Sequence[Any]) -> Facts:
    (
        position,
        category,
        expires_at,
        content_position,
        is_read,
        is_blocked,
        mentioned_in,
        joined_position,
        is_silent,
        last_read_seq,
        chosen_push,
        muted,
        defined_push,
        may_mute,
        push_content,
        quiet_from,
        quiet_to,
        time_zone,
        pushed_at,
        bundle_due_at,
    ) = row
    return Facts(
        position=position,
        category=category or question.category,
        expires_at=expires_at,
        content_position=content_position,
        is_read=bool(is_read),
        is_blocked=bool(is_blocked),
        mentioned_in=mentioned_in,
        joined_position=joined_position,
        is_silent=bool(is_silent),
        last_read_seq=last_read_seq or 0,
        pushes=_wants_pushes(chosen_push, muted, defined_push, may_mute),
        push_content=push_content,
        quiet=None if time_zone is None else (quiet_from, quiet_to, time_zone),
        pushed_at=tuple(json.loads(pushed_at)) if pushed_at else (),
        bundle_due_at=bundle_due_at,
    )


def _wants_pushes(
    chosen_push: int | None, muted: int | None, defined_push: int | None, may_mute: int | None
) -> bool:
    """Return whether a user wants pushes of a category, by columns of lumen_preference and lumen_category;
    None without a row."""
    pushes = defined_push if chosen_push is None else chosen_push
    return pushes != 0 and not (muted and may_mute != 0)
