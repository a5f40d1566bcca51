"""The contract of the stream over HTTP/2: frames and bounds are those of HTTP/1.1, for each stream."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
from h2.errors import ErrorCodes

from clients import NOTIFICATIONS, SECRET, Api, eventually, token
from http2_client import Answer, http2_client
from listening import Listening, listen
from lumen_notify import Lumen, Settings
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.deliver.connection.http2_protocol import Http2Protocol
from lumen_notify.settings import Secret


class Site:
    """A Lumen that listens with HTTP/2, and with HTTP/1.1 for requests of the test."""

    def __init__(self, lumen: Lumen, http1: httpx.AsyncClient, http2: Listening) -> None:
        self.lumen = lumen
        self.http1 = http1
        self.port = http2.port
        self.http2 = http2

    @property
    def streams(self) -> Any:
        assert self.lumen._services is not None
        return self.lumen._services.streams

    async def publish(self, *users: str, content: str) -> None:
        await Api(self.http1, "publisher").post(
            "", {"to": {"users": list(users)}, "category": "like", "content": content}
        )


@contextlib.asynccontextmanager
async def open_site(database_url: str, **settings: Any) -> AsyncIterator[Site]:
    lumen = Lumen(Settings(database_url=database_url, jwt_secret=Secret(SECRET), **settings))
    async with (
        listen(lumen.app, HandoverProtocol) as http1,
        listen(lumen.app, Http2Protocol) as http2,
        httpx.AsyncClient(base_url=http1.url, trust_env=False) as client,
        lumen,
    ):
        yield Site(lumen, client, http2)
        http2.shut_down()


def path(user: str) -> str:
    return f"{NOTIFICATIONS}/stream?token={token(user)}"


def is_ready(answer: Answer) -> bool:
    return b"event: ready" in answer.body


async def test_frames_are_those_of_http_1_1(sqlite_url: str) -> None:
    async with open_site(sqlite_url) as site, http2_client(site.port) as client:
        answer = client.answers[client.request(path("alice"))]
        await client.wait_until(lambda: is_ready(answer))
        async with site.http1.stream("GET", path("alice")) as other:
            texts = other.aiter_text()
            before = await anext(texts)
            await site.publish("alice", content="the same")
            over_http1 = await anext(texts)
            await client.wait_until(lambda: b"the same" in answer.body)
        assert "event: ready" in before
        assert answer.body.decode().endswith(over_http1)
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert re.search(r"^id: \S+\ndata: ", over_http1)


async def test_stream_that_is_not_read_is_closed_as_slow_and_others_stay(
    sqlite_url: str,
) -> None:
    async with open_site(sqlite_url, max_backlog_bytes=60_000) as site, http2_client(site.port) as client:
        client.h2.increment_flow_control_window(2**20)  # of the connection: only the stream's own is full
        client.not_taken.add(slow := client.request(path("alice")))
        reading = client.answers[client.request(path("bob"))]
        await client.wait_until(lambda: is_ready(client.answers[slow]) and is_ready(reading))
        published = 0
        while not site.streams.ended:
            await site.publish("alice", "bob", content=f"number {published}. {'x' * 7000}")
            await client.wait_until(lambda: b"number %d." % published in reading.body)  # noqa: B023
            published += 1
            assert published < 100
        assert site.streams.ended == {"slow": 1}
        # The window of the client, the backlog, and what is on its way between the two.
        assert published * 7000 < 65_535 + 60_000 + 30_000
        client.h2.reset_stream(slow, ErrorCodes.CANCEL)
        client.flush()
        await site.publish("bob", content="to the one that stays")
        await client.wait_until(lambda: b"to the one that stays" in reading.body)
        assert site.streams.backlog_bytes == 0


async def test_long_replay_is_whole_and_others_stay(sqlite_url: str) -> None:
    async with open_site(sqlite_url, replay_events=0) as site, http2_client(site.port) as client:
        client.h2.increment_flow_control_window(2**20)  # of the connection: only the stream's own is full
        first = client.answers[client.request(path("alice"))]
        reading = client.answers[client.request(path("bob"))]
        await client.wait_until(lambda: is_ready(first) and is_ready(reading))
        found = re.search(rb"^id: (\S+)", first.body, re.MULTILINE)
        assert found is not None
        for number in range(60):
            await site.publish("alice", content=f"number {number}. {'x' * 7000}")
        missed = client.request(f"{path('alice')}&last_event_id={found[1].decode()}")
        client.not_taken.add(missed)
        await client.wait_until(lambda: is_ready(client.answers[missed]))
        await site.publish("bob", content="to the one that stays")
        await client.wait_until(lambda: b"to the one that stays" in reading.body)
        assert b"number 59." not in client.answers[missed].body
        client.not_taken.discard(missed)
        client.h2.increment_flow_control_window(2**20, missed)
        client.flush()
        await client.wait_until(lambda: b"event: caught_up" in client.answers[missed].body)
        numbers = re.findall(rb"number (\d+)\.", client.answers[missed].body)
        assert list(map(int, numbers)) == list(range(60))


async def test_nothing_is_left_of_streams_whose_connection_has_gone(sqlite_url: str) -> None:
    async with open_site(sqlite_url) as site:
        async with http2_client(site.port) as client:
            answers = [client.answers[client.request(path(user))] for user in ("alice", "bob", "bob")]
            await client.wait_until(lambda: all(map(is_ready, answers)))
        await eventually(lambda: not site.http2.state.tasks, what="the requests to end")
        assert site.streams.ended == {"gone": 3}


async def test_shutdown_of_the_server_ends_streams_with_closing(sqlite_url: str) -> None:
    async with open_site(sqlite_url) as site, http2_client(site.port) as client:
        stream_id = client.request(path("alice"))
        await client.wait_until(lambda: is_ready(client.answers[stream_id]))
        site.http2.shut_down()
        site.lumen.start_drain()
        answer = await client.answer(stream_id)
        assert b'event: closing\ndata: {"reason":"shutdown"' in answer.body
        assert answer.reset_code is None
        await client.wait_until(lambda: client.is_closed)
