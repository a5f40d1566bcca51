"""Messages across SIGKILL: a repeated `client_id` sends once, to everyone, in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import httpx
import pytest

from clients import SECRET, WAIT_SECONDS, EventStream, Frame, token
from conftest import StartServer

ROOMS = ("tea", "coffee")
USERS = ("ann", "bob", "cat", "dan")
EACH = 60
"""Messages of each user in each room."""

NUMBER = len(ROOMS) * len(USERS) * EACH


class Listener:
    """A member of all rooms who only listens. said: the messages seen, by room, in order."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.said: dict[str, list[Any]] = defaultdict(list)
        self.unread_count = 0

    async def connect(self, url: str) -> EventStream:
        return await EventStream.open(url, token("eve"), cursor=self.cursor, on_frame=self._take)

    @property
    def number(self) -> int:
        return sum(map(len, self.said.values()))

    def _take(self, frame: Frame) -> None:
        assert frame.event != "reset", "a cursor of this log was not served"
        self.cursor = frame.id or self.cursor
        if frame.event == "message":
            self.said[frame.data["room"]["id"]].append(frame.data["data"])
            self.unread_count = frame.data["unread_count"]


async def say_until_heard(http: httpx.AsyncClient, user: str, room: str) -> list[int]:
    """Send all messages of a user, each twice at least, and as often as it fails; return their seqs."""
    headers = {"Authorization": f"Bearer {token(user)}"}
    seqs = []
    for number in range(EACH):
        body = {"content": f"{user} {number}", "client_id": f"c{number}"}
        answers: list[Any] = []
        async with asyncio.timeout(WAIT_SECONDS * 3):
            while len(answers) < 2:
                try:
                    answer = await http.post(f"/api/v1/rooms/{room}/messages", headers=headers, json=body)
                except httpx.TransportError:
                    await asyncio.sleep(0.05)  # it is down: the poll of a client, not of the test
                    continue
                if answer.is_success:
                    answers.append(answer.json())
        assert answers[0] == answers[1]
        seqs.append(answers[0]["seq"])
    return seqs


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_what_is_sent_again_after_the_server_was_killed_is_said_once(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(
        database_url=database_url, LUMEN_JWT_SECRET=SECRET, LUMEN_MAX_BACKLOG_BYTES=str(2**26)
    )
    listener = Listener()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http:
        for room in ROOMS:
            made = {"id": room, "members": [*USERS[1:], "eve"]}
            headers = {"Authorization": f"Bearer {token(USERS[0])}"}
            assert (await http.post("/api/v1/rooms", headers=headers, json=made)).is_success
        stream = await listener.connect(server.url)
        saying = [asyncio.create_task(say_until_heard(http, user, room)) for user in USERS for room in ROOMS]
        await stream.wait_for(lambda: listener.number >= NUMBER // 3, what="a third", within_seconds=60)
        server.kill()
        await stream.close()
        server.start()
        stream = await listener.connect(server.url)
        async with asyncio.timeout(120):
            heard = await asyncio.gather(*saying)
        await stream.wait_for(lambda: listener.number >= NUMBER, what="the last", within_seconds=60)
        await stream.close()

        for room in ROOMS:
            assert await history(http, room) == listener.said[room]
            assert [one["seq"] for one in listener.said[room]] == list(range(1, NUMBER // len(ROOMS) + 1))
        assert all(seqs == sorted(seqs) for seqs in heard)
        assert listener.unread_count == NUMBER
    said = [(room, one["content"]) for room in ROOMS for one in listener.said[room]]
    assert sorted(said) == sorted((r, f"{u} {n}") for r in ROOMS for u in USERS for n in range(EACH))


async def history(http: httpx.AsyncClient, room: str) -> list[Any]:
    """Read a room forward from its beginning, page by page."""
    headers = {"Authorization": f"Bearer {token('eve')}"}
    items: list[Any] = []
    start = {"after": "0"}
    while True:
        answer = await http.get(
            f"/api/v1/rooms/{room}/messages", headers=headers, params={**start, "limit": 100}
        )
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        start = {"cursor": answer.json()["next_cursor"]}
