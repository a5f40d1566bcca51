"""Readiness: whether this process can serve requests, for /readyz.

| not ready while | code |
|---|---|
| the server shuts down | `draining` |
| a task has failed and has not settled since | `not_ready` |
| a command has waited for MAX_WAIT_SECONDS | `not_ready` |
| streams are MAX_LAG_SECONDS behind the log, or the log cannot be read | `not_ready`, or the database's |
| a write does not pass: the database is full, read-only, locked or down | the database's |

Promise: asking costs next to nothing, however often. Whether a write passes is known from those that were
committed lately; only if there was none within PROBE_SECONDS is one written, for all who ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lumen_notify.commit.committer import Committer
from lumen_notify.commit.probe import Probe
from lumen_notify.deliver.tail import Tail
from lumen_notify.errors import Unavailable
from lumen_notify.outages import Outage
from lumen_notify.supervisor import Supervisor

MAX_WAIT_SECONDS = 10.0
MAX_LAG_SECONDS = 10.0

PROBE_SECONDS = 5.0
"""How long the result of a write counts."""

PROBE_WAIT_SECONDS = 2.0
"""How long an answer waits for the write. A write that takes longer does not pass."""


class Readiness:
    """Answers /readyz. writes, reads: the outages of the committer and the tail. clock: monotonic seconds."""

    def __init__(
        self,
        supervisor: Supervisor,
        committer: Committer,
        tail: Tail,
        *,
        writes: Outage,
        reads: Outage,
        is_draining: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._supervisor = supervisor
        self._committer = committer
        self._tail = tail
        self._writes = writes
        self._reads = reads
        self._is_draining = is_draining
        self._clock = clock
        self._probing: asyncio.Task[None] | None = None
        self._probed_at = float("-inf")

    async def check(self) -> None:
        """Return if the process is ready. Raises Unavailable with the reason."""
        if self._is_draining():
            raise Unavailable("The server is shutting down.", code="draining")
        if (task := self._supervisor.failing) is not None:
            raise Unavailable(f"The task `{task}` has failed and is being restarted.", code="not_ready")
        self._check_writes()
        if self._reads.error is not None:
            raise _again(self._reads.error)
        if (lag := self._tail.lag_seconds) > MAX_LAG_SECONDS:
            raise Unavailable(f"Streams are {lag:.0f} seconds behind the log.", code="not_ready")
        await self._probe()
        self._check_writes()

    def _check_writes(self) -> None:
        is_known = self._clock() - self._probed_at < PROBE_SECONDS or self._probing is not None
        if self._writes.error is not None and is_known:
            raise _again(self._writes.error)
        if (waited := self._committer.longest_wait_seconds) > MAX_WAIT_SECONDS:
            raise Unavailable(f"A write has waited for {waited:.0f} seconds.", code="not_ready")

    async def _probe(self) -> None:
        """Write something if nothing was committed lately; wait for it at most PROBE_WAIT_SECONDS."""
        now = self._clock()
        has_worked = self._writes.error is None and now - self._committer.committed_at < PROBE_SECONDS
        if self._probing is None:
            if has_worked or now - self._probed_at < PROBE_SECONDS:
                return
            self._probed_at = now
            self._probing = asyncio.get_running_loop().create_task(self._write(), name="write-probe")
        await asyncio.wait([self._probing], timeout=PROBE_WAIT_SECONDS - (now - self._probed_at))
        if self._probing is not None:
            raise Unavailable("A write does not pass: it waits for the database.", code="not_ready")

    async def _write(self) -> None:
        try:
            await self._committer.submit(Probe())
        except Unavailable:
            pass  # the outage knows
        finally:
            self._probing = None


def _again(error: Exception) -> Exception:
    """Return an exception like one that was raised before, with a traceback of its own."""
    if isinstance(error, Unavailable):
        return type(error)(error.message, code=error.code)
    return Unavailable("A write has failed.", code="not_ready")
