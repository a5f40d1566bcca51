"""Edits: changes what a message says, or takes it away.

Promises: the message keeps its place: `seq` has no holes, and no count changes; of what was deleted
nothing is left that was said, neither in history nor in the notifications of those it mentioned; what
changes nothing appends no event.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.notifications.removal import remove_notifications
from lumen_notify.commit.permissions import post_refusal, refusal
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Forbidden, NotFound, Refused
from lumen_notify.model import Audience, rfc3339, to_json, value
from lumen_notify.model.events import MessageDeleted, MessageEdited, RoomPayload

KEPT = ("id", "room_id", "seq", "sender", "kind", "reply_to", "created_at")
"""What history shows of a deleted message."""


@value
class EditMessage:
    """Let one's own message say something else. The result: a Changed."""

    room_id: str
    user_id: str
    id: str
    content: str

    @property
    def conflict_key(self) -> str:
        """Two changes of one message do not meet in one transaction."""
        return "message:" + self.id


@value
class DeleteMessage:
    """Take back what one has said, or what anybody has, as owner or moderator. The result: a Changed."""

    room_id: str
    user_id: str
    id: str

    @property
    def conflict_key(self) -> str:
        """Two changes of one message do not meet in one transaction."""
        return "message:" + self.id


@value
class Changed:
    """The answer. body: JSON, the message as history shows it. position: of the log, where this holds."""

    body: str
    position: int


@value
class _Found:
    """A message that there is, and what its room and the caller are like."""

    kind: str
    role: str | None
    is_blocked: object
    seq: int
    sender_id: str
    body: str


async def edit_messages(tx: Transaction, commands: Sequence[EditMessage]) -> Sequence[object]:
    """Write edits: a `committer.Handler`. Answers a Changed each, or NotFound, Forbidden."""
    rows: list[dict[str, Any]] = []
    answers: list[object] = []
    for command, one in zip(commands, await _find(tx, commands), strict=True):
        if isinstance(one, Refused):
            answers.append(one)
        elif (refused := _edit_refusal(command, one)) is not None:
            answers.append(refused)
        else:
            message = json.loads(one.body)
            if message["content"] == command.content:
                answers.append(Changed(body=one.body, position=tx.position))
                continue
            message |= {"content": command.content, "edited_at": rfc3339(tx.now)}
            body = to_json(message)
            rows.append(_row(command.room_id, one.seq, body, edited_at=tx.now))
            answers.append(_append(tx, command.room_id, MessageEdited(data=message), body))
    if rows:
        tx.add("change_messages", rows=rows)
    return answers


async def delete_messages(tx: Transaction, commands: Sequence[DeleteMessage]) -> Sequence[object]:
    """Write deletions: a `committer.Handler`, to stand before the marks, whose counts come after it.

    Answers a Changed each, or NotFound, Forbidden.
    """
    rows: list[dict[str, Any]] = []
    mentions: list[tuple[str, Audience]] = []
    answers: list[object] = []
    for command, one in zip(commands, await _find(tx, commands), strict=True):
        if isinstance(one, Refused):
            answers.append(one)
        elif (refused := _delete_refusal(command, one)) is not None:
            answers.append(refused)
        else:
            message = json.loads(one.body)
            mentions += [(command.id, Audience.user(user_id)) for user_id in message.get("mentions", ())]
            kept = {name: message[name] for name in KEPT if name in message}
            kept |= {"content": "", "deleted_at": rfc3339(tx.now), "deleted_by": command.user_id}
            body = to_json(kept)
            rows.append(_row(command.room_id, one.seq, body, deleted_at=tx.now))
            answers.append(_append(tx, command.room_id, MessageDeleted(data=kept), body))
    if rows:
        tx.add("change_messages", rows=rows)
    await remove_notifications(tx, mentions)
    return answers


def _edit_refusal(command: EditMessage, one: _Found) -> Refused | None:
    if (refused := post_refusal(one.kind, one.role, is_blocked=one.is_blocked)) is not None:
        return refused
    if one.sender_id != command.user_id:
        return Forbidden("only who has sent a message may edit it", code="role_too_low")
    return None


def _delete_refusal(command: DeleteMessage, one: _Found) -> Refused | None:
    if one.sender_id != command.user_id and one.role not in ("owner", "moderator"):
        return Forbidden("your role in this room does not allow this", code="role_too_low")
    return None


async def _find(
    tx: Transaction, commands: Sequence[EditMessage | DeleteMessage]
) -> Sequence[_Found | Refused]:
    """Look up each command's message; or why there is none for the caller."""
    rows = [
        {"n": n, "room_id": command.room_id, "user_id": command.user_id, "id": command.id}
        for n, command in enumerate(commands)
    ]
    missing = refusal(None, None)
    assert missing is not None
    found: list[_Found | Refused] = [missing] * len(commands)
    for n, kind, role, is_blocked, seq, sender_id, body in await tx.run("changeable_messages", rows=rows):
        if (refused := refusal(kind, role)) is not None:
            found[n] = refused
        elif seq is None:
            found[n] = NotFound("there is no such message in this room")
        else:
            found[n] = _Found(
                kind=kind, role=role, is_blocked=is_blocked, seq=seq, sender_id=sender_id, body=body
            )
    return found


def _row(
    room_id: str, seq: int, body: str, *, edited_at: int | None = None, deleted_at: int | None = None
) -> dict[str, Any]:
    return {
        "room_id": room_id,
        "seq": seq,
        "body": body,
        "edited_at": edited_at,
        "deleted_at": deleted_at,
    }


def _append(tx: Transaction, room_id: str, payload: RoomPayload, body: str) -> Changed:
    return Changed(body=body, position=tx.append(Audience.room(room_id), payload))
