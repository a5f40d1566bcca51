"""Edits: a publisher changes a notification, for everyone.

Promises: it keeps its place, and no count changes; each user to whom it goes gets an event
(`notification_edited`); what it said before leaves the log; what is scheduled, delayed or waits in digests
is published as changed; an edit that changes nothing appends no event. Of a group, the newest part is
changed, if the caller has published it. No step is larger than its limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lumen_notify.commit.budget import Cost, text_cost
from lumen_notify.commit.notifications.digests import encode_waiting
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.groups import shown_without
from lumen_notify.commit.publications.only import load_only, write_only
from lumen_notify.commit.publications.rows import (
    Part,
    PublishedRow,
    Waiting,
    load_digest_item,
    load_parts,
    load_rows,
    load_scheduled,
    may_change,
    may_change_waiting,
)
from lumen_notify.commit.publications.texts import Edit, write_edits
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import rfc3339, to_json, value

STEP_ROWS = 1000
"""Rows that a step changes: some 40 ms of the writer's time. A publication to more users than
`LUMEN_MAX_BATCH_ROWS` takes by default needs several."""


@value
class EditNotification:
    """Change a notification. The result: an Edited.

    changes: fields by name; None removes a field. expires_at: milliseconds, None for never; it counts if
    `sets_expiry`. after: the audience after which a further step goes on. is_noted: whether the audit log has
    it, if an administrator does it.
    """

    id: str
    caller: Caller
    changes: Mapping[str, Any]
    expires_at: int | None = None
    sets_expiry: bool = False
    after: str = ""
    is_noted: bool = False

    @property
    def conflict_key(self) -> str:
        """At most one change of a notification per transaction."""
        return "publication:" + self.id

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return text_cost(self.changes, rows=STEP_ROWS)

    def applied_to(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields after the changes."""
        return {name: field for name, field in {**fields, **self.changes}.items() if field is not None}


@value
class Edited:
    """The answer. found: how many rows, groups and waiting publications the caller may change.

    changed: how many of them were changed. position: of the newest event. following: the next step; None
    after the last one.
    """

    found: int
    changed: int
    position: int
    following: EditNotification | None = None


async def edit_notifications(tx: Transaction, commands: Sequence[EditNotification]) -> Sequence[Edited]:
    """Change notifications: a `committer.Handler`."""
    return [await _edit(tx, command) for command in commands]


async def _edit(tx: Transaction, command: EditNotification) -> Edited:
    found, changed = (0, 0) if command.after else await _edit_waiting(tx, command)
    rows = await load_rows(tx, command.id, after=command.after, limit=STEP_ROWS, has_bodies=True)
    plain = await may_change(tx, command.caller, rows)
    edits = [edit for row in plain if (edit := _edited(tx, command, row)) is not None]
    groups = await _newest_parts(tx, command.caller, [row for row in rows if row.is_group])
    edits += [edit for row, parts in groups if (edit := _edited_group(tx, command, row, parts)) is not None]
    await write_edits(tx, edits)
    changed += len(edits)
    is_noted = command.is_noted
    if changed and not is_noted:
        is_noted = command.caller.note(tx, "notification.edited", command.id)
    following = None
    if len(rows) == STEP_ROWS:
        following = replace(command, after=rows[-1].audience, is_noted=is_noted)
    return Edited(
        found=found + len(plain) + len(groups),
        changed=changed,
        position=tx.position,
        following=following,
    )


def _edited(tx: Transaction, command: EditNotification, row: PublishedRow) -> Edit | None:
    before = json.loads(row.body)
    data, expires_at = command.applied_to(before), row.expires_at
    if command.sets_expiry:
        expires_at = command.expires_at
        data = _with_expiry(data, expires_at)
    is_later_step = bool(command.after) and row.content_position is not None  # has the new body already
    if data == before and not is_later_step:
        return None
    return Edit(row=row, data=data | {"edited_at": tx.now_text}, expires_at=expires_at)


def _with_expiry(data: dict[str, Any], expires_at: int | None) -> dict[str, Any]:
    others = {name: field for name, field in data.items() if name != "expires_at"}
    return others if expires_at is None else others | {"expires_at": rfc3339(expires_at)}


async def _newest_parts(
    tx: Transaction, caller: Caller, groups: Sequence[PublishedRow]
) -> list[tuple[PublishedRow, Sequence[Part]]]:
    """Return the groups whose newest part the caller may change, with their latest parts."""
    parts = await load_parts(tx, groups)
    return [
        (row, mine)
        for row in groups
        if (mine := parts.get(row.audience, ()))
        and mine[0].publication is not None
        and await caller.may_change(tx, mine[0].publisher, row.audience)
    ]


def _edited_group(
    tx: Transaction, command: EditNotification, row: PublishedRow, parts: Sequence[Part]
) -> Edit | None:
    newest = parts[0]
    before = newest.publication or {}
    after = {**before, "fields": command.applied_to(before["fields"])}
    if command.sets_expiry:
        after["expires_at"] = command.expires_at
    if after == before:
        return None
    after["fields"]["edited_at"] = tx.now_text
    if newest.shared is not None:
        tx.texts.release(newest.shared.id)
    part = replace(newest, publication=after, shared=None)
    actors_count: int = json.loads(row.body)["actors_count"]
    return replace(shown_without(tx, row, [part, *parts[1:]], actors_count), part=part)


async def _edit_waiting(tx: Transaction, command: EditNotification) -> tuple[int, int]:
    """Change what waits to be published, and what goes to devices alone; return in how many places something
    does, and how many changed."""
    found = changed = 0
    for load, write in ((load_scheduled, _write_scheduled), (load_digest_item, _write_digest_items)):
        waiting = await load(tx, command.id)
        if waiting is None or not await may_change_waiting(tx, command.caller, waiting):
            continue
        found += 1
        stored = {**waiting.stored, "fields": command.applied_to(waiting.stored["fields"])}
        if command.sets_expiry:
            stored["expires_at"] = command.expires_at
        if stored != waiting.stored:
            changed += 1
            write(tx, command.id, waiting, stored)
    for push in await load_only(tx, command.caller, command.id):
        found += 1
        body, expires_at = command.applied_to(push.body), push.expires_at
        if command.sets_expiry:
            expires_at = command.expires_at
            body = _with_expiry(body, expires_at)
        if body != push.body:
            changed += 1
            write_only(tx, push, body, expires_at=expires_at)
    return found, changed


def _write_scheduled(tx: Transaction, id_: str, _waiting: Waiting, stored: Mapping[str, Any]) -> None:
    tx.add("set_scheduled_publication", id=id_, publication=to_json(stored))


def _write_digest_items(tx: Transaction, id_: str, waiting: Waiting, stored: Mapping[str, Any]) -> None:
    number = sum(waiting.text_ids.values())
    shared = tx.texts.share(stored["fields"]) if number > 1 and stored["fields"] else None
    text_id = None if shared is None else shared.id
    for earlier, items in waiting.text_ids.items():
        tx.texts.release(earlier, items)
    tx.texts.use(text_id, number)
    tx.add("set_digest_publication", id=id_, publication=encode_waiting(stored, shared), text_id=text_id)
