"""Direct: messages from one user to another, in the room of the two.

Promises: the room is found or made in the transaction that sends, one for each two, whoever writes
first and also when both do at once; a message that is refused leaves no room behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lumen_notify.commit.permissions import post_refusal
from lumen_notify.commit.rooms.messages import Send, send
from lumen_notify.commit.rooms.rooms import open_pairs, pair_of
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Invalid
from lumen_notify.model import value


@value
class SendDirect:
    """Send one message to one user. message: without its room, and without mentions. The result: a Sent."""

    to: str
    message: Send

    @property
    def conflict_key(self) -> None:
        """None: as of Send."""
        return None


async def send_direct(tx: Transaction, commands: Sequence[SendDirect]) -> Sequence[object]:
    """Write direct messages: a `committer.Handler`, to stand before whatever states counts of rooms.

    Answers a Sent each, or Forbidden, Invalid.
    """
    refused = await _refused(tx, commands)
    allowed = [n for n in range(len(commands)) if n not in refused]
    pairs = [(commands[n].message.sender_id, commands[n].to) for n in allowed]
    rooms = await open_pairs(tx, pairs)
    sends = [
        replace(commands[n].message, room_id=rooms[pair_of(*pair)].id)
        for n, pair in zip(allowed, pairs, strict=True)
    ]
    sent = dict(zip(allowed, await send(tx, sends), strict=True)) if sends else {}
    return [refused[n] if n in refused else sent[n] for n in range(len(commands))]


async def _refused(tx: Transaction, commands: Sequence[SendDirect]) -> dict[int, Exception]:
    rows = [
        {"n": n, "sender_id": command.message.sender_id, "to_id": command.to}
        for n, command in enumerate(commands)
    ]
    refused: dict[int, Exception] = {}
    for (n,) in await tx.run("blocked_pairs", rows=rows):
        refusal = post_refusal("direct", "member", is_blocked=True)
        assert refusal is not None
        refused[n] = refusal
    replies = {
        n: pair_of(command.message.sender_id, command.to)
        for n, command in enumerate(commands)
        if command.message.reply_to is not None and n not in refused
    }
    if replies:
        found = await tx.run("rooms_of_pairs", rows=[{"pair": pair} for pair in set(replies.values())])
        known = {pair for pair, _ in found}
        for n, pair in replies.items():
            if pair not in known:
                refused[n] = Invalid("is no message of this room", field="reply_to")
    return refused
