"""Lease: this instance's right to have its streams counted, and the writes that it covers.

Promises: renewing is one statement, whatever the number of streams; times are those of the database's clock,
so that the clocks of instances need not agree; no write waits for the log.

An instance that does not renew its lease in time, because it was paused or could not reach the database,
finds that out by its next write: `write` returns None. Others may have ended its streams meanwhile, so it
begins anew, and writes all of them again.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.database import Database
from lumen_notify.model import value

BATCH_ROWS = 1000
"""How many rows one transaction writes: some tens of milliseconds."""


@value
class Opened:
    """A stream that has opened. connected_at: milliseconds."""

    id: str
    user_id: str
    device: str | None
    connected_at: int


@value
class Ended:
    """A stream that has ended. kept_ms: for how long its user stays online without another one."""

    id: str
    kept_ms: int


@value
class Change:
    """A user came online, or went offline. at: ms of the database's clock; changes of one user ascend.

    last_seen_at: when the last stream of a user who went offline ended, in ms. is_by_choice: the user chose
    to appear so.
    """

    user_id: str
    is_online: bool
    at: int
    last_seen_at: int | None = None
    is_by_choice: bool = False


class Lease:
    """The lease of this instance. instance: its name. seconds: from one renewal to the end of the lease.

    has_presence: whether streams make their users online. is_open: whether the database has the lease, as far
    as is known here.
    """

    def __init__(self, database: Database, *, instance: str, seconds: float, has_presence: bool) -> None:
        self.is_open = False
        self._database = database
        self._instance = instance
        self._lease_ms = round(seconds * 1000)
        self._has_presence = has_presence

    async def begin(self, *, kept_ms: int) -> None:
        """Begin the lease, without any stream: those that the database has of this instance are ended, and
        keep their users online for `kept_ms`. Raises DatabaseUnavailable."""
        async with self._database.transaction_beside() as tx:
            await tx.run("open_lease", instance=self._instance, lease_ms=self._lease_ms)
        self.is_open = True
        rows: Sequence[object] = range(BATCH_ROWS)
        while len(rows) == BATCH_ROWS:
            async with self._database.transaction_beside() as tx:
                rows = await tx.run(
                    "end_connections_of_instance",
                    instance=self._instance,
                    kept_ms=kept_ms,
                    limit=BATCH_ROWS,
                )

    async def renew(self) -> bool:
        """Renew the lease; return False if it has run out. Raises DatabaseUnavailable."""
        return await self.write((), ()) is not None

    async def write(self, opened: Sequence[Opened], ended: Sequence[Ended]) -> Sequence[Change] | None:
        """Write streams that have opened or ended, and renew the lease; return the users who came online.

        opened, ended: at most BATCH_ROWS together. A stream may be in both. Returns None if the lease has run
        out; nothing was written. Raises DatabaseUnavailable; the streams may have been written.
        """
        async with self._database.transaction_beside() as tx:
            renewed = await tx.run("renew_lease", instance=self._instance, lease_ms=self._lease_ms)
            if not renewed:
                self.is_open = False
                return None
            if opened:
                tx.add("write_connections", rows=[self._row(one) for one in opened])
            if ended:
                rows = [{"id": one.id, "kept_ms": one.kept_ms} for one in ended]
                tx.add("end_connections", instance=self._instance, rows=rows)
            if not opened or not self._has_presence:
                return ()
            users = sorted({one.user_id for one in opened})
            online = await tx.run("mark_online", rows=[{"user_id": user_id} for user_id in users])
        return [Change(user_id=user_id, is_online=True, at=at) for user_id, at in online]

    async def close(self) -> None:
        """End the lease of an instance that has no streams any more. Raises DatabaseUnavailable."""
        async with self._database.transaction_beside() as tx:
            await tx.run("close_lease", instance=self._instance)
        self.is_open = False

    def _row(self, opened: Opened) -> dict[str, object]:
        return {
            "instance": self._instance,
            "id": opened.id,
            "user_id": opened.user_id,
            "device": opened.device,
            "connected_at": opened.connected_at,
        }
