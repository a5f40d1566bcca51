"""Messages: those of a user who is deleted become the alias's, or are deleted; and those that mention the
user.

A message that is deleted keeps its place, as one that its sender deletes: `seq` has no holes, and no count of
messages changes. The notifications of its mentions are removed, by events with the counts of their users.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.rooms.edits import MessageDeletions
from lumen_notify.commit.transaction import Transaction
from lumen_notify.commit.users.alias import Alias
from lumen_notify.commit.users.scans import STEP_ROWS, Scanned

STEP_DELETED = 20
"""Messages that a step deletes: each may have mentioned 50 users."""


async def scan_messages(
    tx: Transaction, alias: Alias, *, after: Sequence[Any] | None, deletes: bool
) -> Scanned:
    """Do one step. deletes: whether the user's own messages are deleted."""
    room_id, seq = after or ("", -1)
    rows = await tx.run(
        "scan_messages",
        after_room_id=room_id,
        after_seq=seq,
        user_id=alias.user_id,
        named=alias.pattern,
        limit=STEP_ROWS,
    )
    written = []
    deletions = MessageDeletions(tx)
    has_more = len(rows) == STEP_ROWS
    for room_id, seq, id_, sender_id, position, copies, deleted_at, body in rows:
        after = (room_id, seq)
        if body is None:
            continue
        changed = alias.in_json(body) or body
        if deletes and sender_id == alias.user_id and deleted_at is None:
            places = (position, tuple(json.loads(copies or "[]")))
            deletions.add(room_id, seq, id_, changed, places, by=alias.alias)
            changed = deletions.bodies[id_]
        written.append({"room_id": room_id, "seq": seq, "sender_id": alias.of(sender_id), "body": changed})
        if len(deletions.bodies) == STEP_DELETED:
            has_more = True
            break
    await deletions.write()
    if written:
        tx.add("write_messages", rows=written)
    return Scanned(has_more=has_more, after=None if after is None else tuple(after))
