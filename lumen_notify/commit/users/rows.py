"""Rows: what is one user's alone, and is deleted with them."""

from __future__ import annotations

from collections.abc import Mapping

from lumen_notify.commit.notifications.limits import sender_key
from lumen_notify.commit.publications.removal import STEP_NOTIFICATIONS, delete_rows
from lumen_notify.commit.publications.texts import withdraw_texts
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience

STEP_ROWS = 500
"""Rows of one table that a step deletes: some milliseconds of the writer's time."""

_BY_USER = (
    "delete_digest_items_of_user",
    "delete_scheduled_of_owner",
    "delete_receipts_of_user",
    "delete_spans_of_user",
    "delete_read_counts_of_user",
    "delete_keys_of_owner",
    "delete_preferences_of_user",
    "delete_settings_of_user",
    "delete_blocks_of_user",
    "delete_blocks_against_user",
    "delete_bans_of_user",
    "delete_mutes_of_user",
    "delete_waiting_of_user",
    "delete_push_rates_of_user",
    "delete_dead_letters_of_user",
    "delete_devices_of_user",
    "delete_sessions_of_user",
)
"""Queries that delete rows by the user's id."""

_BY_AUDIENCE = (
    "delete_groups_of_audience",
    "delete_group_actors_of_audience",
    "delete_tombstones_of_audience",
    "delete_totals_of_audience",
    "delete_removed_recipients_of_audience",
)
"""Queries that delete rows by the audience of the user, after the notifications."""

_SHARING = frozenset({"delete_digest_items_of_user", "delete_group_actors_of_audience"})
"""Those of rows that may share texts: they return the ids."""


async def delete_rows_of_user(tx: Transaction, user_id: str) -> bool:
    """Delete some rows of a user, from one table; return whether there may be more, in this one or others."""
    audience = Audience.user(user_id)
    found = await tx.run("oldest_notifications", audience=audience, limit=STEP_NOTIFICATIONS)
    if found:
        removed = await delete_rows(tx, [(id_, audience) for (id_,) in found])
        await withdraw_texts(tx, removed)
        return True
    for names, key in ((_BY_USER, {"user_id": user_id}), (_BY_AUDIENCE, {"audience": audience})):
        if await _delete_from_first(tx, names, key):
            return True
    await tx.run("delete_rate_limits_of_user", sender=sender_key(user_id), audience=audience)
    return False


async def _delete_from_first(tx: Transaction, names: tuple[str, ...], key: Mapping[str, str]) -> bool:
    for name in names:
        rows = await tx.run(name, **key, limit=STEP_ROWS)
        if name in _SHARING:
            for (text_id,) in rows:
                tx.texts.release(text_id)
        if rows:
            return True
    return False


async def has_streams(tx: Transaction, user_id: str) -> bool:
    """Return whether the user has an open stream on any instance, or had one a moment ago."""
    return bool(await tx.run("has_connections", user_id=user_id))
