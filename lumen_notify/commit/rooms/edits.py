"""Edits: changes the content of a message, or deletes it.

Promises: the message keeps its place: `seq` has no holes, and no count changes; the content of a deleted
message is gone, from history and from the notifications of the users it mentioned; an edit that changes
nothing appends no event.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.budget import Cost, text_cost
from lumen_notify.commit.notifications.removal import remove_notifications
from lumen_notify.commit.permissions import delete_refusal, edit_refusal, room_not_found, view_refusal
from lumen_notify.commit.rooms.history import message_not_found
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, rfc3339, to_json, value
from lumen_notify.model.events import MessageDeleted, MessageEdited, RoomPayload

KEPT_FIELDS = ("id", "room_id", "seq", "sender", "kind", "reply_to", "created_at")
"""The fields of a deleted message that history still shows."""


@value
class EditMessage:
    """Change the content of the user's own message. The result: a ChangedMessage."""

    room_id: str
    user_id: str
    id: str
    content: str

    @property
    def conflict_key(self) -> str:
        """At most one change of a message per transaction, so that each sees the one before."""
        return "message:" + self.id

    @property
    def cost(self) -> Cost:
        """A row with its text."""
        return text_cost(self.content)


@value
class DeleteMessage:
    """Delete a message: the user's own, or anybody's as owner or moderator. The result: a ChangedMessage."""

    room_id: str
    user_id: str
    id: str

    @property
    def conflict_key(self) -> str:
        """As for EditMessage."""
        return "message:" + self.id


@value
class ChangedMessage:
    """The result. body: JSON, the message as history shows it. position: the position in the log at which
    this holds."""

    body: str
    position: int


@value
class _MessageContext:
    """A message that exists, with its room's kind and the caller's role."""

    kind: str
    role: str | None
    is_blocked: object
    seq: int
    sender_id: str
    body: str


async def edit_messages(tx: Transaction, commands: Sequence[EditMessage]) -> Sequence[object]:
    """Handle EditMessage: a `committer.Handler`. Answers a ChangedMessage each, or NotFound, Forbidden."""
    rows: list[dict[str, Any]] = []
    answers: list[object] = []
    for command, one in zip(commands, await _load(tx, commands), strict=True):
        if isinstance(one, Refused):
            answers.append(one)
            continue
        is_sender = one.sender_id == command.user_id
        refusal = edit_refusal(one.kind, one.role, is_sender=is_sender, is_blocked=one.is_blocked)
        if refusal is not None:
            answers.append(refusal)
            continue
        message = json.loads(one.body)
        if message["content"] == command.content:
            answers.append(ChangedMessage(body=one.body, position=tx.position))
            continue
        message |= {"content": command.content, "edited_at": rfc3339(tx.now)}
        body = to_json(message)
        rows.append(_row(command.room_id, one.seq, body, edited_at=tx.now))
        answers.append(_append(tx, command.room_id, MessageEdited(data=message), body))
    if rows:
        tx.add("change_messages", rows=rows)
    return answers


async def delete_messages(tx: Transaction, commands: Sequence[DeleteMessage]) -> Sequence[object]:
    """Handle DeleteMessage: a `committer.Handler`. It runs before notifications are marked, so that the
    counts in their events exclude the mentions that it removes.

    Answers a ChangedMessage each, or NotFound, Forbidden.
    """
    rows: list[dict[str, Any]] = []
    mentions: list[tuple[str, Audience]] = []
    answers: list[object] = []
    for command, one in zip(commands, await _load(tx, commands), strict=True):
        if isinstance(one, Refused):
            answers.append(one)
            continue
        refusal = delete_refusal(one.kind, one.role, is_sender=one.sender_id == command.user_id)
        if refusal is not None:
            answers.append(refusal)
            continue
        message = json.loads(one.body)
        mentions += [(command.id, Audience.user(user_id)) for user_id in message.get("mentions", ())]
        kept = {name: message[name] for name in KEPT_FIELDS if name in message}
        kept |= {"content": "", "deleted_at": rfc3339(tx.now), "deleted_by": command.user_id}
        body = to_json(kept)
        rows.append(_row(command.room_id, one.seq, body, deleted_at=tx.now))
        answers.append(_append(tx, command.room_id, MessageDeleted(data=kept), body))
    if rows:
        tx.add("change_messages", rows=rows)
    await remove_notifications(tx, mentions)
    return answers


async def _load(
    tx: Transaction, commands: Sequence[EditMessage | DeleteMessage]
) -> Sequence[_MessageContext | Refused]:
    """Load each command's message, or return why the caller cannot see it."""
    rows = [
        {"n": n, "room_id": command.room_id, "user_id": command.user_id, "id": command.id}
        for n, command in enumerate(commands)
    ]
    contexts: list[_MessageContext | Refused] = [room_not_found() for _ in commands]
    for n, kind, role, is_blocked, seq, sender_id, body in await tx.run("message_contexts", rows=rows):
        if (refusal := view_refusal(kind, role)) is not None:
            contexts[n] = refusal
        elif seq is None:
            contexts[n] = message_not_found()
        else:
            contexts[n] = _MessageContext(
                kind=kind, role=role, is_blocked=is_blocked, seq=seq, sender_id=sender_id, body=body
            )
    return contexts


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


def _append(tx: Transaction, room_id: str, payload: RoomPayload, body: str) -> ChangedMessage:
    return ChangedMessage(body=body, position=tx.append(Audience.room(room_id), payload))
