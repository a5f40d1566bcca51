"""Grouping and bundles by HTTP and on a stream: a burst is one row and few frames, and counts are right."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from clients import SECRET, Api, EventStream, Frame, Refusal, eventually, position_of, serve, token
from conftest import StartServer
from lumen_notify import Lumen, Settings
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.model import now_ms
from lumen_notify.settings import Secret

LIKES = 10_000
SENDERS = 2_500
PUBLISHERS = 8
BATCH = 100


def like(number: int, **more: Any) -> dict[str, Any]:
    sender = {"id": f"s{number % SENDERS}", "username": f"S{number % SENDERS}"}
    return {
        "to": {"user": "ann"},
        "category": "like",
        "content": f"like {number}",
        "sender": sender,
        "group_key": "photo-7",
        **more,
    }


@pytest.mark.slow
async def test_ten_thousand_likes_are_one_row_few_frames_and_the_right_count(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(database_url=database_url, LUMEN_JWT_SECRET=SECRET)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        app, ann = Api(http, "app"), Api(http, "ann")
        other = await app.post("", {"to": {"user": "ann"}, "category": "like", "content": "alone"})
        bell = await ann.fetched()
        stream = await EventStream.open(server.url, ann.token, on_frame=bell.apply)
        await stream.wait_for_event("ready")
        begin = time.monotonic()
        batches = iter(range(0, LIKES, BATCH))

        async def publish() -> list[Any]:
            answers = []
            for first in batches:
                body = [like(number) for number in range(first, first + BATCH)]
                answers += (await app.post("", body))["items"]
            return answers

        answers = list(itertools.chain(*await asyncio.gather(*(publish() for _ in range(PUBLISHERS)))))
        seconds = time.monotonic() - begin
        rows = await ann.pages()
        await stream.wait_for(
            lambda: stream.frames[-1].data.get("data", {}).get("content") == rows[0]["content"],
            what="the last word on the burst",
        )

        merged = [answer for answer in answers if answer.get("status") == "merged"]
        assert len(merged) == LIKES - 1
        assert len({answer["id"] for answer in answers}) == 1
        assert [row["id"] for row in rows] == [answers[0]["id"], other["id"]]
        assert rows[0]["actors_count"] == SENDERS
        assert len({actor["id"] for actor in rows[0]["actors"]}) == 3

        frames = [frame for frame in stream.frames if frame.event == "message"]
        assert ["update" in frame.data for frame in frames] == [False] + [True] * (len(frames) - 1)
        assert len(frames) <= 2 + math.ceil(seconds) + 1
        assert {frame.data["unread_count"] for frame in frames} == {2}
        fresh = await ann.fetched()
        assert (bell.items, bell.categories) == (fresh.items, fresh.categories)
        assert fresh.categories == fresh.recount() == {"like": 2}
        await stream.close()


@pytest.mark.slow
async def test_pending_groups_are_announced_after_the_server_was_killed(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(database_url=database_url, LUMEN_JWT_SECRET=SECRET)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        stream = await EventStream.open(server.url, token("ann"))
        await stream.wait_for_event("ready")
        await Api(http, "app").post("", [like(1)])
        await Api(http, "app").post("", [like(2)])
        await stream.wait_for_event("message")
        server.kill()
        told = [frame for frame in stream.frames if frame.event == "message"]
        await stream.close()
    server.start()
    stream = await EventStream.open(server.url, token("ann"), cursor=told[-1].id)
    if len(told) == 1:  # else the slow machine announced it before the kill
        frame = await stream.wait_for_event("message")
        assert (frame.data["update"], frame.data["data"]["actors_count"]) == (True, 2)
    await stream.close()


class Site:
    """A running Lumen whose clock is `ahead_ms` ahead."""

    def __init__(self, database_url: str) -> None:
        self.ahead_ms = 0
        settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET))
        self.lumen = Lumen(settings, clock=lambda: now_ms() + self.ahead_ms)
        self.url = ""
        self.http: httpx.AsyncClient

    def api(self, user: str) -> Api:
        return Api(self.http, user)


@pytest.fixture
async def site(database_url: str) -> AsyncIterator[Site]:
    site = Site(database_url)
    async with (
        site.lumen,
        serve(site.lumen.app, http=HandoverProtocol) as site.url,
        httpx.AsyncClient(base_url=site.url, timeout=30) as site.http,
    ):
        yield site


async def test_what_is_low_comes_as_one_frame_and_pages_may_end_amid_it(site: Site) -> None:
    app, ann = site.api("app"), site.api("ann")
    await app.post("", {"to": {"user": "ann"}, "category": "like", "content": "alone"})
    preferences = {"digest": {"minutes": 5}}
    answer = await site.http.patch(
        "/api/v1/preferences", json=preferences, headers={"Authorization": f"Bearer {ann.token}"}
    )
    assert answer.is_success, answer.text
    bell = await ann.fetched()
    stream = await EventStream.open(site.url, ann.token, on_frame=bell.apply)
    await stream.wait_for_event("ready")
    for number in range(7):
        answer = await app.post(
            "", like(number, priority="low", category="follow", group_key=("a", "b", None)[number % 3])
        )
        assert (answer["status"], answer["position"]) == ("bundled", None)
    assert (await ann.get("/counts"))["unread_count"] == 1

    site.ahead_ms += 300_000
    frame: Frame = await stream.wait_for_event("message")

    assert (frame.data["type"], frame.data["unread_count"]) == ("bundle", 5)
    contents = [item["content"] for item in frame.data["data"]["items"]]
    assert contents == ["like 5", "like 2", "like 4", "like 6"]
    fresh = await ann.fetched()
    assert list(bell.items.items()) == list(fresh.items.items())
    assert bell.categories == fresh.categories == fresh.recount() == {"like": 1, "follow": 4}
    for limit in (1, 2, 3):
        paged = [row["content"] for row in await ann.pages(limit=limit)]
        assert paged == [*contents, "alone"]
    await stream.close()


async def test_a_merge_replaces_what_the_client_has_and_makes_it_unread(site: Site) -> None:
    app, ann = site.api("app"), site.api("ann")
    first = await app.post("", like(1))
    await app.post("", {"to": {"user": "ann"}, "category": "like", "content": "between"})
    bell = await ann.fetched()
    stream = await EventStream.open(site.url, ann.token, on_frame=bell.apply)
    await stream.wait_for_event("ready")
    await ann.post("/archive", {"ids": [first["id"]]})

    answer = await app.post("", like(2))

    assert (answer["id"], answer["status"]) == (first["id"], "merged")
    await eventually(lambda: bell.cursor and position_of(bell.cursor) == answer["position"], what="it")
    fresh = await ann.fetched()
    assert list(bell.items.items()) == list(fresh.items.items())
    assert list(bell.items)[-1] == first["id"]
    assert bell.unread_count == fresh.unread_count == 2
    await stream.close()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"to": {"all": True}}, "group_key"),
        ({"group_key": ""}, "group_key"),
        ({"group_key": "x" * 129}, "group_key"),
        ({"group_key": "two\nlines"}, "group_key"),
        ({"group_key": 7}, "group_key"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_name(
    site: Site, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await site.api("app").post("", like(1, **fields))
    assert refused.value.status == 422
    assert [fault["field"] for fault in refused.value.problem["errors"]] == [field]
