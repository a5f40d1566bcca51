"""Texts: where the log has the text of a notification, so that it can be rewritten or withdrawn.

The text is in the event that announced the notification last, at its position. Events of digests have the
texts of several. An event of a list has the text of all its users, and is withdrawn from each of them. The
table `lumen_notification_copy` has the positions of all other events with it: the earlier ones of a group,
and those of edits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.notifications.digests import encode_waiting
from lumen_notify.commit.publications.removal import RemovedRow
from lumen_notify.commit.publications.rows import Part, PublishedRow
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, to_json, value
from lumen_notify.model.events import WITHDRAWN, NotificationEdited
from lumen_notify.model.shared_text import TEXT_ID, SharedText

_OWN_FIELDS = ("id", "category", "group_key", "created_at", "expires_at", "actors", "actors_count")
"""What may differ between the notifications of users to whom a publication goes."""


@value
class Edit:
    """What a row shows from now on. expires_at: milliseconds, None for never.

    shared: the text that `data` has, if it is shared already. part: the newest one of a group, if it changes.
    """

    row: PublishedRow
    data: Mapping[str, Any]
    expires_at: int | None
    shared: SharedText | None = None
    part: Part | None = None


async def withdraw_texts(tx: Transaction, removed: Mapping[Audience, Sequence[RemovedRow]]) -> None:
    """Withdraw the texts of notifications that were removed."""
    texts: dict[int, dict[str, str]] = defaultdict(dict)
    keys, of_lists = [], []
    places = [{"position": row[2]} for rows in removed.values() for row in rows]
    lists = {position for (position,) in await tx.run("lists_at", rows=places)} if places else set()
    for audience, rows in removed.items():
        for id_, _, position in rows:
            keys.append((id_, audience))
            if position in lists:
                of_lists.append({"audience": audience, "position": position})
            else:
                texts[position][id_] = WITHDRAWN
    await _withdraw_copies(tx, keys, texts)
    tx.withdraw_from_lists(of_lists)
    await tx.rewrite(texts)


async def write_edits(tx: Transaction, edits: Sequence[Edit]) -> None:
    """Write what rows show from now on, with an event for each; no count changes.

    Rows that share a body all get the same one. Others that get the same text share it; the one that they had
    stays as it is, for those that are not edited.
    """
    if not edits:
        return
    shared = _share_texts(tx, edits)
    texts: dict[int, dict[str, str]] = defaultdict(dict)
    contents: dict[int, str] = {}
    rows = []
    for edit in edits:
        row, text = edit.row, to_json(_own_data(edit, shared))
        if row.content_position is None:
            texts[row.position][row.id] = text
        else:
            contents[row.content_position] = text
        text_id = shared[row.key].id if row.key in shared else None
        tx.texts.release(row.text_id)
        tx.texts.use(text_id)
        rows.append(
            {
                "id": row.id,
                "audience": row.audience,
                "position": row.position,
                "body": text if row.content_position is None else None,
                "text_id": text_id,
                "expires_at": edit.expires_at,
            }
        )
    await _withdraw_copies(tx, [edit.row.key for edit in edits], texts)
    await tx.rewrite(texts)
    for content_position, text in contents.items():
        await tx.rewrite_content(content_position, text)
    tx.add("write_edits", rows=rows)
    _write_parts(tx, edits, shared)
    _announce(tx, edits, shared)


Shared = Mapping[tuple[str, Audience], SharedText]
"""By the keys of rows: the texts that they share."""


def _share_texts(tx: Transaction, edits: Sequence[Edit]) -> Shared:
    """Return the texts that rows share from now on: those that several get, or that are shared already."""
    shared = {edit.row.key: edit.shared for edit in edits if edit.shared is not None}
    alike: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        if edit.row.content_position is None and edit.row.audience.is_personal and edit.shared is None:
            alike[to_json(_text_fields(edit.data))].append(edit)
    for same in alike.values():
        fields = _text_fields(same[0].data)
        if len(same) > 1 and fields:
            shared |= dict.fromkeys((edit.row.key for edit in same), tx.texts.share(fields))
    return shared


def _text_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: field for name, field in data.items() if name not in _OWN_FIELDS}


def _own_data(edit: Edit, shared: Shared) -> Mapping[str, Any]:
    """Return what a row shows, with the id of its text if it is shared, as `pieces_of` expects it."""
    text = shared.get(edit.row.key)
    if text is None:
        return edit.data
    own = {name: field for name, field in edit.data.items() if name in _OWN_FIELDS}
    return {"id": own.pop("id"), "category": own.pop("category"), TEXT_ID: text.id, **own}


def _write_parts(tx: Transaction, edits: Sequence[Edit], shared: Shared) -> None:
    """Write the parts of groups that change, with the texts that their rows share."""
    rows = []
    for edit in edits:
        if (part := edit.part) is None or part.publication is None:
            continue
        text = shared.get(edit.row.key)
        rows.append(
            {
                "audience": edit.row.audience,
                "notification_id": edit.row.id,
                "actor_id": part.actor_id,
                "publication_id": part.publication_id,
                "publisher": part.publisher,
                "publication": encode_waiting(part.publication, text),
                "text_id": None if text is None else text.id,
            }
        )
        tx.texts.use(rows[-1]["text_id"])
    tx.add("set_group_actors", rows=rows)


def _announce(tx: Transaction, edits: Sequence[Edit], shared: Shared) -> None:
    """Append an event for each edit; those with the same body share it."""
    copies = []
    by_text: dict[tuple[str, str, int | None], list[Edit]] = defaultdict(list)
    for edit in edits:
        row, data = edit.row, _own_data(edit, shared)
        if (text := shared.get(row.key)) is not None:
            payload = NotificationEdited(data=data)
            position = tx.append(row.audience, payload, category=row.category, shared=(text,))
            copies.append({"notification_id": row.id, "audience": row.audience, "position": position})
        else:
            # Only members who could see it get an edit of what a room got: the frame needs the position.
            since = None if row.audience.room_id is None else row.position
            by_text[row.id, to_json(data), since].append(edit)
    for (id_, _, since), same in by_text.items():
        events = tx.append_for_each(
            [edit.row.audience for edit in same],
            NotificationEdited(position=since, data=same[0].data),
            category=same[0].row.category,
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
