"""Presence: what users learn of each other, over several instances on one database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import pytest

from clients import POLL_SECONDS, SECRET, WAIT_SECONDS, Api, EventStream, eventually, token
from conftest import StartServer
from instances import Instance, open_instances
from servers import PostgreSQL

QUICK: dict[str, Any] = {"lease_seconds": 3.0, "presence_grace_seconds": 1.0}

Change = tuple[str, str]


async def make_room(instance: Instance, *members: str, **fields: Any) -> str:
    body = {"members": list(members[1:]), **fields}
    id_: str = (await instance.api(members[0]).ask("POST", "/rooms", body))["id"]
    return id_


def changes(stream: EventStream) -> list[Change]:
    return [(frame.data["user"]["id"], frame.data["status"]) for frame in stream.presence]


async def wait_for(stream: EventStream, user: str, *statuses: str) -> None:
    """Wait for just these changes of a user."""

    def seen() -> list[str]:
        return [status for one, status in changes(stream) if one == user]

    await stream.wait_for(lambda: len(seen()) >= len(statuses), what=f"{user}: {statuses}")
    assert seen() == list(statuses)


async def shown(instance: Instance, reader: str, room: str) -> dict[str, Any]:
    page = await instance.api(reader).get_api(f"/rooms/{room}/presence")
    return {item["user"]["id"]: item for item in page["items"]}


async def until(read: Callable[[], Awaitable[Any]], is_so: Callable[[Any], bool]) -> None:
    """Wait until what is read is as it should be."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            if is_so(await read()):
                return
            await asyncio.sleep(POLL_SECONDS)


async def wait_until_nothing_is_left(*instances: Instance) -> None:
    """Wait until no instance counts anybody as online, and the database has no row of a stream."""
    sql = "SELECT (SELECT count(*) FROM lumen_connection) + (SELECT count(*) FROM lumen_instance)"

    async def count() -> int:
        async with instances[0].services.database.transaction_beside() as tx:
            return int((await tx.run_sql(sql))[0][0])

    await until(count, lambda found: found == 0)
    for one in instances:
        tracker = one.services.tracking.tracker
        await eventually(lambda it=tracker: not it.users_online, what="the gauge")  # type: ignore[misc]


async def test_user_is_online_on_every_instance_and_offline_after_the_grace(database_url: str) -> None:
    async with open_instances(database_url, 2, **QUICK) as (first, second):
        room = await make_room(first, "ann", "bob")
        bob = await second.stream("bob", device="desktop")
        ann = await first.stream("ann", device="mobile")
        await wait_for(bob, "ann", "online")
        frame = bob.presence[-1]
        assert frame.data == {"user": {"id": "ann"}, "status": "online", "last_seen_at": None}
        assert frame.id is None
        online = {"status": "online", "last_seen_at": None}
        for instance in (first, second):
            await until(
                partial(shown, instance, "bob", room), lambda found: found["bob"]["status"] == "online"
            )
            assert await shown(instance, "bob", room) == {
                "ann": {"user": {"id": "ann"}, "devices": ["mobile"], **online},
                "bob": {"user": {"id": "bob"}, "devices": ["desktop"], **online},
            }
        await ann.close()
        await wait_for(bob, "ann", "online", "offline")
        found = (await shown(first, "bob", room))["ann"]
        assert (found["status"], found["devices"]) == ("offline", [])
        assert found["last_seen_at"] == bob.presence[-1].data["last_seen_at"] is not None
        await bob.close()
        await wait_until_nothing_is_left(first, second)


async def test_only_those_who_share_a_room_get_frames_and_each_gets_one(database_url: str) -> None:
    async with open_instances(database_url, 2, **QUICK, presence_room_members=4) as (first, second):
        room = await make_room(first, "ann", "bob", "dan")
        await make_room(first, "ann", "bob", "cid")
        await make_room(first, "bob", "cid", "dan", "eve")
        await make_room(first, "ann", "eve", "user1", "user2", "user3")
        deleted = await make_room(first, "ann", "eve")
        await first.api("ann").ask("DELETE", f"/rooms/{deleted}")
        await first.api("ann").ask("DELETE", f"/rooms/{room}/members/dan")
        await first.api("ann").ask("PUT", "/blocks/cid")
        streams = [await one.stream(user) for one in (first, second) for user in ("bob", "cid", "dan", "eve")]
        ann = await first.stream("ann")
        elsewhere = await second.stream("ann")
        for stream in (streams[0], streams[4]):
            await wait_for(stream, "ann", "online")
        await ann.close()
        await elsewhere.close()
        for stream in (streams[0], streams[4]):
            await wait_for(stream, "ann", "online", "offline")
        for stream in streams:
            if stream not in (streams[0], streams[4]):
                assert "ann" not in dict(changes(stream))
            await stream.close()
        assert (await shown(first, "cid", await make_room(first, "ann", "cid")))["ann"][
            "last_seen_at"
        ] is None


async def test_user_who_hides_appears_offline_until_they_choose_otherwise(database_url: str) -> None:
    async with open_instances(database_url, 2, **QUICK) as (first, second):
        room = await make_room(first, "ann", "bob")
        bob = await second.stream("bob")
        ann = await first.stream("ann", device="mobile")
        await wait_for(bob, "ann", "online")
        answer = await first.api("ann").ask("PATCH", "/preferences", {"presence": "hidden"})
        assert answer["presence"] == "hidden"
        await wait_for(bob, "ann", "online", "offline")
        assert bob.presence[-1].data["last_seen_at"] is None
        found = (await shown(second, "bob", room))["ann"]
        assert (found["status"], found["devices"], found["last_seen_at"]) == ("offline", [], None)
        assert (await shown(second, "ann", room))["ann"]["status"] == "online"
        another = await second.stream("ann")
        await ann.close()
        await first.api("ann").ask("PATCH", "/preferences", {"presence": "shown"})
        await wait_for(bob, "ann", "online", "offline", "online")
        await another.close()
        await bob.close()


async def test_users_of_an_instance_that_stops_are_offline_and_come_back_with_it(postgresql_url: str) -> None:
    """The clocks of instances may differ by hours: leases are by the database's."""
    hour_ms = 3_600_000
    async with open_instances(postgresql_url, 2, **QUICK, ahead_ms=(hour_ms, 0)) as (first, second):
        room = await make_room(second, "ann", "bob")
        bob = await second.stream("bob")
        ann = await EventStream.open(first.base_url, token("ann", ttl_seconds=7200))
        await wait_for(bob, "ann", "online")
        await first.pause()
        await wait_for(bob, "ann", "online", "offline")
        assert (await shown(second, "bob", room))["bob"]["status"] == "online"
        first.resume()
        await wait_for(bob, "ann", "online", "offline", "online")
        assert len(await second.lumen.get_user_device_info("ann")) == 1
        await ann.close()
        await bob.close()


async def test_user_who_reconnects_elsewhere_after_a_shutdown_stays_online(postgresql_url: str) -> None:
    async with open_instances(postgresql_url, 2, **QUICK) as (first, second):
        await make_room(first, "ann", "bob")
        bob = await second.stream("bob")
        ann = await first.stream("ann")
        await wait_for(bob, "ann", "online")
        await first.lumen.close()
        await ann.wait_for_end()
        again = await second.stream("ann")
        eve = await second.stream("eve")
        await make_room(second, "eve", "bob")
        await eve.close()  # its end is announced after the grace
        await bob.wait_for(lambda: ("eve", "offline") in changes(bob), what="eve to be offline")
        assert [status for user, status in changes(bob) if user == "ann"] == ["online"]
        await again.close()
        await wait_for(bob, "ann", "online", "offline")
        await bob.close()
        await ann.close()


async def test_limit_of_streams_holds_over_all_instances_though_messages_are_lost(
    postgresql_url: str,
) -> None:
    async with open_instances(postgresql_url, 2, **QUICK, max_streams_per_user=2) as (first, second):
        first.is_deaf = True
        streams = [await one.stream("ann") for one in (first, second, first)]
        await eventually(lambda: first.services.streams.ended["replaced"] == 1, what="the oldest to end")
        await streams[0].wait_for_end()
        assert [frame.data["reason"] for frame in streams[0].frames if frame.event == "closing"] == [
            "replaced"
        ]
        newest = await second.stream("ann")
        await streams[1].wait_for_end()
        limits = [one.services.tracking.limit for one in (first, second)]
        await eventually(lambda: not any(one._users or one._next_users for one in limits), what="an end")
        assert (streams[2].has_ended, newest.has_ended) == (False, False)
        third = await second.stream("ann")
        await eventually(lambda: limits[1]._next_users, what="a message that is lost")
        first.is_deaf = False
        await streams[2].wait_for_end()
        for stream in (*streams, newest, third):
            await stream.close()


async def test_connections_of_all_instances_are_listed(database_url: str) -> None:
    async with open_instances(database_url, 2, **QUICK, presence="off") as (first, second):
        ann = await first.stream("ann", device="mobile")
        again = await second.stream("ann")
        for instance in (first, second):
            await until(partial(instance.lumen.get_user_device_info, "ann"), lambda found: len(found) == 2)
        ids = [stream.frames[0].data["connection_id"] for stream in (ann, again)]
        for instance in (first, second):
            items = (await instance.api("ann").get_api("/connections"))["items"]
            assert [one["id"] for one in items] == ids
            assert [one["device"] for one in items] == ["mobile", None]
            assert [one["instance"] for one in items] == [one.services.instance for one in (first, second)]
            assert await instance.lumen.get_user_device_info("ann") == [
                {
                    "connection_id": item["id"],
                    "device_type": item["device"],
                    "connected_at": item["connected_at"],
                    "instance": item["instance"],
                }
                for item in items
            ]
            assert (await instance.api("bob").get_api("/connections"))["items"] == []
        await ann.close()
        await again.close()
        await wait_until_nothing_is_left(first, second)


@pytest.mark.slow
async def test_killed_server_leaves_its_users_offline_within_the_lease(
    start_server: StartServer, postgresql_url: str
) -> None:
    quick = {
        "LUMEN_JWT_SECRET": SECRET,
        "LUMEN_LEASE_SECONDS": "3",
        "LUMEN_PRESENCE_GRACE_SECONDS": "1",
    }
    first, second = (start_server(database_url=postgresql_url, **quick) for _ in range(2))
    async with httpx.AsyncClient(base_url=second.url, timeout=30) as http:
        await Api(http, "ann").ask("POST", "/rooms", {"id": "here", "members": ["bob"]})
        bob = await EventStream.open(second.url, token("bob"))
        ann = await EventStream.open(first.url, token("ann"))

        async def status() -> str:
            items = (await Api(http, "bob").get_api("/rooms/here/presence"))["items"]
            return str({item["user"]["id"]: item["status"] for item in items}["ann"])

        await until(status, lambda found: found == "online")
        first.kill()
        await bob.wait_for(lambda: ("ann", "offline") in changes(bob), what="ann to be offline")
        assert await status() == "offline"
        await ann.close()
        await bob.close()


@pytest.mark.slow
async def test_nobody_goes_offline_while_postgresql_restarts(postgresql: PostgreSQL) -> None:
    async with open_instances(postgresql.create_database(), 2, **QUICK) as instances:
        first, second = instances
        room = await make_room(first, "ann", "bob", "cid")
        bob, ann = await second.stream("bob"), await first.stream("ann")
        await wait_for(bob, "ann", "online")
        postgresql.kill()
        outages = [one.services.supervisor.outage("presence") for one in instances]
        await eventually(lambda: all(one.error for one in outages), what="both to notice")
        postgresql.start()
        await eventually(lambda: not any(one.error for one in outages), what="both to go on")
        cid = await first.stream("cid")
        await wait_for(bob, "cid", "online")
        await cid.close()
        await wait_for(bob, "cid", "online", "offline")  # so all that is due has been announced
        assert ("ann", "offline") not in changes(bob)
        assert (await shown(first, "bob", room))["ann"]["status"] == "online"
        await ann.close()
        await bob.close()
