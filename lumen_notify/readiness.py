"""Readiness: whether this process can serve requests, and the state of each part, for /readyz.

| not ready while | code |
|---|---|
| the server shuts down | `draining` |
| a task has failed and has not settled since | `not_ready` |
| a command has waited for MAX_WAIT_SECONDS | `not_ready` |
| streams are MAX_LAG_SECONDS behind the log, or the log cannot be read | `not_ready`, or the database's |
| a write does not pass: the database is full, read-only, locked or down | the database's |

A backplane that fails does not make the process unready: the log is polled, so events of other instances are
a second late. To take all instances out because Redis is down would make an outage of a delay. It shows as
`degraded`.

Promise: asking costs next to nothing, however often. Whether a write passes is known from those that were
committed lately; only if there was none within PROBE_SECONDS is one written, for all who ask. The backplane
sends its probes by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lumen_notify.accept.health import ReadinessPart, ReadinessParts
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.probe import Probe
from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.remote import RemoteBackplane
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


NO_WRITE = "A write does not pass: it waits for the database."
BACKPLANE_FAILS = "Other instances are not reached by {place}: their events arrive up to a second late."
NOT_CONNECTED = "Other instances are not reached yet by {place}: no probe has come back."


class Readiness:
    """Answers /readyz. writes, reads: the outages of the committer and the tail. clock: monotonic seconds."""

    def __init__(
        self,
        supervisor: Supervisor,
        committer: Committer,
        tail: Tail,
        backplane: Backplane,
        *,
        writes: Outage,
        reads: Outage,
        is_draining: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._supervisor = supervisor
        self._committer = committer
        self._tail = tail
        self._backplane = backplane
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
        if (problem := self._problem_of_log()) is not None:
            raise problem
        await self._probe()
        self._check_writes()

    def parts(self) -> ReadinessParts:
        """Return the state of each part, as far as it is known, with the age of the newest proof that it
        works: a write that was committed, a look at the log's end, a probe that has come back."""
        committed_ago = self._clock() - self._committer.committed_at
        return {
            "writes": _part(self._problem_of_writes(), committed_ago),
            "log": _part(self._problem_of_log(), self._tail.lag_seconds),
            "backplane": self._backplane_part(),
        }

    def _backplane_part(self) -> ReadinessPart:
        if not isinstance(self._backplane, RemoteBackplane):
            return {"status": "ok", "age_seconds": None}
        age_seconds, has_failed = self._backplane.probe_age_seconds, self._backplane.outage.error is not None
        age = None if age_seconds is None else round(age_seconds, 3)
        if not has_failed and age is not None:
            return {"status": "ok", "age_seconds": age}
        detail = BACKPLANE_FAILS if has_failed else NOT_CONNECTED
        detail = detail.format(place=self._backplane.outage.place)
        return {"status": "degraded", "age_seconds": age, "detail": detail}

    def _check_writes(self) -> None:
        is_known = self._clock() - self._probed_at < PROBE_SECONDS or self._probing is not None
        problem = self._problem_of_writes()
        if problem is not None and (is_known or self._writes.error is None):
            raise problem

    def _problem_of_writes(self) -> Exception | None:
        if self._writes.error is not None:
            return _again(self._writes.error)
        if (waited := self._committer.longest_wait_seconds) > MAX_WAIT_SECONDS:
            return Unavailable(f"A write has waited for {waited:.0f} seconds.", code="not_ready")
        if self._probing is not None and self._clock() - self._probed_at >= PROBE_WAIT_SECONDS:
            return Unavailable(NO_WRITE, code="not_ready")
        return None

    def _problem_of_log(self) -> Exception | None:
        if self._reads.error is not None:
            return _again(self._reads.error)
        if (lag := self._tail.lag_seconds) > MAX_LAG_SECONDS:
            return Unavailable(f"Streams are {lag:.0f} seconds behind the log.", code="not_ready")
        return None

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
            raise Unavailable(NO_WRITE, code="not_ready")

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


def _part(problem: Exception | None, age_seconds: float) -> ReadinessPart:
    """Return the state of a part with this problem. age_seconds: of the newest proof; infinite for none."""
    part: ReadinessPart = {
        "status": "ok" if problem is None else "failing",
        "age_seconds": None if age_seconds == float("inf") else round(age_seconds, 3),
    }
    if problem is not None:
        part["detail"] = str(problem)
    return part
