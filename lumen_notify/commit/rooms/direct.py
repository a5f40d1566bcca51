"""Direct messages: from one user to another, in the direct room of the two.

Promises: two users have one direct room, which the transaction that sends finds or creates, also when both
send their first message at once; a message that is refused creates no room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.permissions import blocked
from lumen_notify.commit.push.outbox import Pushing
from lumen_notify.commit.rooms.messages import SendMessage, reply_not_found, send_messages
from lumen_notify.commit.rooms.rooms import find_or_create_direct_rooms, pair_key
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value


@value
class SendDirectMessage:
    """Send a message to a user. message: without room_id and mentions. The result: a SentMessage."""

    to: str
    message: SendMessage

    @property
    def conflict_key(self) -> None:
        """None: as for SendMessage."""
        return None

    @property
    def cost(self) -> Cost:
        """That of the message."""
        return self.message.cost


async def send_direct_messages(
    tx: Transaction, commands: Sequence[SendDirectMessage], pushing: Pushing | None = None
) -> Sequence[object]:
    """Handle SendDirectMessage: a `committer.Handler`. It runs before events that state the counts of rooms.

    pushing: None to push nothing.

    Answers a SentMessage each, or Forbidden, Invalid.
    """
    refused = await _refusals(tx, commands)
    allowed = [n for n in range(len(commands)) if n not in refused]
    pairs = [(commands[n].message.sender_id, commands[n].to) for n in allowed]
    rooms = await find_or_create_direct_rooms(tx, pairs)
    messages = [
        replace(commands[n].message, room_id=rooms[pair_key(*pair)].id)
        for n, pair in zip(allowed, pairs, strict=True)
    ]
    answers = await send_messages(tx, messages, pushing=pushing) if messages else []
    sent = dict(zip(allowed, answers, strict=True))
    return [refused[n] if n in refused else sent[n] for n in range(len(commands))]


async def _refusals(tx: Transaction, commands: Sequence[SendDirectMessage]) -> dict[int, Exception]:
    """Return why commands are refused, by index, before a room is created for them."""
    rows = [
        {"n": n, "sender_id": command.message.sender_id, "to_id": command.to}
        for n, command in enumerate(commands)
    ]
    refused: dict[int, Exception] = {n: blocked() for (n,) in await tx.run("blocked_senders", rows=rows)}
    replies = {
        n: pair_key(command.message.sender_id, command.to)
        for n, command in enumerate(commands)
        if command.message.reply_to is not None and n not in refused
    }
    if replies:
        rooms = await tx.run("direct_rooms", rows=[{"pair": pair} for pair in set(replies.values())])
        known = {pair for pair, _ in rooms}
        refused |= {n: reply_not_found() for n, pair in replies.items() if pair not in known}
    return refused
