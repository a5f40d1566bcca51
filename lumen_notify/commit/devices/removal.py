"""Removal: ends devices, one by one, with the sessions that registered them, and by age.

Not here: a device that a provider does not know any more, which is dropped (`commit/push/progress`). Its user
can read why, and it lives again when it is registered again.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value

STEP_DEVICES = 500
"""Devices that one step of retention deletes at most."""


@value
class DeleteDevice:
    """Delete a device of a user, by its id or its token. The result: whether the user had it.

    id: None if token_hash has it (`devices.token_hash`).
    """

    user_id: str
    id: str | None = None
    token_hash: str | None = None

    @property
    def conflict_key(self) -> str:
        """At most one deletion by a user per transaction, so that only one answers that it did it."""
        return "device:" + self.user_id


@value
class TrimDevices:
    """Delete one step of the devices that were dropped before a time, in milliseconds, or whose session has
    expired. The result: how many."""

    before: int

    @property
    def conflict_key(self) -> str:
        """At most one step of retention per transaction, so that it stays short."""
        return "retention"


async def delete_devices(tx: Transaction, commands: Sequence[DeleteDevice]) -> Sequence[bool]:
    """Handle DeleteDevice: a `committer.Handler`."""
    by_id = [{"id": one.id, "user_id": one.user_id} for one in commands if one.id is not None]
    by_token = [{"token_hash": one.token_hash, "user_id": one.user_id} for one in commands if one.id is None]
    deleted: set[str] = set()
    for name, rows in (("delete_devices", by_id), ("delete_devices_by_token", by_token)):
        if rows:
            deleted |= {key for (key,) in await tx.run(name, rows=rows)}
    return [(one.token_hash if one.id is None else one.id) in deleted for one in commands]


def end_devices_of_sessions(tx: Transaction, families: Sequence[str]) -> None:
    """Delete the devices that sessions have registered."""
    tx.add("delete_devices_of_sessions", rows=[{"family": family} for family in families])


def end_devices_of_users(tx: Transaction, user_ids: Sequence[str]) -> None:
    """Delete all devices of users."""
    if user_ids:
        tx.add("delete_devices_of_users", users=[{"user_id": user_id} for user_id in user_ids])


async def trim_devices(tx: Transaction, commands: Sequence[TrimDevices]) -> Sequence[int]:
    """Handle TrimDevices: a `committer.Handler`."""
    return [
        len(await tx.run("trim_devices", now=tx.now, before=one.before, limit=STEP_DEVICES))
        for one in commands
    ]
