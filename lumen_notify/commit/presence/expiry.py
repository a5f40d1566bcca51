"""Expiry: takes users offline whose last stream has ended, on whichever instance.

Every instance looks; a row that one of them works on is skipped by the others (SKIP LOCKED), so that each
change has one author. Nothing here waits for a lock that another instance holds.

A user's presence is locked before their streams are looked at: a stream that opens meanwhile on another
instance locks it too (`lease`), either before, and is then seen, or afterwards, and then announces them
online.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.database import Database
from lumen_notify.commit.presence.lease import BATCH_ROWS, Change
from lumen_notify.model import value


@value
class Due:
    """What is to be done. now: ms of the database's clock. has_ended: streams have ended long enough ago.
    has_expired: the lease of another instance ran out."""

    now: int
    has_ended: bool
    has_expired: bool


class Expiry:
    """Ends what is due. instance: the name of this one, whose lease others look after."""

    def __init__(self, database: Database, *, instance: str) -> None:
        self._database = database
        self._instance = instance

    async def due(self) -> Due:
        """Look for work: one short query. Raises DatabaseUnavailable."""
        ((now, has_ended, has_expired),) = await self._database.fetch("presence_due", instance=self._instance)
        return Due(now=now, has_ended=bool(has_ended), has_expired=bool(has_expired))

    async def end_connections(self, now: int) -> bool:
        """End streams of an instance whose lease ran out, at most BATCH_ROWS; return whether any instance was
        found. now: of `due`. Raises DatabaseUnavailable."""
        async with self._database.transaction_beside() as tx:
            found = await tx.run("expired_instance", now=now, instance=self._instance)
            if not found:
                return False
            ((expired,),) = found
            rows = await tx.run("end_connections_of_instance", instance=expired, kept_ms=0, limit=BATCH_ROWS)
            if len(rows) < BATCH_ROWS:
                tx.add("close_lease", instance=expired)
        return True

    async def take_offline(self, now: int) -> tuple[Sequence[Change], bool]:
        """Delete ended streams, and take users offline who have no other; of BATCH_ROWS streams at most. now:
        of `due`.

        Returns the users who went offline, and whether more may be due. Raises DatabaseUnavailable.
        """
        async with self._database.transaction_beside() as tx:
            unlisted = await tx.run("delete_connections_without_presence", now=now, limit=BATCH_ROWS)
            due = await tx.run("due_users", now=now, limit=BATCH_ROWS)
            rows = [{"user_id": user_id} for (user_id,) in due]
            if not rows:
                return (), len(unlisted) == BATCH_ROWS
            offline = await tx.run("mark_offline", rows=rows, now=now)
            tx.add("delete_ended_connections", rows=rows, now=now)
        changes = [
            Change(user_id=user_id, is_online=False, at=at, last_seen_at=last_seen_at)
            for user_id, at, last_seen_at in offline
        ]
        return changes, True
