"""Reporting: an instance that reports streams, and moves the database's time for all."""

from __future__ import annotations

from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.presence.connections import Connections
from lumen_notify.commit.presence.expiry import Expiry
from lumen_notify.commit.presence.lease import Ended, Lease, Opened
from lumen_notify.commit.presence.online import StoredOnline
from lumen_notify.commit.presence.presence import Presence
from lumen_notify.model import new_id

LEASE_SECONDS = 60.0


class Reporting:
    """One instance. `open` and `end` return the users who came online, and nobody."""

    def __init__(self, database: Database, instance: str, *, has_presence: bool = True) -> None:
        self.database = database
        self.instance = instance
        self.connections = Connections(database, instance=instance)
        self.expiry = Expiry(database, instance=instance)
        self.online = StoredOnline(database)
        self.presence = Presence(database, self.online, max_room_members=3)
        self.lease = Lease(database, instance=instance, seconds=LEASE_SECONDS, has_presence=has_presence)
        self.ids: dict[str, str] = {}

    async def open(self, *users: str, device: str | None = None) -> list[str] | None:
        """Open a stream for each user. None: the lease ran out."""
        if not self.lease.is_open:
            await self.lease.begin(kept_ms=0)
        return await self.write(*users, device=device)

    async def write(self, *users: str, device: str | None = None) -> list[str] | None:
        """Do the same, with the lease that is there."""
        self.ids |= {user: new_id() for user in users}
        opened = [Opened(id=self.ids[user], user_id=user, device=device, connected_at=1) for user in users]
        changes = await self.lease.write(opened, ())
        return None if changes is None else [one.user_id for one in changes if one.is_online]

    async def end(self, *users: str, kept_ms: int = 0) -> None:
        """End the newest stream of each user."""
        ended = [Ended(id=self.ids[user], kept_ms=kept_ms) for user in users]
        assert await self.lease.write((), ended) == ()

    async def take_offline(self) -> list[str]:
        """Do what is due; return the users who went offline."""
        due = await self.expiry.due()
        while due.has_expired and await self.expiry.end_connections(due.now):
            pass
        offline: list[str] = []
        due = await self.expiry.due()
        is_more = due.has_ended
        while is_more:
            changes, is_more = await self.expiry.take_offline(due.now)
            offline += [one.user_id for one in changes if not one.is_online]
        return sorted(offline)

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass for the rows of the database."""
        ms = round(seconds * 1000)
        async with self.database.transaction_beside() as tx:
            await tx.run_sql(f"UPDATE lumen_instance SET lease_until = lease_until - {ms}")  # noqa: S608
            await tx.run_sql(
                f"UPDATE lumen_connection SET kept_until = kept_until - {ms}, ended_at = ended_at - {ms}"  # noqa: S608
            )

    async def rows(self, table: str) -> int:
        async with self.database.transaction_beside() as tx:
            ((count,),) = await tx.run_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(count)

    async def run_sql(self, sql: str) -> Any:
        async with self.database.transaction_beside() as tx:
            return await tx.run_sql(sql)
