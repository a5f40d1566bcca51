"""Push service: providers, dispatcher and worker start and stop together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.metrics import Metrics
from lumen_notify.push.provider import Provider
from lumen_notify.push.providers.log import LogProvider
from lumen_notify.push.push import Result
from lumen_notify.push.service import PushService
from lumen_notify.settings import Secret, Settings
from lumen_notify.supervisor import Supervisor


class ClosingProvider(LogProvider):
    """Records its end."""

    is_closed = False

    async def close(self) -> None:
        self.is_closed = True
        raise RuntimeError("cannot close")

    async def send(self, *_: object) -> Result:
        raise AssertionError


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.open()
    yield database
    await database.close()


async def submit(_command: Any) -> None:
    raise AssertionError


async def no_streams(_user_ids: Sequence[str]) -> Mapping[str, Collection[str | None]]:
    return {}


def service_of(
    database: Database, providers: dict[str, Provider], *, drain_seconds: float = 600.0
) -> tuple[PushService, Supervisor]:
    supervisor = Supervisor()
    settings = Settings(database_url=database.url, jwt_secret=Secret("s" * 32), drain_seconds=drain_seconds)
    service = PushService(
        providers,
        database,
        submit,
        lambda: 0,
        settings,
        streams=no_streams,
        may_run=lambda: True,
        supervisor=supervisor,
        metrics=Metrics(),
    )
    return service, supervisor


async def test_without_a_provider_nothing_runs(database: Database) -> None:
    before = asyncio.all_tasks()
    service, _ = service_of(database, {})
    service.start()
    assert asyncio.all_tasks() == before
    assert service.names == ()
    assert service.config() == {}
    await service.stop()


async def test_stop_ends_all_tasks_and_closes_each_provider(database: Database) -> None:
    before = asyncio.all_tasks()
    providers = {"log": ClosingProvider(), "other": ClosingProvider()}
    service, supervisor = service_of(database, dict(providers))
    service.start()
    assert service.names == ("log", "other")
    assert service.config() == {"log": {}, "other": {}}
    await service.stop()
    assert asyncio.all_tasks() == before
    assert all(provider.is_closed for provider in providers.values())
    assert supervisor.failing is None


async def test_page_under_way_has_the_drain_time_to_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopped(drain_seconds: float, work: Callable[[], Awaitable[object]]) -> bool:
        """Return whether the page has ended when the service has stopped."""
        is_ended = False
        has_begun = asyncio.Event()
        service, _ = service_of(database, {"log": LogProvider()}, drain_seconds=drain_seconds)

        async def run() -> None:
            nonlocal is_ended
            has_begun.set()
            await work()
            is_ended = True

        monkeypatch.setattr(service.worker, "run", run)
        service.start()
        await has_begun.wait()
        service.start_drain()
        await service.stop()
        return is_ended

    assert await stopped(600.0, lambda: asyncio.sleep(0.1))
    assert not await stopped(0.1, lambda: asyncio.sleep(600))
