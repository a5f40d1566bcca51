"""Groups: what the row of a group shows once one of its parts was changed or taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.notifications.publication import shown_fields
from lumen_notify.commit.publications.rows import Part, PublishedRow
from lumen_notify.commit.publications.texts import Edit
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import rfc3339, to_json


def shown_without(tx: Transaction, row: PublishedRow, parts: Sequence[Part], actors_count: int) -> Edit:
    """Return the edit of a row that shows its newest part, and write the group's actors.

    parts: the latest ones that are left, newest first. actors_count: the number of all that are left.
    """
    before = json.loads(row.body)
    known = {actor["id"]: actor for actor in before.get("actors", ())}
    actors = [_actor(part, known) for part in parts]
    shown, expires_at = before, row.expires_at
    if (newest := parts[0].publication) is not None:
        expires_at = newest["expires_at"]
        shown = shown_fields(
            row.id,
            row.category,
            {**newest["fields"], "group_key": before["group_key"]},
            created_at=rfc3339(newest["created_at"]),
            expires_at=expires_at,
        )
    after = {**shown, "actors": actors, "actors_count": actors_count}
    tx.add(
        "set_group_shown",
        rows=[
            {
                "audience": row.audience,
                "notification_id": row.id,
                "category": row.category,
                "actors": to_json(actors),
                "actors_count": actors_count,
            }
        ],
    )
    return Edit(row=row, data=after, expires_at=expires_at, shared=parts[0].shared)


def _actor(part: Part, known: dict[str, Any]) -> Any:
    if part.publication is not None:
        return part.publication["fields"]["sender"]
    return known.get(part.actor_id) or {"id": part.actor_id, "username": part.actor_id, "avatar": None}
