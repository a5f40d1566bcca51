"""The contract of a long replay over real HTTP, which both paths of a stream keep."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from clients import WAIT_SECONDS, eventually, token
from lumen_notify.deliver.streams import stream_replay

from .stream_site import STREAM, OpenSite, Site


async def missed_much(site: Site, number: int = 400) -> str:
    """Publish much to ann, and return the cursor before it."""
    stream = await site.stream("ann")
    cursor = (await stream.wait_for_event("ready")).id
    await stream.close()
    batch = [
        {"to": {"user": "ann"}, "category": "like", "content": f"{one} {'x' * 7000}"} for one in range(number)
    ]
    for begin in range(0, number, 8):  # a body of 64 KiB
        await site.api("publisher").post("", batch[begin : begin + 8])
    assert cursor is not None
    return cursor


async def test_long_replay_is_whole_and_then_the_stream_is_live(open_site: OpenSite) -> None:
    site = await open_site(replay_events=100, rate_limits="off")
    cursor = await missed_much(site)
    stream = await site.stream("ann", last_event_id=cursor)
    caught_up = await stream.wait_for_event("caught_up")
    ready, *missed = stream.frames[:401]
    assert (ready.id, ready.data["recovered"], ready.data["replayed"]) == (None, True, None)
    assert [frame.data["data"]["content"].split()[0] for frame in missed] == list(map(str, range(400)))
    assert caught_up.data["replayed"] == 400
    assert (caught_up.id, caught_up.data["unread_count"]) == (missed[-1].id, 400)
    await site.publish("ann", content="live")
    live = (await stream.wait_for_event("message", 401)).data
    assert (live["data"]["content"], live["unread_count"]) == ("live", 401)


@contextlib.asynccontextmanager
async def not_reading(site: Site, cursor: str) -> AsyncIterator[socket.socket]:
    """Resume ann's stream after a cursor with a client that does not read, as on a network."""
    target = f"{STREAM}?token={token('ann', ttl_seconds=100)}&last_event_id={cursor}"
    with socket.socket() as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", site.listening.port))
        raw.sendall(f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        assert site.lumen._services is not None
        streams = site.lumen._services.streams
        await eventually(lambda: len(streams.of_user("ann")) == 1, what="the replay to begin")
        assert streams.of_user("ann")[0].replaying is not None
        yield raw


async def test_pings_and_the_end_of_the_token_go_on_during_a_long_replay(open_site: OpenSite) -> None:
    site = await open_site(replay_events=0, rate_limits="off")
    cursor = await missed_much(site)
    async with not_reading(site, cursor) as raw:
        site.pass_seconds(31)
        site.pass_seconds(75)
        assert site.lumen._services is not None
        streams = site.lumen._services.streams
        await eventually(lambda: streams.ended["expired"] == 1, what="the end of the stream")
        raw.setblocking(False)
        received = b""
        async with asyncio.timeout(WAIT_SECONDS):
            while b"event: closing" not in received:
                received += await asyncio.get_running_loop().sock_recv(raw, 65_536)
    assert b"\nevent: ping\ndata: {}\n\n" in received
    assert b"id:" not in received.partition(b"event: ping")[0].rpartition(b"\n\n")[2], "it is no cursor"
    assert b'"reason":"expired"' in received


async def test_client_that_does_not_read_its_long_replay_is_closed_as_slow(
    open_site: OpenSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_replay, "SEND_SECONDS", 0.2)
    site = await open_site(replay_events=0, rate_limits="off")
    cursor = await missed_much(site)
    async with not_reading(site, cursor):
        assert site.lumen._services is not None
        streams = site.lumen._services.streams
        await eventually(lambda: streams.ended["slow"] == 1, what="the end of the stream")
    again = await site.stream("ann", last_event_id=cursor)
    assert (await again.wait_for_event("caught_up")).data["replayed"] == 400
