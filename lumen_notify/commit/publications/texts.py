"""Texts: where the log has the text of a notification, so that it can be rewritten or withdrawn.

The text is in the event that announced the notification last, at its position. Events of digests have the
texts of several; events to several users share one. The table `lumen_notification_copy` has the positions of
all other events with it: the earlier ones of a group, and those of edits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.notifications.removal import RemovedRow
from lumen_notify.commit.publications.rows import PublishedRow
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, to_json, value
from lumen_notify.model.events import WITHDRAWN, NotificationEdited


@value
class Edit:
    """What a row shows from now on. expires_at: milliseconds, None for never."""

    row: PublishedRow
    data: Mapping[str, Any]
    expires_at: int | None


async def withdraw_texts(tx: Transaction, removed: Mapping[Audience, Sequence[RemovedRow]]) -> None:
    """Withdraw the texts of notifications that were removed."""
    texts: dict[int, dict[str, str]] = defaultdict(dict)
    keys = []
    for audience, rows in removed.items():
        for id_, _, position in rows:
            texts[position][id_] = WITHDRAWN
            keys.append((id_, audience))
    await _withdraw_copies(tx, keys, texts)
    await tx.rewrite(texts)


async def write_edits(tx: Transaction, edits: Sequence[Edit]) -> None:
    """Write what rows show from now on, with an event for each; no count changes.

    Rows that share a body all get the same one.
    """
    if not edits:
        return
    texts: dict[int, dict[str, str]] = defaultdict(dict)
    contents: dict[int, str] = {}
    by_text: dict[tuple[str, str, int | None], list[PublishedRow]] = defaultdict(list)
    rows = []
    for edit in edits:
        row, text = edit.row, to_json(edit.data)
        if row.content_position is None:
            texts[row.position][row.id] = text
        else:
            contents[row.content_position] = text
        # Only members who could see it get an edit of what a room got: the frame needs the position.
        position = None if row.audience.room_id is None else row.position
        by_text[row.id, text, position].append(row)
        rows.append(
            {
                "id": row.id,
                "audience": row.audience,
                "body": text if row.content_position is None else None,
                "expires_at": edit.expires_at,
            }
        )
    await _withdraw_copies(tx, [edit.row.key for edit in edits], texts)
    await tx.rewrite(texts)
    for content_position, text in contents.items():
        await tx.rewrite_content(content_position, text)
    tx.add("write_edits", rows=rows)
    data = {edit.row.id: edit.data for edit in edits}
    copies = []
    for (id_, _, position), same in by_text.items():
        events = tx.append_for_each(
            [row.audience for row in same],
            NotificationEdited(position=position, data=data[id_]),
            category=same[0].category,
            notification_id=id_,
        )
        copies += [
            {"notification_id": id_, "audience": event.audience, "position": event.position}
            for event in events
        ]
    tx.add("add_copies", rows=copies)


async def _withdraw_copies(
    tx: Transaction, keys: Iterable[tuple[str, Audience]], texts: dict[int, dict[str, str]]
) -> None:
    """Add the further events with the texts of notifications to `texts`, as withdrawn."""
    rows = [{"id": id_, "audience": audience} for id_, audience in keys]
    for id_, position in await tx.run("take_copies", rows=rows) if rows else ():
        texts[position][id_] = WITHDRAWN
