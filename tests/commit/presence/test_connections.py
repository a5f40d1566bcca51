"""Connections: what is read of the streams of all instances."""

from __future__ import annotations

from lumen_notify.model import new_id

from .reporting import LEASE_SECONDS, Reporting


async def test_streams_of_other_instances_are_read_in_pages(first: Reporting, second: Reporting) -> None:
    await first.open("ann", device="mobile")
    for _ in range(3):
        await second.open("ann", "bob")
    assert [(one.device, one.instance) for one in await second.connections.of_user("ann")] == [
        ("mobile", "first")
    ]
    all_of_them = await first.connections.of_user("ann")
    assert [one.instance for one in all_of_them] == ["second"] * 3
    assert [one.id for one in all_of_them] == sorted(one.id for one in all_of_them)
    page = await first.connections.of_user("ann", after=all_of_them[0].id, limit=1)
    assert page == all_of_them[1:2]
    await second.end("ann", kept_ms=10_000)
    assert await first.connections.of_user("ann") == all_of_them[:2]


async def test_all_but_the_newest_streams_are_too_many(first: Reporting, second: Reporting) -> None:
    await first.open("ann")
    oldest = first.ids["ann"]
    await second.open("ann")
    await first.open("ann", "bob")
    assert await second.connections.excess(["ann", "bob"], most=2) == [("ann", oldest)]
    assert await second.connections.excess(["ann", "bob"], most=3) == []
    await first.end("ann")
    assert await second.connections.excess(["ann"], most=2) == []


async def test_streams_of_an_instance_that_is_gone_do_not_count(first: Reporting, second: Reporting) -> None:
    await first.open("ann")
    await first.pass_seconds(LEASE_SECONDS + 1)
    await second.open("ann")
    assert await second.connections.excess(["ann"], most=1) == []
    assert await second.connections.excess([new_id()], most=1) == []
