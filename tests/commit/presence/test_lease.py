"""Lease: what an instance writes of its streams, and what it may no longer write."""

from __future__ import annotations

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.commit.presence.lease import BATCH_ROWS

from .reporting import LEASE_SECONDS, Reporting


async def test_first_stream_makes_a_user_online_further_ones_do_not(
    first: Reporting, second: Reporting
) -> None:
    assert await first.open("ann", "bob") == ["ann", "bob"]
    assert await first.open("ann") == []
    assert await second.open("ann", "cid") == ["cid"]
    assert await first.online.count() == 3


async def test_stream_that_opens_and_ends_in_one_write_leaves_nothing(first: Reporting) -> None:
    await first.open("ann")
    await first.end("ann")
    assert await first.take_offline() == ["ann"]
    await first.lease.close()
    assert await first.rows("lumen_connection") == await first.rows("lumen_instance") == 0


async def test_lease_that_ran_out_covers_no_write(first: Reporting) -> None:
    await first.open("ann")
    await first.pass_seconds(LEASE_SECONDS / 2)
    assert await first.lease.renew()
    await first.pass_seconds(LEASE_SECONDS * 0.9)
    assert await first.lease.renew(), "it had been renewed"
    await first.pass_seconds(LEASE_SECONDS + 1)
    assert await first.write("bob") is None
    assert not first.lease.is_open
    assert await first.rows("lumen_connection") == 1


async def test_lease_that_begins_anew_ends_what_it_does_not_write_again(first: Reporting) -> None:
    await first.open("ann", "bob")
    ann = first.ids["ann"]
    await first.lease.begin(kept_ms=0)
    first.ids["ann"] = ann
    assert await first.open("bob") == [], "presence goes on"
    assert await first.take_offline() == ["ann"]


async def test_rows_that_were_ended_come_back(first: Reporting, second: Reporting) -> None:
    await first.open("ann")
    await first.pass_seconds(LEASE_SECONDS + 1)
    assert await second.take_offline() == ["ann"]
    assert await first.write("ann") is None
    assert await first.open("ann") == ["ann"], "an instance that was paused says so again"


async def test_without_presence_streams_make_nobody_online(database: Database) -> None:
    one = Reporting(database, "one", has_presence=False)
    assert await one.open("ann") == []
    await one.end("ann")
    assert await one.take_offline() == []
    assert await one.rows("lumen_presence") == await one.rows("lumen_connection") == 0


@pytest.mark.slow
async def test_lease_of_many_users_is_renewed_by_one_statement(
    first: Reporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [f"user{n:05}" for n in range(3 * BATCH_ROWS)]
    for begin in range(0, len(users), BATCH_ROWS):
        assert await first.open(*users[begin : begin + BATCH_ROWS]) is not None
    writer = first.database._beside
    executed: list[str] = []
    execute = writer._execute

    async def count(statements: list[object], **options: object) -> object:
        executed.extend(str(one) for one in statements)
        return await execute(statements, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "_execute", count)
    assert await first.lease.renew()
    begin_sql, update, commit = executed
    assert ("BEGIN" in begin_sql, "UPDATE lumen_instance" in update, "COMMIT" in commit) == (True, True, True)
