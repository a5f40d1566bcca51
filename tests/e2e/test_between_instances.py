"""Between two instances: typing, presence, renewals and limits of one reach the streams of the other, by each
backplane."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from clients import Api, EventStream, eventually, token
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.model import rfc3339
from lumen_notify.services import Services
from sites import Site, open_site

pytestmark = [pytest.mark.postgresql, pytest.mark.server]


class Pair:
    """Two instances on one database, with alice and bob in a room. bob has a stream on the second one."""

    def __init__(self, here: Site, there: Site, stream: EventStream) -> None:
        self.here = here
        self.there = there
        self.stream = stream

    def typing(self) -> list[bool]:
        """Return what bob's stream has shown of alice's typing."""
        return [
            frame.data["is_typing"]
            for frame in self.stream.frames
            if frame.event == "typing" and frame.data["user"]["id"] == "alice"
        ]

    def connection(self) -> Connection:
        """Return bob's stream, as its instance has it."""
        (connection,) = services_of(self.there).streams.of_user("bob")
        return connection


def services_of(site: Site) -> Services:
    assert site.lumen._services is not None
    return site.lumen._services


async def connect(here: Services, there: Services) -> None:
    """Wait until a message from one arrives at the other."""

    def arrives() -> bool:
        here.backplane.send("test", {})
        return there.messages.unknown > 0

    await eventually(arrives, what="the instances to reach each other")


async def say(site: Site, *, is_typing: bool) -> None:
    await site.api("alice").ask("POST", "/rooms/tea/typing", {"is_typing": is_typing})


async def renew(site: Site, ttl_seconds: int) -> str:
    """Renew bob's streams; return when they end."""
    bob = Api(site.http, "bob", ttl_seconds=ttl_seconds)
    renewed = await bob.ask("POST", "/notifications/stream/renew")
    assert renewed.keys() == {"expires_at"}
    return str(renewed["expires_at"])


@pytest.fixture(params=["postgresql", "redis"])
async def pair(request: pytest.FixtureRequest, postgresql_url: str) -> AsyncIterator[Pair]:
    settings: dict[str, Any] = {"presence_grace_seconds": 1.0, "max_streams_per_user": 2}
    if request.param == "redis":
        settings["backplane_url"] = request.getfixturevalue("valkey").url
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(open_site(postgresql_url, **settings)) for _ in range(2)
        ]
        for one, other in ((here, there), (there, here)):
            await connect(services_of(one), services_of(other))
        await here.api("alice").ask("POST", "/rooms", {"id": "tea", "kind": "private", "members": ["bob"]})
        stream = await EventStream.open(there.base_url, token("bob"))
        stack.push_async_callback(stream.close)
        await stream.wait_for_event("ready")
        yield Pair(here, there, stream)


async def test_typing_on_one_instance_is_shown_and_ended_on_the_other(pair: Pair) -> None:
    await say(pair.here, is_typing=True)
    await pair.stream.wait_for(lambda: pair.typing() == [True], what="the typing")
    await say(pair.there, is_typing=False)  # a balancer chose the other instance
    await pair.stream.wait_for(lambda: pair.typing() == [True, False], what="its end")


async def test_renewal_on_one_instance_prolongs_the_stream_on_the_other(pair: Pair) -> None:
    ends_at = await renew(pair.here, 7200)
    await eventually(lambda: rfc3339(pair.connection().expires_at) == ends_at, what="the renewal")
    for site in (pair.here, pair.there):
        await renew(site, 60)
    assert rfc3339(pair.connection().expires_at) == ends_at, "an earlier time changes nothing"


async def test_user_with_a_stream_on_one_instance_is_online_on_the_other_until_it_ends(pair: Pair) -> None:
    def seen() -> list[str]:
        return [one.data["status"] for one in pair.stream.presence if one.data["user"]["id"] == "alice"]

    stream = await EventStream.open(pair.here.base_url, token("alice"))
    await pair.stream.wait_for(lambda: seen() == ["online"], what="alice to be online")
    await stream.close()
    await pair.stream.wait_for(lambda: seen() == ["online", "offline"], what="alice to be offline")


async def test_too_many_streams_of_a_user_end_on_whichever_instance_they_are(pair: Pair) -> None:
    newer = [await EventStream.open(pair.here.base_url, token("bob")) for _ in range(2)]
    closing = await pair.stream.wait_for_event("closing")
    assert closing.data["reason"] == "replaced"
    for stream in newer:
        await stream.close()


async def test_group_of_several_users_is_shown_with_its_text_on_the_other_instance(pair: Pair) -> None:
    body = {
        "to": {"users": ["bob", "cyd"]},
        "category": "like",
        "content": "liked your photo",
        "group_key": "photo",
    }
    await pair.here.api("alice").post("", body)
    await pair.here.api("alice").post("", body)
    shown = await pair.stream.wait_for_event("message")
    assert shown.data["data"]["content"] == "liked your photo"
