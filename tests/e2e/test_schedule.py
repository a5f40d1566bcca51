"""Scheduled notifications by HTTP, and across SIGKILL."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clients import SECRET, Api, EventStream, Frame, Refusal, contents
from conftest import StartServer
from lumen_notify import Lumen, Settings
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.model import now_ms, rfc3339
from lumen_notify.settings import Secret

NUMBER = 10_000
"""Scheduled for one moment."""

AHEAD_MS = 12_000
"""How far ahead of the first request that is: the last must be in before."""


def later(milliseconds: int, content: str = "hi", **to: Any) -> dict[str, Any]:
    at = rfc3339(now_ms() + milliseconds)
    return {"to": to or {"user": "ann"}, "category": "like", "content": content, "deliver_at": at}


@pytest.fixture
async def http(database_url: str) -> Any:
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET))
    async with (
        Lumen(settings) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as http,
    ):
        yield http


async def test_it_waits_in_its_senders_list_until_it_is_cancelled(http: httpx.AsyncClient) -> None:
    app, other, admin = Api(http, "app"), Api(http, "other"), Api(http, "root", PUBLISH, ADMIN)
    answer = await app.post("", later(3_600_000))
    await app.post("", [later(7_200_000), later(5_400_000, all=True)])
    assert answer == {"id": answer["id"], "recipients": 1, "position": None, "status": "scheduled"}

    listed = (await app.get("/scheduled"))["items"]
    first = await app.get("/scheduled", limit=2)
    second = await app.get("/scheduled", limit=2, cursor=first["next_cursor"])
    assert first["items"] + second["items"] == listed
    assert [item["to"] for item in listed] == [{"users": ["ann"]}, {"all": True}, {"users": ["ann"]}]
    assert (await other.get("/scheduled"))["items"] == []
    assert (await admin.get("/scheduled"))["items"] == listed
    assert (await Api(http, "ann").fetched()).unread_count == 0

    path = f"/api/v1/notifications/scheduled/{answer['id']}"
    for api, status in ((other, 404), (app, 200), (app, 404)):
        assert (await http.delete(path, headers=api._headers)).status_code == status
    assert [item["id"] for item in (await app.get("/scheduled"))["items"]] == [
        row["id"] for row in listed[1:]
    ]


@pytest.mark.parametrize(
    "deliver_at",
    [
        "2020-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "2099-01-01T00:00:00",
        "2099-02-30T00:00:00Z",
        "soon",
        "",
    ],
)
async def test_a_time_that_cannot_be_is_refused(http: httpx.AsyncClient, deliver_at: str) -> None:
    with pytest.raises(Refusal) as refused:
        await Api(http, "app").post("", later(1000) | {"deliver_at": deliver_at})
    assert refused.value.status == 422
    assert [error["field"] for error in refused.value.problem["errors"]] == ["deliver_at"]


async def test_a_cursor_that_is_none_is_refused(http: httpx.AsyncClient) -> None:
    with pytest.raises(Refusal) as refused:
        await Api(http, "app").get("/scheduled", cursor="7")
    assert refused.value.status == 422


class Follower:
    """A client that comes back with its cursor. seen: position and content of all durable frames, ever."""

    def __init__(self, base_url: str, token: str) -> None:
        self.seen: list[tuple[int, str]] = []
        self._base_url = base_url
        self._token = token
        self._cursor: str | None = None

    async def connect(self) -> EventStream:
        return await EventStream.open(self._base_url, self._token, cursor=self._cursor, on_frame=self._take)

    def _take(self, frame: Frame) -> None:
        assert frame.event != "reset", "a cursor of this log was not served"
        self._cursor = frame.id or self._cursor
        if frame.is_durable:
            self.seen.append((frame.position, frame.data["data"]["content"]))


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_all_of_one_second_leave_once_and_in_order_though_the_server_is_killed_amid_it(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(
        database_url=database_url,
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_MAX_BACKLOG_BYTES=str(2**26),  # what the stream misses is to be replayed, whatever it is
    )
    due = [str(number) for number in range(NUMBER)]
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        app, ann = Api(http, "app"), Api(http, "ann")
        at = rfc3339(now_ms() + AHEAD_MS)
        for begin in range(0, NUMBER, 400):
            await app.post("", [later(0, text) | {"deliver_at": at} for text in due[begin : begin + 400]])
        follower = Follower(server.url, ann.token)
        stream = await follower.connect()
        await stream.wait_for(
            lambda: len(follower.seen) >= NUMBER // 10,
            what="a tenth to leave",
            within_seconds=AHEAD_MS / 1000 + 30,
        )
        server.kill()
        await stream.close()
        assert len(follower.seen) < NUMBER, "all had left before it was killed"
        server.start()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        ann = Api(http, "ann")
        stream = await follower.connect()
        await stream.wait_for(
            lambda: len(follower.seen) >= NUMBER, what="the last to leave", within_seconds=60
        )
        assert [text for _, text in follower.seen] == due
        assert [position for position, _ in follower.seen] == list(range(1, NUMBER + 1))
        assert contents(await ann.pages()) == due[::-1]
        assert (await ann.get("/unread"))["unread_count"] == NUMBER
        assert (await Api(http, "app").get("/scheduled"))["items"] == []
        await stream.close()
