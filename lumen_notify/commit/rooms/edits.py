"""Edits: changes the content of a message, or deletes it.

Promises: the message keeps its place: `seq` has no holes, and no count changes; what it said before is gone
from history, from the notifications of the users it mentioned, and from the log; an edit that changes
nothing appends no event.

The text of a message is in its own event, in that of its last edit, and in the events of its mentions. The
column `copies` has the positions of all of these but the first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.budget import Cost, text_cost
from lumen_notify.commit.permissions import delete_refusal, edit_refusal, room_not_found, view_refusal
from lumen_notify.commit.rooms.history import message_not_found
from lumen_notify.commit.rooms.mentions import MentionEdits, load_mentions, remove_mentions
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, rfc3339, to_json, value
from lumen_notify.model.events import WITHDRAWN, MessageDeleted, MessageEdited, RoomPayload

KEPT_FIELDS = ("id", "room_id", "seq", "sender", "kind", "reply_to", "created_at")
"""The fields of a deleted message that history still shows."""

CHANGE_ROWS = 50
"""What a change is taken to cost: a message has at most so many mentions."""


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
        """As for its mentions, at most, with the text."""
        return text_cost(self.content, rows=CHANGE_ROWS)


@value
class DeleteMessage:
    """Delete a message: the user's own, or anybody's as owner or moderator. The result: a ChangedMessage.

    is_admin: whether the user acts as an administrator; the audit log says so.
    """

    room_id: str
    user_id: str
    id: str
    is_admin: bool = False

    @property
    def conflict_key(self) -> str:
        """As for EditMessage."""
        return "message:" + self.id

    @property
    def cost(self) -> Cost:
        """As for its mentions, at most."""
        return Cost(rows=CHANGE_ROWS)


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
    position: int
    copies: tuple[int, ...]

    def texts(self, body: str) -> dict[int, str]:
        """Return what the events with the message's old text say now, by position. body: of the message."""
        return {self.position: body, **dict.fromkeys(self.copies, WITHDRAWN)}


async def edit_messages(tx: Transaction, commands: Sequence[EditMessage]) -> Sequence[object]:
    """Handle EditMessage: a `committer.Handler`. Answers a ChangedMessage each, or NotFound, Forbidden."""
    contexts = await _load(tx, commands)
    mentions = await load_mentions(tx, [command.id for command in commands])
    rows: list[dict[str, Any]] = []
    texts: dict[int, str] = {}
    mention_edits = MentionEdits(tx)
    answers: list[object] = []
    for command, one in zip(commands, contexts, strict=True):
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
        texts |= one.texts(body)
        changed = _append(tx, command.room_id, MessageEdited(data=message), body)
        copies = [changed.position, *mention_edits.add(mentions[command.id], command.content)]
        rows.append(_row(command.room_id, one.seq, body, copies, edited_at=tx.now))
        answers.append(changed)
    if rows:
        tx.add("change_messages", rows=rows)
    await tx.rewrite(texts | mention_edits.texts)
    await mention_edits.write()
    return answers


async def delete_messages(tx: Transaction, commands: Sequence[DeleteMessage]) -> Sequence[object]:
    """Handle DeleteMessage: a `committer.Handler`. It runs before notifications are marked, so that the
    counts in their events exclude the mentions that it removes.

    Answers a ChangedMessage each, or NotFound, Forbidden.
    """
    deletions = MessageDeletions(tx)
    answers: list[object] = []
    for command, one in zip(commands, await _load(tx, commands), strict=True):
        if isinstance(one, Refused):
            answers.append(one)
            continue
        refusal = delete_refusal(one.kind, one.role, is_sender=one.sender_id == command.user_id)
        if refusal is not None:
            answers.append(refusal)
            continue
        places = (one.position, one.copies)
        answers.append(
            deletions.add(command.room_id, one.seq, command.id, one.body, places, by=command.user_id)
        )
        if command.is_admin:
            details = {"room": command.room_id, "sender": one.sender_id}
            note(tx, "message.deleted", command.user_id, target("message", command.id), **details)
    await deletions.write()
    return answers


class MessageDeletions:
    """Collects the messages that one transaction deletes; `write` writes them. bodies: JSON, by id, what
    history shows of each."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._rows: list[dict[str, Any]] = []
        self._texts: dict[int, str] = {}
        self.bodies: dict[str, str] = {}

    def add(
        self, room_id: str, seq: int, id_: str, body: str, places: tuple[int, Sequence[int]], *, by: str
    ) -> ChangedMessage:
        """Delete a message. body: JSON, as it was. places: the positions of its event, and of the copies."""
        message = json.loads(body)
        kept = {name: message[name] for name in KEPT_FIELDS if name in message}
        kept |= {"content": "", "deleted_at": rfc3339(self._tx.now), "deleted_by": by}
        self.bodies[id_] = to_json(kept)
        position, copies = places
        self._texts |= {position: self.bodies[id_], **dict.fromkeys(copies, WITHDRAWN)}
        self._rows.append(_row(room_id, seq, self.bodies[id_], (), deleted_at=self._tx.now))
        return _append(self._tx, room_id, MessageDeleted(data=kept), self.bodies[id_])

    async def write(self) -> None:
        """Write the messages, and remove their mentions."""
        if not self._rows:
            return
        tx = self._tx
        tx.add("change_messages", rows=self._rows)
        await tx.rewrite(self._texts)
        await remove_mentions(tx, chain.from_iterable((await load_mentions(tx, list(self.bodies))).values()))


async def _load(
    tx: Transaction, commands: Sequence[EditMessage | DeleteMessage]
) -> Sequence[_MessageContext | Refused]:
    """Load each command's message, or return why the caller cannot see it."""
    rows = [
        {"n": n, "room_id": command.room_id, "user_id": command.user_id, "id": command.id}
        for n, command in enumerate(commands)
    ]
    contexts: list[_MessageContext | Refused] = [room_not_found() for _ in commands]
    for n, kind, role, is_blocked, seq, *message in await tx.run("message_contexts", rows=rows):
        command = commands[n]
        if isinstance(command, DeleteMessage) and command.is_admin:
            role = "owner"  # noqa: PLW2901 - whatever it is
        if (refusal := view_refusal(kind, role)) is not None:
            contexts[n] = refusal
        elif seq is None:
            contexts[n] = message_not_found()
        else:
            sender_id, body, position, copies = message
            contexts[n] = _MessageContext(
                kind=kind,
                role=role,
                is_blocked=is_blocked,
                seq=seq,
                sender_id=sender_id,
                body=body,
                position=position,
                copies=tuple(json.loads(copies or "[]")),
            )
    return contexts


def _row(
    room_id: str,
    seq: int,
    body: str,
    copies: Sequence[int],
    *,
    edited_at: int | None = None,
    deleted_at: int | None = None,
) -> dict[str, Any]:
    return {
        "room_id": room_id,
        "seq": seq,
        "body": body,
        "copies": to_json(copies) if copies else None,
        "edited_at": edited_at,
        "deleted_at": deleted_at,
    }


def _append(tx: Transaction, room_id: str, payload: RoomPayload, body: str) -> ChangedMessage:
    return ChangedMessage(body=body, position=tx.append(Audience.room(room_id), payload))
