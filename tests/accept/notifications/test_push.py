"""Push by HTTP: which devices get what is published, by the log provider; and what rooms push."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clients import EventStream, eventually, eventually_true, token
from sites import Site, open_site, refused

from ..devices.device_requests import DEVICES, phone, quiet_now
from ..talk import HERE, ROOMS, call, done, say

PATH = "/api/v1/notifications"


class Phones:
    """A site whose pushes are printed, and what was printed."""

    def __init__(self, site: Site, log: pytest.LogCaptureFixture) -> None:
        self.site = site
        self._log = log

    async def register(self, user: str, **fields: Any) -> None:
        await done(self.site, user, "POST", DEVICES, phone(f"{user}-{fields.get('kind')}", **fields))

    async def publish(self, content: str, **fields: Any) -> str:
        """Publish to bob."""
        return await self.site.publish("bob", content, **fields)

    def pushed(self) -> list[dict[str, Any]]:
        """Return the payloads that were printed, in their order."""
        lines = [one.getMessage() for one in self._log.records if one.name == "lumen_notify.push"]
        return [json.loads(line.partition(": ")[2]) for line in lines if line.startswith("Push to")]

    async def contents(self) -> list[str]:
        """Return the contents that were pushed, once nothing is to be pushed any more."""
        await eventually_true(self._is_done, what="the end of all pushes")
        return [one["content"] for one in self.pushed() if one["type"] != "read"]

    async def _is_done(self) -> bool:
        services = self.site.lumen._services
        assert services is not None
        async with services.database.transaction() as transaction:
            ((left,),) = await transaction.run_sql("SELECT count(*) FROM lumen_push WHERE done_at IS NULL")
        return bool(left == 0)


@pytest.fixture
async def phones(database_url: str, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Phones]:
    """Run a site on each database. bob is in the public room `here`."""
    caplog.set_level(logging.INFO, logger="lumen_notify.push")
    async with open_site(database_url, push_providers=("log",), push_delay_seconds=0) as site:
        await done(site, "alice", "POST", ROOMS, {"id": "here", "kind": "public", "members": ["bob"]})
        yield Phones(site, caplog)


async def test_policies_and_kinds_of_devices_say_what_is_pushed(phones: Phones) -> None:
    for kind in ("mobile", "desktop"):
        await phones.register("bob", kind=kind)
    await phones.publish("never", push="never")
    await phones.publish("tablet", devices=["tablet"])
    await phones.publish("mobile", devices=["mobile", "tablet"])
    await phones.publish("offline")
    assert sorted(await phones.contents()) == ["mobile", "offline", "offline"]
    stream = await EventStream.open(phones.site.base_url, token("bob"))
    await stream.wait_for_event("ready")
    await eventually_true(lambda: _is_online(phones.site, "bob"), what="the stream to be known")
    await phones.publish("online", push="offline")
    await phones.publish("always", push="always")
    assert sorted((await phones.contents())[3:]) == ["always", "always"]
    await stream.close()


async def test_without_the_scope_nobody_rings_through_quiet_hours(phones: Phones) -> None:
    site = phones.site
    await done(
        site, "bob", "POST", ROOMS, {"id": "trap", "kind": "private", "title": "T", "members": ["eve"]}
    )
    await phones.register("eve")
    await done(site, "eve", "PATCH", "/api/v1/preferences", {"quiet_hours": quiet_now()})
    body = {"to": {"room": "trap"}, "category": "news", "content": "bob", "priority": "urgent"}
    await done(site, "bob", "POST", PATH, body)
    refused(await call(site, "bob", "POST", PATH, {**body, "push": "only"}), 403, "forbidden")
    refused(await call(site, "bob", "POST", PATH, [body, {**body, "push": "only"}]), 403, "forbidden")
    await done(site, "bob", "POST", PATH, {**body, "to": {"user": "bob"}, "push": "only"})
    for push in ("offline", "only"):
        await done(site, "alice", "POST", PATH, {**body, "content": f"alice {push}", "push": push})
    assert sorted(await phones.contents()) == ["alice offline", "alice only"]


async def _is_online(site: Site, user: str) -> bool:
    members = (await done(site, "alice", "GET", f"{ROOMS}/here/presence"))["items"]
    return any(one["user"]["id"] == user and one["status"] == "online" for one in members)


async def test_what_goes_to_devices_alone_is_in_no_list_and_taken_back_by_its_publisher(
    phones: Phones,
) -> None:
    site = phones.site
    await phones.register("bob")
    before = await site.state()
    stream = await EventStream.open(site.base_url, token("bob"))
    await stream.wait_for_event("ready")
    only = await phones.publish("for your pocket", push="only", title="Hello")
    assert await phones.contents() == ["for your pocket"]
    (push,) = phones.pushed()
    assert (push["id"], push["tag"], push["title"], push["unread_count"]) == (only, only, "Hello", 3)
    assert await site.state() == before
    refused(await call(site, "bob", "GET", f"{PATH}/{only}"), 404, "not_found")
    await done(site, "alice", "PATCH", f"{PATH}/{only}", {"content": "changed"})
    refused(await call(site, "eve", "DELETE", f"{PATH}/{only}"), 404, "not_found")
    await done(site, "alice", "DELETE", f"{PATH}/{only}")
    refused(await call(site, "alice", "DELETE", f"{PATH}/{only}"), 404, "not_found")
    await eventually(lambda: [one for one in phones.pushed() if one["type"] == "read"], what="its removal")
    assert phones.pushed()[-1]["tags"] == [only]
    await phones.publish("for all to see")
    frame = await stream.wait_for_event("message")
    assert frame.data["data"]["content"] == "for all to see"
    await stream.close()


async def test_what_is_read_leaves_the_device(phones: Phones) -> None:
    await phones.register("bob")
    one = await phones.publish("first")
    two = await phones.publish("second")
    assert await phones.contents() == ["first", "second"]
    await done(phones.site, "bob", "PUT", f"{PATH}/{two}", {"is_read": True})
    await eventually(lambda: phones.pushed()[-1]["type"] == "read", what="the removal of the second one")
    assert (phones.pushed()[-1]["tags"], phones.pushed()[-1]["unread_count"]) == ([two], 4)
    await done(phones.site, "bob", "POST", f"{PATH}/read", {"all": True})
    await eventually(lambda: len(phones.pushed()) == 4, what="the removal of the first one")
    assert (phones.pushed()[-1]["tags"], phones.pushed()[-1]["unread_count"]) == ([one], 0)


async def test_messages_and_mentions_are_pushed_but_not_to_who_sends_them(phones: Phones) -> None:
    site = phones.site
    for user in ("alice", "bob"):
        await phones.register(user)
    await say(site, "alice", "hi @bob", mentions=["bob"])
    assert await phones.contents() == ["hi @bob"]
    (mention,) = phones.pushed()
    assert (mention["type"], mention["category"]) == ("notification", "mention")
    await say(site, "alice", "Tea?")
    assert await phones.contents() == ["hi @bob", "Tea?"]
    assert (phones.pushed()[-1]["type"], phones.pushed()[-1]["tag"]) == ("message", "room:here")
    await done(site, "bob", "POST", HERE.replace("messages", "read"), {"up_to": 2})
    await eventually(lambda: phones.pushed()[-1]["type"] == "read", what="the removal of the room's push")
    assert phones.pushed()[-1]["tags"] == ["room:here"]
    await done(site, "alice", "POST", PATH, {"to": {"room": "here"}, "category": "news", "content": "All"})
    assert (await phones.contents())[2:] == ["All"]


async def test_nothing_is_written_while_push_is_off(sqlite_url: str) -> None:
    async with open_site(sqlite_url, push_providers=("off",)) as site:
        services = site.lumen._services
        assert services is not None
        async with services.database.transaction() as transaction:
            await transaction.run_sql(
                "INSERT INTO lumen_device"
                " (id, user_id, provider, token, token_hash, created_at, registered_at)"
                " VALUES ('d', 'bob', 'log', 't', 'h', 0, 0)"
            )
        await site.publish("bob", "hello")
        async with services.database.transaction() as transaction:
            assert await transaction.run_sql("SELECT * FROM lumen_push") == []
