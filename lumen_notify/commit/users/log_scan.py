"""Log scan: no event of the log names a user who was deleted.

An event keeps its position and its check, so that cursors of others stay valid. One that was for the user
alone is for nobody from then on, and carries nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.transaction import Transaction
from lumen_notify.commit.users.alias import Alias, pattern_of
from lumen_notify.commit.users.scans import STEP_ROWS, Scanned
from lumen_notify.model import Audience, check_of
from lumen_notify.model.events import NotificationPublished
from lumen_notify.model.shared_text import unwrapped, wrapped


async def scan_log(tx: Transaction, alias: Alias, *, after: Sequence[Any] | None) -> Scanned:
    """Do one step; there is nothing more after the newest event."""
    audience = Audience.user(alias.user_id)
    rows = await tx.run(
        "scan_events",
        after_position=-1 if after is None else after[0],
        audience=audience,
        named=alias.pattern,
        limit=STEP_ROWS,
    )
    bodies: dict[int, str] = {}
    erased: dict[int, Audience] = {}
    contents: set[int] = set()
    by_text: dict[str, list[int]] = {}
    for position, for_whom, kind, created_at, content_position, body in rows:
        if for_whom == audience:
            erased[position] = Audience.nobody_with(check_of(audience, created_at))
            contents |= {content_position} - {None}
            for text_id in unwrapped(body)[1]:
                tx.texts.release(text_id)
        elif body is not None:
            own, shared = unwrapped(body)
            changed = alias.in_json(own, is_frame=kind != NotificationPublished.kind)
            if changed is not None:
                bodies[position] = wrapped(changed, shared)
            for text_id in shared:
                by_text.setdefault(text_id, []).append(position)
    tx.erase(erased, contents)
    tx.add("delete_copies_at", rows=[{"position": position} for position in erased], audience=audience)
    tx.replace_bodies(bodies)
    tx.announce_rewritten(await _positions_with_alias(tx, alias, by_text))
    last = after if not rows else (rows[-1][0],)
    return Scanned(has_more=len(rows) == STEP_ROWS, after=None if last is None else tuple(last))


async def _positions_with_alias(tx: Transaction, alias: Alias, by_text: dict[str, list[int]]) -> list[int]:
    """Return the positions of events that show a text which names the alias by now."""
    if not by_text:
        return []
    rows = [{"id": id_} for id_ in by_text]
    found = await tx.run("texts_with", rows=rows, named=pattern_of(alias.alias))
    return sorted({position for (id_,) in found for position in by_text[id_]})
