"""Messages: sends them to rooms.

Promises: `seq` has no holes within a room, and messages have it in the order of their positions; what
is sent again with the same client_id is sent once; one row and one event a message, whatever the size
of the room; the sender's own mark moves along, so that nothing of his own is ever unread.

A mention is also a notification (category `mention`) to that member, under the message's id; not to
the sender himself, and not to who has blocked him.

Not here: reading them back (`history`), changing them (`edits`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import publish_mentions
from lumen_notify.commit.permissions import post_refusal, refusal
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Fault, Invalid, LumenError
from lumen_notify.model import Audience, rfc3339, to_json, value
from lumen_notify.model.events import MessageSent

MENTION = "mention"
"""The category of the notifications that mentions make."""


@value
class Send:
    """Send one message. The result: a Sent.

    sender: who is shown, `{id, username, avatar}`. fields: kind, content and data, as history shows
    them. reply_to: the id or the seq of a message of the room. is_system: from the application, which
    need not be a member. exclude_user_id: a user whose streams do not get it,
    and who has read the room with it.
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
        """None: a batch takes several to one room, and repeats of one."""
        return None

    @property
    def sender_id(self) -> str:
        """Who sends."""
        sender_id: str = self.sender["id"]
        return sender_id


@value
class Sent:
    """The answer. position: of the event. is_repeat: it had been sent before, by the same client_id."""

    id: str
    room_id: str
    seq: int
    position: int
    is_repeat: bool = False


class _Place(NamedTuple):
    """What the room and the sender were like before the batch."""

    kind: str
    last_seq: int
    role: str | None
    is_blocked: object
    repeated: Sent | None


class _Batch:
    """What the sends of one transaction come to, one after the other."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.created_at = rfc3339(tx.now)
        self.rows: list[dict[str, Any]] = []
        self.last_seqs: dict[str, int] = {}
        self.marks: dict[tuple[str, str], int] = {}
        self.mentions: list[Publication] = []
        self.by_client_id: dict[tuple[str, str, str], Sent] = {}

    def add(self, command: Send, place: _Place, fields: dict[str, Any]) -> Sent:
        """Give the message its seq and its event."""
        room_id, sender_id = command.room_id, command.sender_id
        seq = self.last_seqs.get(room_id, place.last_seq) + 1
        self.last_seqs[room_id] = seq
        if place.role is not None:
            self.marks[room_id, sender_id] = seq
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
        return Sent(id=command.id, room_id=room_id, seq=seq, position=position)

    def write(self) -> None:
        """Write it all: a statement for each table."""
        if not self.rows:
            return
        self.tx.add("insert_messages", rows=self.rows)
        rooms = [{"room_id": room_id, "last_seq": seq} for room_id, seq in self.last_seqs.items()]
        self.tx.add("raise_last_seqs", rows=rooms)
        if self.marks:
            marks = [
                {"room_id": room_id, "user_id": user_id, "seq": seq}
                for (room_id, user_id), seq in self.marks.items()
            ]
            self.tx.add("raise_read_marks", rows=marks)


async def send(tx: Transaction, commands: Sequence[Send]) -> Sequence[object]:
    """Write sends: a `committer.Handler`, to stand before whatever states counts of rooms.

    Answers a Sent each, or NotFound, Forbidden, Invalid.
    """
    places = await _places(tx, commands)
    replied = await _replied(tx, commands)
    mentioned = await _mentioned(tx, commands)
    batch = _Batch(tx)
    answers: list[object] = []
    for n, command in enumerate(commands):
        place = places.get(n)
        key = None
        if command.client_id is not None:
            key = (command.room_id, command.sender_id, command.client_id)
            before = batch.by_client_id.get(key) or (place.repeated if place is not None else None)
            if before is not None:
                answers.append(replace(before, is_repeat=True))
                continue
        refused = _refusal(command, place) or _fault(command, n, replied, mentioned)
        if refused is not None or place is None:
            answers.append(refused)
            continue
        fields = dict(command.fields)
        if command.reply_to is not None:
            id_, seq = replied[n]
            fields["reply_to"] = {"id": id_, "seq": seq}
        if command.mentions:
            fields["mentions"] = list(command.mentions)
            batch.mentions += _mentions(command, mentioned[n], batch.last_seqs, place)
        if command.client_id is not None:
            fields["client_id"] = command.client_id
        sent = batch.add(command, place, fields)
        if key is not None:
            batch.by_client_id[key] = sent
        answers.append(sent)
    batch.write()
    if batch.mentions:
        await publish_mentions(tx, batch.mentions)
    return answers


def _refusal(command: Send, place: _Place | None) -> LumenError | None:
    if place is None:
        return refusal(None, None)
    if command.is_system:
        return refusal(place.kind, "application")
    return post_refusal(place.kind, place.role, is_blocked=place.is_blocked)


def _fault(
    command: Send, n: int, replied: Mapping[int, Any], mentioned: Mapping[int, Mapping[str, Any]]
) -> LumenError | None:
    faults = []
    if command.reply_to is not None and n not in replied:
        faults.append(Fault(field="reply_to", message="is no message of this room"))
    known = mentioned.get(n, {})
    faults += [
        Fault(field=f"mentions.{number}", message="is no member of this room")
        for number, user_id in enumerate(command.mentions)
        if user_id not in known
    ]
    if not faults:
        return None
    return Invalid(f"{len(faults)} field{'s are' if len(faults) > 1 else ' is'} wrong", faults=faults)


def _mentions(
    command: Send, members: Mapping[str, Any], last_seqs: Mapping[str, int], place: _Place
) -> list[Publication]:
    audiences = tuple(
        Audience.user(user_id)
        for user_id, is_blocked in members.items()
        if user_id != command.sender_id and not is_blocked
    )
    if not audiences:
        return []
    seq = last_seqs.get(command.room_id, place.last_seq) + 1
    fields = {
        "sender": command.sender,
        "content": command.fields["content"],
        "data": {"room_id": command.room_id, "message_id": command.id, "seq": seq},
        "priority": "normal",
    }
    return [
        Publication(
            id=command.id, audiences=audiences, recipients=len(audiences), category=MENTION, fields=fields
        )
    ]


async def _places(tx: Transaction, commands: Sequence[Send]) -> Mapping[int, _Place]:
    rows = [
        {
            "n": n,
            "room_id": command.room_id,
            "sender_id": command.sender_id,
            "client_id": command.client_id,
        }
        for n, command in enumerate(commands)
    ]
    places: dict[int, _Place] = {}
    for n, kind, last_seq, role, is_blocked, id_, seq, position in await tx.run("admit_sends", rows=rows):
        repeated = None
        if id_ is not None:
            repeated = Sent(id=id_, room_id=commands[n].room_id, seq=seq, position=position)
        places[n] = _Place(kind, last_seq, role, is_blocked, repeated)
    return places


async def _replied(tx: Transaction, commands: Sequence[Send]) -> Mapping[int, tuple[str, int]]:
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


async def _mentioned(tx: Transaction, commands: Sequence[Send]) -> Mapping[int, Mapping[str, Any]]:
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
