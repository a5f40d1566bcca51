"""RevocationReader: what any instance has revoked is refused here a second later."""

from __future__ import annotations

from typing import Any

import pytest

from clients import eventually
from lumen_notify.auth import Revocations
from lumen_notify.commit.accounts import revocations as module
from lumen_notify.commit.accounts.revocations import RevocationReader
from lumen_notify.commit.accounts.sessions import LogOutEverywhere
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import now_ms
from supervised import supervised

from ..store import Store


class Recorded(Revocations):
    """Revocations that record what they are told. told: since the last read."""

    def __init__(self, newest: int = 0) -> None:
        super().__init__({"before": newest} if newest else None)
        self.told: dict[str, int] = {}

    def revoke(self, user_id: str, not_before: int) -> None:
        self.told[user_id] = not_before
        super().revoke(user_id, not_before)


class Reader:
    """A reader, and what it has told."""

    def __init__(self, store: Store, newest: int = 0) -> None:
        self.revocations = Recorded(newest)
        self.told = self.revocations.told
        self.reader = RevocationReader(store.database, self.revocations)

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


async def test_revocations_of_another_database_replace_those_that_were_known(
    store: Store, other_store: Store
) -> None:
    reader = Reader(store)
    await log_out(store, "ann")
    await log_out(store, "bob")
    await reader.read()
    async with store.database.transaction() as transaction:  # a backup is restored
        await transaction.run_sql("DELETE FROM lumen_revocation WHERE user_id = 'ann'")
    other_store.now -= 60_000  # by a clock that is behind
    await log_out(other_store, "carol")
    known = reader.revocations.copy()
    reader.reader.forget()
    await reader.read()
    assert reader.revocations.copy() == {"bob": known["bob"], "carol": other_store.now + 1}
    assert known.keys() == {"ann", "bob"}


async def test_revocation_while_all_are_read_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(store)
    await log_out(store, "ann")
    await reader.read()
    fetch = store.database.fetch

    async def interrupted(name: str, **values: Any) -> Any:
        rows = await fetch(name, **values)
        reader.revocations.revoke("ann", 2**50)
        reader.revocations.revoke("bob", 2**50)
        return rows

    monkeypatch.setattr(store.database, "fetch", interrupted)
    reader.reader.forget()
    await reader.read()
    assert reader.revocations.copy() == {"ann": 2**50, "bob": 2**50}
