"""Scans: goes through the tables whose rows may name a user in what others keep, and puts the alias there.

Nothing finds these rows by the user: an index on every sender would cost each write, and a deletion is rare.
So a scan goes through a table in the order of its primary key, a page in a step.

Not here: the log (`log_scan`), messages (`messages`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.transaction import Transaction
from lumen_notify.commit.users.alias import Alias
from lumen_notify.model import Audience, to_json, value

STEP_ROWS = 500
"""Rows that a step looks at: milliseconds of the writer's time, a tenth of a second with the largest
bodies."""

Row = Sequence[Any]


_NOTIFICATION = '{"id":'
"""How the body of a notification begins. Others are of the events of edits."""

NEEDLESS: Mapping[str, Any] = {}
"""What a row changes to that is deleted."""


@value
class Scanned:
    """What a step has done. has_more: whether the same step goes on. after: the key of the last row; None
    from the beginning."""

    has_more: bool
    after: tuple[Any, ...] | None = None


@value
class Scan:
    """How one table is scanned. reads, writes, deletes: the queries. keys: the columns of the primary key,
    each with what comes before all of its values.

    change: from the alias and a row, without its key, to the columns to write; None if it stays, NEEDLESS if
    it goes.
    """

    name: str
    reads: str
    writes: str
    deletes: str = ""
    keys: Mapping[str, Any]
    change: Callable[[Alias, Row], Mapping[str, Any] | None]


def _scheduled(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    (publication,) = row
    if publication is None:
        return None
    stored = json.loads(alias.in_json(publication) or publication)
    mine = Audience.user(alias.user_id)
    audiences = [one for one in stored["audiences"] if one != mine]
    if len(audiences) < len(stored["audiences"]):
        stored |= {"audiences": audiences, "recipients": len(audiences)}
    if not audiences:
        return NEEDLESS
    return {"publication": to_json(stored), "rows_count": len(audiences)}


def _digest_item(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    (publication,) = row
    changed = None if publication is None else alias.in_json(publication)
    return None if changed is None else {"publication": changed}


def _group(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    group_key, actors = row
    changed = None if actors is None else alias.in_people(actors)
    new_key = alias.in_group_key(group_key)
    return None if changed is None and new_key == group_key else {"new_group_key": new_key, "actors": changed}


def _group_actor(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    actor_id, publisher, publication = row
    changed = None if publication is None else alias.in_json(publication)
    if changed is None and alias.user_id not in (actor_id, publisher):
        return None
    return {"new_actor_id": alias.of(actor_id), "publisher": alias.of(publisher), "publication": changed}


def _text(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    (text,) = row
    changed = None if text is None else alias.in_members(text)
    return None if changed is None else {"text": changed}


def _notification(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    body, publisher = row
    changed = None if body is None else alias.in_json(body)
    return (
        None if changed is None and publisher is None else {"body": changed, "publisher": alias.of(publisher)}
    )


def _room(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    created_by, pair = row
    users = [] if pair is None else json.loads(pair)
    if alias.user_id not in (created_by, *users):
        return None
    changed = pair if alias.user_id not in users else to_json(sorted(alias.of(one) or "" for one in users))
    return {"created_by": alias.of(created_by), "pair": changed}


def _ban(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    (banned_by,) = row
    return {"banned_by": alias.alias} if banned_by == alias.user_id else None


def _push_report(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    (outcomes,) = row
    if outcomes is None:
        return None
    before = json.loads(outcomes)
    return {"outcomes": to_json([one for one in before if one[0] != alias.user_id])}


def _push(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    audience, targets, sender_id, publisher, body, done_user, done_at = row
    if audience == Audience.user(alias.user_id):
        return NEEDLESS
    left = None if targets is None else [one for one in json.loads(targets) if one[0] != alias.user_id]
    if left == []:
        return NEEDLESS
    changed = None if body is None else alias.in_json(body)
    if changed is None and left is None and alias.user_id not in (sender_id, publisher, done_user):
        return None
    return {
        "targets": None if left is None else to_json(left),
        "sender_id": alias.of(sender_id),
        "publisher": alias.of(publisher),
        "body": changed,
        "done_user": done_user if done_at is None else "",
    }


def _content(alias: Alias, row: Row) -> Mapping[str, Any] | None:
    body, users, publisher = row
    if body is None:
        return None
    others = None if users is None else [one for one in json.loads(users) if one != alias.user_id]
    return {
        "body": alias.in_json(body, is_frame=not body.startswith(_NOTIFICATION)) or body,
        "users": None if others is None else to_json(others),
        "publisher": alias.of(publisher),
    }


_SCANS = (
    Scan(
        name="scheduled",
        reads="scan_scheduled",
        writes="write_scheduled",
        deletes="delete_needless_scheduled",
        keys={"id": ""},
        change=_scheduled,
    ),
    Scan(
        name="digest_items",
        reads="scan_digest_items",
        writes="write_digest_items",
        keys={"user_id": "", "id": ""},
        change=_digest_item,
    ),
    Scan(
        name="groups",
        reads="scan_groups",
        writes="write_groups",
        keys={"audience": "", "category": "", "group_key": ""},
        change=_group,
    ),
    Scan(
        name="group_actors",
        reads="scan_group_actors",
        writes="write_group_actors",
        keys={"audience": "", "notification_id": "", "actor_id": ""},
        change=_group_actor,
    ),
    Scan(name="texts", reads="scan_texts", writes="write_texts", keys={"id": ""}, change=_text),
    Scan(
        name="contents",
        reads="scan_contents",
        writes="write_contents",
        keys={"position": -1},
        change=_content,
    ),
    Scan(
        name="notifications",
        reads="scan_notifications",
        writes="write_notifications",
        keys={"audience": "", "position": -1, "id": ""},
        change=_notification,
    ),
    Scan(name="rooms", reads="scan_rooms", writes="write_rooms", keys={"id": ""}, change=_room),
    Scan(
        name="bans", reads="scan_bans", writes="write_bans", keys={"room_id": "", "user_id": ""}, change=_ban
    ),
    Scan(
        name="pushes",
        reads="scan_pushes",
        writes="write_pushes",
        deletes="delete_needless_pushes",
        keys={"id": ""},
        change=_push,
    ),
    Scan(
        name="push_reports",
        reads="scan_push_reports",
        writes="write_push_reports",
        keys={"push_id": "", "page": -1},
        change=_push_report,
    ),
)

SCANS: Mapping[str, Scan] = {one.name: one for one in _SCANS}
"""The scans, in their order: what waits to be published comes first."""


async def scan(tx: Transaction, how: Scan, alias: Alias, *, after: Sequence[Any] | None) -> Scanned:
    """Do one step of a scan."""
    names = list(how.keys)
    start = tuple(how.keys.values()) if after is None else after
    rows = await tx.run(
        how.reads,
        **{f"after_{name}": one for name, one in zip(names, start, strict=True)},
        user_id=alias.user_id,
        named=alias.pattern,
        limit=STEP_ROWS,
    )
    written, needless = [], []
    for row in rows:
        key = dict(zip(names, row[: len(names)], strict=True))
        changed = how.change(alias, row[len(names) :])
        if changed is NEEDLESS:
            needless.append(key)
        elif changed is not None:
            written.append({**key, **changed})
    if how.name == "contents":
        for one in written:
            await tx.rewrite_content(one["position"], one["body"])
    if written:
        tx.add(how.writes, rows=written)
    if needless:
        tx.add(how.deletes, rows=needless)
    has_more = len(rows) == STEP_ROWS
    return Scanned(has_more=has_more, after=tuple(rows[-1][: len(names)] if rows else start))
