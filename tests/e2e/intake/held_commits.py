"""Held commits: a batch that intake has written, and whose COMMIT ends when the test lets it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import asyncpg

from clients import eventually_true
from servers import run_sql

LOCK = 47114711
"""The advisory lock that each COMMIT waits for."""

CREATE = f"""
CREATE FUNCTION hold_commit() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER hold_commit AFTER INSERT ON lumen_intake
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold_commit();
SELECT pg_advisory_lock({LOCK})
"""
DROP = "DROP TRIGGER hold_commit ON lumen_intake; DROP FUNCTION hold_commit"
WAITING = f"SELECT pid FROM pg_locks WHERE objid = {LOCK} AND NOT granted"  # noqa: S608 - a constant


class HeldCommits:
    """Holds the commits of intake on PostgreSQL until `release`, or until its end."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(self._url)
        await self._connection.execute(CREATE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.release()
        await self._connection.execute(DROP)
        await self._connection.close()

    async def release(self) -> None:
        """Let batches be committed."""
        await self._connection.execute("SELECT pg_advisory_unlock_all()")

    async def wait_for_batch(self) -> None:
        """Wait until a batch is to be committed."""
        await eventually_true(lambda: self._run(WAITING), what="a batch")

    async def drop_batch(self) -> None:
        """End the sessions of a process that was killed: PostgreSQL would commit once it can."""
        for row in await self._run(WAITING):
            await self._run(f"SELECT pg_terminate_backend({row['pid']})")

    async def wait_for_commit(self) -> None:
        """Wait until a batch is committed."""
        await eventually_true(
            lambda: self._run("SELECT id FROM lumen_intake LIMIT 1"), what="a batch to be committed"
        )

    async def _run(self, statement: str) -> list[dict[str, Any]]:
        return await asyncio.to_thread(run_sql, self._url, statement)
