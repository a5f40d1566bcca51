"""Scheduled notifications across SIGKILL."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clients import SECRET, Api, EventStream, Frame, contents
from conftest import StartServer
from lumen_notify.model import now_ms, rfc3339

NUMBER = 10_000
"""Scheduled for one moment."""

AHEAD_MS = 12_000
"""How far ahead of the first request that is: the last must be in before."""


def scheduled(content: str, at: str) -> dict[str, Any]:
    return {"to": {"user": "ann"}, "category": "like", "content": content, "deliver_at": at}


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
            await app.post("", [scheduled(text, at) for text in due[begin : begin + 400]])
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
        assert (await ann.get("/counts"))["unread_count"] == NUMBER
        assert (await Api(http, "app").get("/scheduled"))["items"] == []
        await stream.close()
