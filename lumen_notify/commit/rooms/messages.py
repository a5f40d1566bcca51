"""Messages: sends messages to rooms.

Promises: within a room, `seq` has no holes and ascends with the positions; a message that is sent again with
the same client_id is stored once; a message is one row and one event, whatever the size of the room; sending
moves the sender's read mark, so that a user's own messages are never unread; senders are members by their own
choice from then on, even if others have added them.

A mention is also a notification (category `mention`) to that member, with the message's id; not to the
sender, and not to members who have blocked the sender.

Not here: reading messages (`history`), changing them (`edits`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import publish_mentions
from lumen_notify.commit.permissions import post_refusal, room_not_found, system_post_refusal
from lumen_notify.commit.push.outbox import Pushing, enqueue_messages
from lumen_notify.commit.rooms.mentions import mention_publications
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Fault, Invalid, LumenError
from lumen_notify.model import Audience, rfc3339, to_json, value
from lumen_notify.model.encoding import json_bytes
from lumen_notify.model.events import MessageSent


@value
class SendMessage:
    """Send a message. The result: a SentMessage.

    sender: as clients show them, `{id, username, avatar}`. fields: kind, content and data, as history shows
    them. reply_to: the id or the seq of a message in the room. is_system: sent by the application, which need
    not be a member. exclude_user_id: a user whose streams do not get the message, and whose read mark it
    moves.
    """

    id: str
    room_id: str
    sender: Mapping[str, Any]
    fields: Mapping[str, Any]
    client_id: str | None = None
    reply_to: str | int | None = None
    mentions: tuple[str, ...] = ()
    is_system: bool = False
    exclude_user_id: str | None = None

    @property
    def conflict_key(self) -> None:
        """None: a batch takes several messages to one room, and repeats of one message."""
        return None

    @property
    def cost(self) -> Cost:
        """A row for each mention, too."""
        return Cost(1 + len(self.mentions), json_bytes(self.fields))

    @property
    def sender_id(self) -> str:
        """The id of the sender."""
        sender_id: str = self.sender["id"]
        return sender_id


@value
class SentMessage:
    """The result. position: of the event. is_repeat: a message with this client_id was sent before, and this
    is its result."""

    id: str
    room_id: str
    seq: int
    position: int
    is_repeat: bool = False


class _SendContext(NamedTuple):
    """The room and the sender's role before the batch. repeated: an earlier message with the same
    client_id."""

    kind: str
    last_seq: int
    role: str | None
    is_blocked: object
    repeated: SentMessage | None


class _Batch:
    """Collects the messages of one transaction; `write` writes them, with a statement for each table."""

    def __init__(self, tx: Transaction, limiting: Limiting | None, pushing: Pushing | None) -> None:
        self.tx = tx
        self.limiting = limiting
        self.pushing = pushing
        self.created_at = rfc3339(tx.now)
        self.rows: list[dict[str, Any]] = []
        self.last_seqs: dict[str, int] = {}
        self.marks: dict[tuple[str, str], int] = {}
        self.senders: set[tuple[str, str]] = set()
        self.mentions: list[Publication] = []
        self.by_client_id: dict[tuple[str, str, str], SentMessage] = {}

    def add(self, command: SendMessage, context: _SendContext, fields: dict[str, Any]) -> SentMessage:
        """Give the message its seq, and append its event."""
        room_id, sender_id = command.room_id, command.sender_id
        seq = self.last_seqs.get(room_id, context.last_seq) + 1
        self.last_seqs[room_id] = seq
        if context.role is not None:
            self.marks[room_id, sender_id] = seq
            if not command.is_system:
                self.senders.add((room_id, sender_id))
        if command.exclude_user_id is not None:
            self.marks[room_id, command.exclude_user_id] = seq
        body = to_json(
            {
                "id": command.id,
                "room_id": room_id,
                "seq": seq,
                "sender": command.sender,
                **fields,
                "created_at": self.created_at,
            }
        )
        payload = MessageSent(sender_id=sender_id, message=body, exclude_user_id=command.exclude_user_id)
        position = self.tx.append(Audience.room(room_id), payload)
        self.rows.append(
            {
                "room_id": room_id,
                "seq": seq,
                "id": command.id,
                "sender_id": sender_id,
                "client_id": command.client_id,
                "position": position,
                "body": body,
                "created_at": self.tx.now,
            }
        )
        return SentMessage(id=command.id, room_id=room_id, seq=seq, position=position)

    async def write(self) -> None:
        """Write the messages, the read marks and the notifications of mentions, and what is pushed."""
        if not self.rows:
            return
        copies = await publish_mentions(self.tx, self.mentions, self.limiting, self.pushing)
        for row in self.rows:
            row["copies"] = to_json(copies[row["id"]]) if row["id"] in copies else None
        self.tx.add("insert_messages", rows=self.rows)
        rooms = [{"room_id": room_id, "last_seq": seq} for room_id, seq in self.last_seqs.items()]
        self.tx.add("raise_last_seqs", rows=rooms, now=self.tx.now)
        if self.marks:
            marks = [
                {
                    "room_id": room_id,
                    "user_id": user_id,
                    "seq": seq,
                    "has_sent": int((room_id, user_id) in self.senders),
                }
                for (room_id, user_id), seq in self.marks.items()
            ]
            self.tx.add("raise_read_marks", rows=marks)
        if self.pushing is not None:
            first_seqs = {row["room_id"]: row["seq"] for row in reversed(self.rows)}
            enqueue_messages(self.tx, self.pushing, first_seqs, [user_id for _, user_id in self.marks])


async def send_messages(
    tx: Transaction,
    commands: Sequence[SendMessage],
    limiting: Limiting | None = None,
    pushing: Pushing | None = None,
) -> Sequence[object]:
    """Handle SendMessage: a `committer.Handler`. It runs before events that state the counts of rooms.

    limiting: of mentions; None to apply no limits. pushing: None to push nothing.

    Answers a SentMessage each, or NotFound, Forbidden, Invalid.
    """
    contexts = await _load(tx, commands)
    replies = await _load_replies(tx, commands)
    mentioned = await _load_mentioned(tx, commands)
    batch = _Batch(tx, limiting, pushing)
    answers: list[object] = []
    for n, command in enumerate(commands):
        context = contexts.get(n)
        key = None
        if command.client_id is not None:
            key = (command.room_id, command.sender_id, command.client_id)
            before = batch.by_client_id.get(key) or (context.repeated if context is not None else None)
            if before is not None:
                answers.append(replace(before, is_repeat=True))
                continue
        refusal = _refusal(command, context) or _invalid(command, n, replies, mentioned)
        if refusal is not None or context is None:
            answers.append(refusal)
            continue
        fields = dict(command.fields)
        if command.reply_to is not None:
            id_, seq = replies[n]
            fields["reply_to"] = {"id": id_, "seq": seq}
        if command.mentions:
            fields["mentions"] = list(command.mentions)
            seq = batch.last_seqs.get(command.room_id, context.last_seq) + 1
            data = {"room_id": command.room_id, "message_id": command.id, "seq": seq}
            batch.mentions += mention_publications(
                command.sender, command.fields["content"], data, mentioned[n]
            )
        if command.client_id is not None:
            fields["client_id"] = command.client_id
        sent = batch.add(command, context, fields)
        if key is not None:
            batch.by_client_id[key] = sent
        answers.append(sent)
    await batch.write()
    return answers


def _refusal(command: SendMessage, context: _SendContext | None) -> LumenError | None:
    if context is None:
        return room_not_found()
    if command.is_system:
        return system_post_refusal(context.kind)
    return post_refusal(context.kind, context.role, is_blocked=context.is_blocked)


def _invalid(
    command: SendMessage, n: int, replies: Mapping[int, Any], mentioned: Mapping[int, Mapping[str, Any]]
) -> LumenError | None:
    faults: list[Fault] = []
    if command.reply_to is not None and n not in replies:
        faults += reply_not_found().faults
    known = mentioned.get(n, {})
    faults += [
        Fault(field=f"mentions.{number}", message="is not a member of this room")
        for number, user_id in enumerate(command.mentions)
        if user_id not in known
    ]
    return Invalid.of(faults) if faults else None


def reply_not_found() -> Invalid:
    """Return the refusal for a reply to a message that does not exist in the room."""
    return Invalid.of([Fault(field="reply_to", message="does not exist in this room")])


async def _load(tx: Transaction, commands: Sequence[SendMessage]) -> Mapping[int, _SendContext]:
    rows = [
        {
            "n": n,
            "room_id": command.room_id,
            "sender_id": command.sender_id,
            "client_id": command.client_id,
        }
        for n, command in enumerate(commands)
    ]
    contexts: dict[int, _SendContext] = {}
    for n, kind, last_seq, role, is_blocked, id_, seq, position in await tx.run("send_contexts", rows=rows):
        repeated = None
        if id_ is not None:
            repeated = SentMessage(id=id_, room_id=commands[n].room_id, seq=seq, position=position)
        contexts[n] = _SendContext(kind, last_seq, role, is_blocked, repeated)
    return contexts


async def _load_replies(tx: Transaction, commands: Sequence[SendMessage]) -> Mapping[int, tuple[str, int]]:
    rows = [
        {
            "n": n,
            "room_id": command.room_id,
            "id": command.reply_to if isinstance(command.reply_to, str) else None,
            "seq": command.reply_to if isinstance(command.reply_to, int) else None,
        }
        for n, command in enumerate(commands)
        if command.reply_to is not None
    ]
    found = await tx.run("replied_messages", rows=rows) if rows else []
    return {n: (id_, seq) for n, id_, seq in found}


async def _load_mentioned(
    tx: Transaction, commands: Sequence[SendMessage]
) -> Mapping[int, Mapping[str, Any]]:
    rows = [
        {"n": n, "room_id": command.room_id, "sender_id": command.sender_id, "user_id": user_id}
        for n, command in enumerate(commands)
        for user_id in command.mentions
    ]
    members: dict[int, dict[str, Any]] = {}
    if rows:
        for n, user_id, is_blocked in await tx.run("mentioned_members", rows=rows):
            members.setdefault(n, {})[user_id] = is_blocked
    return members
