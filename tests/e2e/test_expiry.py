"""Expiring notifications, by HTTP, by the library and on open streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from clients import SECRET, Api, EventStream, Refusal, serve
from conftest import StartServer
from lumen_notify import Lumen, Settings
from lumen_notify.errors import Invalid
from lumen_notify.model import now_ms, rfc3339
from lumen_notify.settings import Secret

HOUR_MS = 3_600_000

LATE_MS = 3000
"""For a machine that is busy: a quarter of a second is what it takes."""

NUMBER = 3000
"""With one end, two thirds of them for all."""


def body(content: str = "hi", to: Any = None, **times: int) -> dict[str, Any]:
    """times: milliseconds from now."""
    fields = {"to": to or {"user": "ann"}, "category": "offer", "content": content}
    return fields | {name: rfc3339(now_ms() + time) for name, time in times.items()}


@pytest.fixture
async def lumen(database_url: str) -> AsyncIterator[Lumen]:
    async with Lumen(Settings(database_url=database_url, jwt_secret=Secret(SECRET))) as lumen:
        yield lumen


@pytest.fixture
async def http(lumen: Lumen) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve(lumen.app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http,
    ):
        yield http


async def test_it_shows_its_end_wherever_it_is_shown(http: httpx.AsyncClient, lumen: Lumen) -> None:
    app, ann = Api(http, "app"), Api(http, "ann")
    stream = await EventStream.open(str(http.base_url), ann.token)
    await stream.wait_for_event("ready")
    at = "2099-01-31T08:00:00.5+01:00"
    answer = await app.post("", body() | {"expires_at": at})
    await app.post("", body(deliver_at=HOUR_MS) | {"expires_at": at})
    await lumen.publish("ann", category="offer", content="hi", expires_at=at)

    shown = "2099-01-31T07:00:00.500Z"
    frame = await stream.wait_for_event("message")
    await stream.close()
    assert frame.data["data"]["expires_at"] == shown
    assert (await ann.get(f"/{answer['id']}"))["expires_at"] == shown
    assert [item["expires_at"] for item in await ann.pages()] == [shown, shown]
    assert [item["expires_at"] for item in (await app.get("/scheduled"))["items"]] == [shown]


async def test_at_its_end_it_is_gone_for_everybody(http: httpx.AsyncClient) -> None:
    app, ann, bob = Api(http, "app"), Api(http, "ann"), Api(http, "bob")
    streams = [await EventStream.open(str(http.base_url), api.token) for api in (ann, bob)]
    for stream in streams:
        await stream.wait_for_event("ready")
    everybody = {"all": True}
    await app.post("", [body("stays", everybody), body("stays"), body("stays", {"user": "bob"})])
    end = now_ms() + 2500
    ends = {"expires_at": rfc3339(end)}
    answers = (await app.post("", [body(to=to) | ends for to in (everybody, everybody, {"user": "ann"})]))[
        "items"
    ]
    for_all, also_for_all, for_ann = (answer["id"] for answer in answers)
    await ann.post("/read", {"ids": [for_all]})
    await bob.post("/archive", {"ids": [for_all, also_for_all]})
    assert [(await api.fetched()).unread_count for api in (ann, bob)] == [4, 2]

    gone = ({for_all, also_for_all, for_ann}, {for_all, also_for_all})
    for stream, ids in zip(streams, gone, strict=True):
        await stream.wait_for(lambda ids=ids, stream=stream: _gone(stream) == ids, what="the end")  # type: ignore[misc]
        assert end <= now_ms() < end + LATE_MS
    for stream, api in zip(streams, (ann, bob), strict=True):
        last = stream.frames[-1].data
        fresh = await api.fetched()
        assert (last["unread_count"], last["unread"]["categories"]) == (2, {"offer": 2})
        assert (fresh.unread_count, fresh.categories) == (2, {"offer": 2})
        assert {item.content for item in fresh.items.values()} == {"stays"}
        await stream.close()


async def test_in_a_room_it_goes_for_each_member_who_had_it(http: httpx.AsyncClient) -> None:
    app, ann, bob, cyd = (Api(http, user) for user in ("app", "ann", "bob", "cyd"))
    rooms = "/api/v1/rooms"

    async def ask(method: str, path: str, api: Api, fields: Any = None) -> None:
        answer = await http.request(method, rooms + path, json=fields, headers=api._headers)
        assert answer.is_success, answer.text

    room = {"id": "r", "kind": "public", "title": "R", "members": ["ann", "cyd"]}
    await ask("POST", "", app, room)
    streams = [await EventStream.open(str(http.base_url), api.token) for api in (ann, bob, cyd)]
    for stream in streams:
        await stream.wait_for_event("ready")
    end = {"expires_at": rfc3339(now_ms() + 3000)}
    first = await app.post("", body(to={"room": "r"}) | end)
    second = await app.post("", body(to={"room": "r"}) | end)
    await ann.post("/read", {"ids": [first["id"]]})
    await cyd.post("/read", {"ids": [first["id"]]})
    await ask("PUT", "/r/members/bob", bob)
    await ask("DELETE", "/r/members/cyd", cyd)
    await ask("PUT", "/r/members/cyd", cyd)
    third = await app.post("", body(to={"room": "r"}) | end)
    await app.post("", body("stays", {"room": "r"}))
    before = [(await api.fetched()).unread_count for api in (ann, bob, cyd)]
    assert before == [3, 2, 2]

    # Members who joined later or rejoined never had the earlier notifications.
    all_of_it = {first["id"], second["id"], third["id"]}
    gone = (all_of_it, {third["id"]}, {third["id"]})
    for stream, api, ids in zip(streams, (ann, bob, cyd), gone, strict=True):
        await stream.wait_for(lambda ids=ids, stream=stream: _gone(stream) == ids, what="the end")  # type: ignore[misc]
        last = [frame for frame in stream.frames if frame.event == "expire"][-1].data
        fresh = await api.fetched()
        assert (last["unread_count"], last["unread"]["categories"]) == (1, {"offer": 1})
        assert (fresh.unread_count, fresh.categories, len(fresh.items)) == (1, {"offer": 1}, 1)
        await stream.close()


def _gone(stream: EventStream) -> set[str]:
    expired = [frame.data["data"]["ids"] for frame in stream.frames if frame.event == "expire"]
    return {id_ for ids in expired for id_ in ids}


@pytest.mark.parametrize(
    "expires_at", ["2020-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00", "2099-01-01T00:00:00", "soon", ""]
)
async def test_an_end_that_cannot_be_is_refused_by_its_name(http: httpx.AsyncClient, expires_at: str) -> None:
    with pytest.raises(Refusal) as refused:
        await Api(http, "app").post("", body() | {"expires_at": expires_at})
    assert refused.value.status == 422
    assert [error["field"] for error in refused.value.problem["errors"]] == ["expires_at"]


async def test_an_end_before_the_beginning_is_refused(http: httpx.AsyncClient, lumen: Lumen) -> None:
    at = rfc3339(now_ms() + HOUR_MS)
    fields = body() | {"deliver_at": at, "expires_at": at}
    with pytest.raises(Refusal) as refused:
        await Api(http, "app").post("", [fields])
    (error,) = refused.value.problem["errors"]
    assert error == {"field": "0.expires_at", "message": "must be after deliver_at"}

    with pytest.raises(Invalid, match="invalid") as invalid:
        await lumen.publish("ann", category="like", content="hi", deliver_at=at, expires_at=at)
    assert [fault.field for fault in invalid.value.faults] == ["expires_at"]


@pytest.mark.parametrize("name", ["deliver_at", "expires_at"])
async def test_a_repeat_gets_the_first_answer_also_when_its_time_has_passed(
    database_url: str, name: str
) -> None:
    passed_ms = 0
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET))
    async with (
        Lumen(settings, clock=lambda: now_ms() + passed_ms) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as http,
    ):
        app = Api(http, "app")
        one = body() | {name: rfc3339(now_ms() + 5_000)}
        first = [await app.post("", one, key="k"), await app.post("", [one, one], key="l")]
        passed_ms = 10_000

        assert [await app.post("", one, key="k"), await app.post("", [one, one], key="l")] == first
        for fields, key in ((one, None), (one, "m"), (one | {"content": "ho"}, "k")):
            with pytest.raises(Refusal) as refused:
                await app.post("", fields, key=key)
            assert refused.value.status == 422
            assert [error["field"] for error in refused.value.problem["errors"]] == [name]


@pytest.mark.slow
async def test_all_of_one_moment_go_once_though_the_server_is_killed(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(database_url=database_url, LUMEN_JWT_SECRET=SECRET)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        app, ann = Api(http, "app"), Api(http, "ann")
        await app.post("", [body("stays"), body("stays", {"all": True})])
        ends = {"expires_at": rfc3339(now_ms() + 8_000)}
        for _ in range(0, NUMBER, 300):
            some = [body(to={"all": True} if number % 3 else None) | ends for number in range(300)]
            await app.post("", some)
        assert (await ann.get("/counts"))["unread_count"] == NUMBER + 2
        await ann.post("/read", {"up_to": NUMBER // 2})
        unread = (await ann.get("/counts"))["unread_count"]
        stream = await EventStream.open(server.url, ann.token)
        await stream.wait_for_event("expire")
        server.kill()
        await stream.close()
        cursor = next(frame.id for frame in reversed(stream.frames) if frame.event == "expire")
        gone = [
            id_ for frame in stream.frames if frame.event == "expire" for id_ in frame.data["data"]["ids"]
        ]
        server.start()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        ann = Api(http, "ann")
        stream = await EventStream.open(server.url, ann.token, cursor=cursor)
        async with asyncio.timeout(60):
            while (await ann.get("/counts"))["unread_count"] > 1:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)

        def all_gone() -> list[str]:
            expired = [frame.data["data"]["ids"] for frame in stream.frames if frame.event == "expire"]
            return gone + [id_ for ids in expired for id_ in ids]

        await stream.wait_for(lambda: len(all_gone()) >= NUMBER, what="all to be gone", within_seconds=60)
        assert unread > 1000
        assert len(set(all_gone())) == len(all_gone()) == NUMBER
        last = [frame for frame in stream.frames if frame.event == "expire"][-1]
        fresh = await ann.fetched()
        assert [item.content for item in fresh.items.values()] == ["stays", "stays"]
        assert last.data["unread_count"] == fresh.unread_count == 0
        await stream.close()
