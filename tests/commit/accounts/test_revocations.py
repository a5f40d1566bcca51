"""RevocationReader: what any instance has revoked is refused here a second later."""

from __future__ import annotations

from typing import Any

import pytest

from clients import eventually
from lumen_notify.commit.accounts import revocations as module
from lumen_notify.commit.accounts.revocations import RevocationReader
from lumen_notify.commit.accounts.sessions import LogOutEverywhere
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import now_ms
from supervised import supervised

from ..store import Store


class Reader:
    """A reader, and what it has told."""

    def __init__(self, store: Store, newest: int = 0) -> None:
        self.told: dict[str, int] = {}
        self.reader = RevocationReader(store.database, self.told.__setitem__, newest=newest)

    async def read(self) -> dict[str, int]:
        self.told.clear()
        await self.reader.read()
        return dict(self.told)


async def log_out(store: Store, user: str) -> None:
    await store.committer.submit(LogOutEverywhere(user_id=user))


async def test_revocations_of_other_instances_are_read(store: Store, other_store: Store) -> None:
    reader = Reader(store)
    assert await reader.read() == {}
    await log_out(other_store, "ann")
    assert await reader.read() == {"ann": other_store.now + 1}
    other_store.now += 60_000
    await log_out(other_store, "bob")
    assert await reader.read() == {"ann": store.now + 1, "bob": other_store.now + 1}
    assert await reader.read() == {"bob": other_store.now + 1}, "no old ones again"


async def test_revocation_by_a_slower_clock_is_read_too(store: Store, other_store: Store) -> None:
    reader = Reader(store)
    await log_out(store, "ann")
    assert await reader.read() == {"ann": store.now + 1}
    other_store.now -= 5_000
    await log_out(other_store, "bob")
    assert (await reader.read())["bob"] == other_store.now + 1


async def test_reading_goes_on_after_an_outage(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.01)
    reader = Reader(store, newest=now_ms())
    fetch = store.database.fetch
    failures = 3

    async def fail_first(name: str, /, **values: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise DatabaseUnavailable("gone")
        return await fetch(name, **values)

    monkeypatch.setattr(store.database, "fetch", fail_first)
    store.now = now_ms()
    async with supervised(reader.reader.run):
        await log_out(store, "ann")
        await eventually(lambda: "ann" in reader.told, what="the revocation")
    assert failures == 0
