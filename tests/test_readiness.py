"""Readiness: false while a write cannot pass, a task fails or delivery lags; and cheap to ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from clients import SECRET, eventually
from fake_backplane import FakeBackplane, Wire
from lumen_notify import readiness as module
from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.memory import MemoryBackplane
from lumen_notify.errors import BackplaneUnavailable, DatabaseUnavailable, Unavailable
from lumen_notify.model import now_ms
from lumen_notify.outages import Outage
from lumen_notify.readiness import Readiness
from lumen_notify.services import Services
from lumen_notify.settings import Secret, Settings
from lumen_notify.supervisor import Supervisor

PLACE = "LUMEN_BACKPLANE_URL (Redis at cache port 6379)"


class Process:
    """The parts that readiness asks, in the state that the test sets. probes: how many were submitted."""

    def __init__(self) -> None:
        self.now = 100.0
        self.is_draining = False
        self.supervisor = Supervisor()
        self.writes, self.reads = Outage("writes"), Outage("reads")
        self.backplane: Backplane = MemoryBackplane()
        self.committed_at = float("-inf")
        self.longest_wait_seconds = 0.0
        self.lag_seconds = 0.0
        self.probes = 0
        self.may_pass = asyncio.Event()
        self.may_pass.set()
        self.failure: DatabaseUnavailable | None = None
        self.build()

    def build(self) -> None:
        self.readiness = Readiness(
            self.supervisor,
            self,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            self.backplane,
            writes=self.writes,
            reads=self.reads,
            is_draining=lambda: self.is_draining,
            clock=lambda: self.now,
        )

    async def submit(self, _command: object) -> None:
        """Do what the committer does."""
        self.probes += 1
        await self.may_pass.wait()
        if self.failure is not None:
            self.writes.begin(self.failure)
            raise self.failure
        self.committed_at = self.now
        self.writes.end()

    async def problem(self) -> str | None:
        """Return the code of the problem; None if it is ready."""
        try:
            await self.readiness.check()
        except Unavailable as error:
            return error.code
        return None


async def test_process_whose_writes_pass_is_ready_and_writes_little() -> None:
    process = Process()
    assert await asyncio.gather(*(process.problem() for _ in range(1000))) == [None] * 1000
    assert process.probes == 1
    process.now += module.PROBE_SECONDS + 1
    process.committed_at = process.now - 1
    assert await process.problem() is None
    assert process.probes == 1, "others have written"


async def test_write_that_cannot_pass_is_seen_at_once_and_again_when_it_passes() -> None:
    process = Process()
    process.failure = DatabaseUnavailable("database or disk is full")
    assert [await process.problem() for _ in range(1000)] == ["database_unavailable"] * 1000
    assert process.probes == 1
    process.failure = None
    assert await process.problem() == "database_unavailable", "the result counts for a while"
    process.now += module.PROBE_SECONDS
    assert await process.problem() is None
    assert process.probes == 2


async def test_write_that_waits_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROBE_WAIT_SECONDS", 0.01)
    process = Process()
    process.may_pass.clear()
    assert [await process.problem() for _ in range(3)] == ["not_ready"] * 3
    assert process.probes == 1
    process.may_pass.set()
    await eventually(lambda: process.committed_at == process.now, what="the probe")
    assert await process.problem() is None


async def test_process_that_shuts_down_or_lags_is_not_ready() -> None:
    process = Process()
    assert await process.problem() is None
    process.is_draining = True
    assert await process.problem() == "draining"
    process.is_draining = False
    process.longest_wait_seconds = module.MAX_WAIT_SECONDS + 1
    assert await process.problem() == "not_ready"
    process.longest_wait_seconds = 0
    process.lag_seconds = module.MAX_LAG_SECONDS + 1
    assert await process.problem() == "not_ready"
    process.lag_seconds = 0
    process.reads.begin(DatabaseUnavailable("gone"))
    assert await process.problem() == "database_unavailable"
    process.reads.end()
    assert await process.problem() is None


async def test_each_part_is_told_with_the_age_of_its_newest_proof_ready_or_not() -> None:
    process = Process()
    process.lag_seconds = 0.25
    assert process.readiness.parts() == {
        "writes": {"status": "ok", "age_seconds": None},
        "log": {"status": "ok", "age_seconds": 0.25},
        "backplane": {"status": "ok", "age_seconds": None},
    }
    assert await process.problem() is None
    process.now += 3
    assert process.readiness.parts()["writes"] == {"status": "ok", "age_seconds": 3}
    process.writes.begin(DatabaseUnavailable("database or disk is full"))
    process.reads.begin(DatabaseUnavailable("gone"))
    parts = process.readiness.parts()
    assert parts["writes"] == {"status": "failing", "age_seconds": 3, "detail": "database or disk is full"}
    assert parts["log"] == {"status": "failing", "age_seconds": 0.25, "detail": "gone"}


async def test_write_that_waits_shows_in_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROBE_WAIT_SECONDS", 0.01)
    process = Process()
    process.may_pass.clear()
    assert await process.problem() == "not_ready"
    process.now += 1
    assert process.readiness.parts()["writes"]["status"] == "failing"
    process.may_pass.set()


async def test_backplane_that_fails_degrades_the_process_and_leaves_it_ready() -> None:
    process = Process()
    process.backplane = backplane = FakeBackplane(Wire())
    process.build()
    degraded = {"status": "degraded", "age_seconds": None, "detail": module.NOT_CONNECTED.format(place=PLACE)}
    assert process.readiness.parts()["backplane"] == degraded
    backplane.probed_at = backplane._clock()
    part = process.readiness.parts()["backplane"]
    assert part["status"] == "ok"
    assert part["age_seconds"] is not None
    backplane.outage.begin(BackplaneUnavailable("gone"))
    part = process.readiness.parts()["backplane"]
    assert (part["status"], part["detail"]) == ("degraded", module.BACKPLANE_FAILS.format(place=PLACE))
    assert await process.problem() is None


@pytest.mark.parametrize(
    "name", ["tail", "committer", "scheduler", "retention", "stream timers", "typing timers"]
)
async def test_each_task_that_fails_makes_the_process_not_ready_until_it_runs_again(
    sqlite_url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumen_notify.supervisor.SETTLED_SECONDS", 0.05)
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET))
    begun: dict[str, Callable[[], Awaitable[None]]] = {}
    start = Supervisor.start

    def spoilt(self: Supervisor, task: str, run: Callable[[], Awaitable[None]]) -> None:
        begun[task] = run

        async def fail_once() -> None:
            if task == name and not has_failed.is_set():
                has_failed.set()
                await may_go_on.wait()
                raise ZeroDivisionError
            await run()

        start(self, task, fail_once)

    monkeypatch.setattr(Supervisor, "start", spoilt)
    has_failed, may_go_on = asyncio.Event(), asyncio.Event()
    services = await Services.open(settings, now_ms)
    try:
        await asyncio.wait_for(has_failed.wait(), 20)
        monkeypatch.setattr("lumen_notify.supervisor.FIRST_PAUSE_SECONDS", 0.2)
        may_go_on.set()
        await eventually(lambda: services.supervisor.failing == name, what="the failure")
        with pytest.raises(Unavailable, match=f"`{name}`") as caught:
            await services.readiness.check()
        assert caught.value.code == "not_ready"
        await eventually(lambda: services.supervisor.failing is None, what="the task to settle")
        await services.readiness.check()
        assert f'lumen_task_failures_total{{task="{name}"}} 1.0' in services.metrics.text().decode()
        assert f'lumen_outage{{what="task {name}"}} 0.0' in services.metrics.text().decode()
    finally:
        await services.close()
