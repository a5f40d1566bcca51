"""Streams by HTTP: administrators end those of a user, or one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from clients import EventStream, token
from lumen_notify.model import new_id
from sites import Site, refused

from .admins import ask, audited, done, refuse_others

ENDED = {"reason": "revoked", "reconnect": False}


@pytest.fixture
async def streams(stored: Site) -> AsyncIterator[list[EventStream]]:
    """Open two streams of bob and one of eve."""
    async with AsyncExitStack() as closing:
        opened = []
        for user in ("bob", "bob", "eve"):
            opened.append(await EventStream.open(stored.base_url, token(user)))
            closing.push_async_callback(opened[-1].close)
            await opened[-1].wait_for_event("ready")
        yield opened


def id_of(stream: EventStream) -> str:
    (ready,) = [frame for frame in stream.frames if frame.event == "ready"]
    return str(ready.data["connection_id"])


async def test_others_end_none(site: Site) -> None:
    await refuse_others(site, "DELETE", "/users/bob/streams")
    await refuse_others(site, "DELETE", f"/streams/{new_id()}")


async def test_all_streams_of_a_user_end_and_they_may_open_new_ones(
    stored: Site, streams: list[EventStream]
) -> None:
    one, two, other = streams
    await done(stored, "DELETE", "/users/bob/streams")
    for stream in (one, two):
        await stream.wait_for_end()
        assert (stream.frames[-1].event, stream.frames[-1].data) == ("closing", ENDED)
    assert not other.has_ended
    again = await EventStream.open(stored.base_url, token("bob"), cursor=one.frames[0].id)
    await again.wait_for_event("ready")
    await stored.publish("bob", "after all")
    await again.wait_for_event("message")
    await again.close()
    assert await audited(stored) == [("root", "streams.ended", "user:bob")]


async def test_one_stream_ends_and_the_others_go_on(stored: Site, streams: list[EventStream]) -> None:
    one, two, _ = streams
    await done(stored, "DELETE", f"/streams/{id_of(one).upper()}")
    await one.wait_for_end()
    assert one.frames[-1].data == ENDED
    await stored.publish("bob", "still there")
    await two.wait_for_event("message")
    refused(await ask(stored, "DELETE", f"/streams/{id_of(one)}"), 404, "not_found")
    (entry,) = (await done(stored, "GET", "/audit"))["items"]
    assert entry["target"] == "user:bob"
    assert entry["details"] == {"streams": [id_of(one)], "revokes_tokens": False}


async def test_tokens_from_before_are_refused_if_asked(stored: Site, streams: list[EventStream]) -> None:
    before = {"Authorization": f"Bearer {token('bob')}"}
    await done(stored, "DELETE", "/users/bob/streams?revoke_tokens=true")
    await streams[0].wait_for_end()
    answer = await stored.http.get("/api/v1/notifications", headers=before)
    refused(answer, 401, "token_revoked")
    refused(
        await ask(stored, "DELETE", "/users/bob/streams?revoke_tokens=yes"), 422, "invalid", "revoke_tokens"
    )


async def test_user_without_streams_has_none_to_end(site: Site) -> None:
    await done(site, "DELETE", "/users/nobody/streams")
    refused(await ask(site, "DELETE", f"/streams/{new_id()}"), 404, "not_found")
    refused(await ask(site, "DELETE", "/streams/nonsense"), 404, "path_not_found")
