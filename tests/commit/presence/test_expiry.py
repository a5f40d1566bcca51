"""Expiry: who goes offline, when, and by whom."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.commit.presence.lease import BATCH_ROWS

from .reporting import LEASE_SECONDS, Reporting


async def test_user_goes_offline_when_the_last_stream_has_ended_and_the_grace_has_passed(
    first: Reporting, second: Reporting
) -> None:
    await first.open("ann")
    await second.open("ann")
    await first.end("ann", kept_ms=10_000)
    assert not (await first.expiry.due()).has_ended
    await first.pass_seconds(11)
    assert await second.take_offline() == [], "another one is open"
    assert await first.rows("lumen_connection") == 1
    await second.end("ann", kept_ms=10_000)
    assert await first.take_offline() == [], "the grace lasts"
    await first.pass_seconds(11)
    assert await first.take_offline() == ["ann"]
    assert await first.rows("lumen_connection") == 0


async def test_last_seen_is_when_the_last_stream_ended(first: Reporting) -> None:
    await first.open("ann")
    await first.end("ann", kept_ms=10_000)
    ((ended_at,),) = await first.run_sql("SELECT ended_at FROM lumen_connection")
    await first.pass_seconds(11)
    await first.take_offline()
    found = await first.online.of_user("ann")
    assert found is not None
    assert (found.is_online, found.last_seen_at) == (False, ended_at - 11_000)


async def test_user_who_reconnects_elsewhere_within_the_grace_stays_online(
    first: Reporting, second: Reporting
) -> None:
    await first.open("ann")
    await first.end("ann", kept_ms=10_000)
    assert await second.open("ann") == []
    await first.pass_seconds(11)
    assert await first.take_offline() == []
    assert await first.online.count() == 1


async def test_users_of_an_instance_whose_lease_ran_out_go_offline_unless_they_are_elsewhere(
    first: Reporting, second: Reporting
) -> None:
    await first.open("ann", "bob")
    await second.open("bob")
    assert not (await second.expiry.due()).has_expired
    await first.pass_seconds(LEASE_SECONDS / 2)
    await second.lease.renew()
    await first.pass_seconds(LEASE_SECONDS / 2 + 1)
    assert not (await first.expiry.due()).has_expired, "nobody ends their own"
    assert await second.take_offline() == ["ann"]
    assert await second.rows("lumen_instance") == await second.rows("lumen_connection") == 1


async def test_two_instances_that_look_at_once_announce_each_user_once(
    first: Reporting, second: Reporting
) -> None:
    users = [f"user{n:03}" for n in range(200)]
    await first.open(*users)
    await second.open("other")
    await first.end(*users)
    found = await asyncio.gather(first.take_offline(), second.take_offline())
    assert sorted(found[0] + found[1]) == users


async def test_stream_that_opens_while_its_user_is_taken_offline_announces_them_online(
    first: Reporting, second: Reporting
) -> None:
    await first.open("ann")
    await second.open("other")
    for _ in range(20):
        await first.end("ann")
        offline, online = await asyncio.gather(first.take_offline(), second.open("ann"))
        assert online == offline, "both or none"
        found = await first.online.of_user("ann")
        assert found is not None
        assert found.is_online
        first, second = second, first


@pytest.mark.slow
async def test_leases_of_twenty_instances_with_many_users_end_in_steps(database: Database) -> None:
    instances = [Reporting(database, f"instance{n:02}") for n in range(20)]
    for number, one in enumerate(instances):
        await one.open(*(f"user{number:02}-{n:03}" for n in range(250)), "everywhere")
    survivor, large = instances[0], instances[1]
    await large.open(*(f"large{n:04}" for n in range(BATCH_ROWS)))
    await survivor.pass_seconds(LEASE_SECONDS * 0.9)
    await survivor.lease.begin(kept_ms=60_000)
    await survivor.open(*(f"user00-{n:03}" for n in range(250)), "everywhere")
    await survivor.pass_seconds(LEASE_SECONDS * 0.2)
    offline = await survivor.take_offline()
    assert len(offline) == 19 * 250 + BATCH_ROWS
    assert not any(user.startswith("user00") for user in offline)
    assert "everywhere" not in offline
    assert await survivor.rows("lumen_instance") == 1
    assert await survivor.online.count() == 251
