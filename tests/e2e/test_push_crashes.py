"""Push over crashes: SIGKILL for the server and for PostgreSQL, while a webhook takes pushes, fails, hangs,
loses answers and asks to wait.

Everybody who has not read gets the push at least once; nobody who had read it before it was due does; repeats
have the same collapse key. Neither the webhook nor the readers know what was killed, or when.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clients import SECRET, Api, Refusal, eventually, serve
from conftest import StartServer
from servers import PostgreSQL, RunningServer, run_sql

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(300)]

USERS = 1000
READERS = 300
AT_ONCE = 16
DELAY_SECONDS = 8.0
WITHIN_SECONDS = 240.0

DEVICES = """
INSERT INTO lumen_device (id, user_id, provider, token, token_hash, kind, created_at, registered_at)
SELECT 'device-' || n, 'user-' || n, 'webhook', 'token-' || n, 'hash-' || n, 'mobile', 0, 0
FROM generate_series(1, 1000) AS n
"""


class Webhook:
    """Takes pushes, now and then badly. tags: the collapse keys of what each user got, in order."""

    def __init__(self) -> None:
        self.tags: dict[str, list[str]] = {}
        self.failures: Counter[str] = Counter()
        self._behaviours = self._draw()

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        if body["type"] != "notification.push":
            return Response(status_code=204)
        behaviour = next(self._behaviours)
        self.failures[behaviour] += 1
        if behaviour == "hangs":
            await asyncio.sleep(60)  # its client gives up before
        if behaviour == "asks to wait":
            return Response(status_code=429, headers={"retry-after": "1"})
        if behaviour == "fails":
            return Response(status_code=500)
        data = body["data"]
        self.tags.setdefault(data["user"], []).append(data["notification"]["tag"])
        return Response(status_code=502 if behaviour == "loses its answer" else 204)

    def _draw(self) -> Iterator[str]:
        yield from ("hangs", "asks to wait", "hangs", "asks to wait")
        while True:
            (behaviour,) = random.choices(("takes it", "fails", "loses its answer"), (90, 6, 4))
            yield behaviour


async def persistently(ask: Callable[[], Awaitable[object]]) -> None:
    """Repeat what fails while something is down."""
    while True:
        with contextlib.suppress(httpx.TransportError, Refusal):
            await ask()
            return
        await asyncio.sleep(0.05)


async def read_early(http: httpx.AsyncClient, id_: str, due_at: float) -> set[str]:
    """Let some users read at random; return those who had done so before the push was due."""
    early: set[str] = set()
    turns = asyncio.Semaphore(AT_ONCE)

    async def read(user: str) -> None:
        async with turns:
            await persistently(lambda: Api(http, user).post("/read", {"ids": [id_]}))
            if time.monotonic() < due_at:
                early.add(user)

    await asyncio.gather(*(read(f"user-{n}") for n in random.sample(range(1, USERS + 1), READERS)))
    return early


@contextlib.asynccontextmanager
async def served(webhook: Webhook) -> AsyncIterator[str]:
    application = Starlette(routes=[Route("/", webhook.answer, methods=["POST"])])
    async with serve(application) as url:
        yield url


async def restart(server: RunningServer | PostgreSQL) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)


async def test_everybody_unread_gets_it_and_nobody_who_had_read(
    postgresql: PostgreSQL, start_server: StartServer
) -> None:
    webhook = Webhook()
    database_url = postgresql.create_database()
    async with served(webhook) as url:
        server = await asyncio.to_thread(
            lambda: start_server(
                database_url=database_url,
                LUMEN_JWT_SECRET=SECRET,
                LUMEN_PUSH_PROVIDERS="webhook",
                LUMEN_PUSH_WEBHOOK_URL=url,
                LUMEN_PUSH_WEBHOOK_SECRET="whsec_" + "c2VjcmV0" * 4,
                LUMEN_PUSH_DELAY_SECONDS=str(DELAY_SECONDS),
                LUMEN_RATE_LIMITS="off",
            )
        )
        await asyncio.to_thread(run_sql, database_url, DEVICES)
        async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as http:
            began_at = time.monotonic()
            body = {"to": {"all": True}, "category": "news", "content": "It rains."}
            id_ = (await Api(http, "publisher").post("", body))["id"]
            early = await read_early(http, id_, began_at + DELAY_SECONDS)
            unread = {
                f"user-{n}"
                for n in range(1, USERS + 1)
                if (await Api(http, f"user-{n}").get("/counts"))["unread_count"]
            }
            assert early
            assert len(unread) == USERS - READERS

            async def pushed(number: int) -> None:
                await eventually(
                    lambda: len(unread & webhook.tags.keys()) >= number,
                    what=f"{number} pushes, of {len(unread)}",
                    within_seconds=WITHIN_SECONDS,
                )

            await pushed(50)
            await restart(server)
            await pushed(250)
            await restart(postgresql)
            await pushed(450)
            await restart(server)
            await pushed(len(unread))

    assert early.isdisjoint(webhook.tags)
    assert {tag for tags in webhook.tags.values() for tag in tags} == {id_}
    assert {"hangs", "asks to wait", "fails", "loses its answer"} <= webhook.failures.keys()
    assert max(map(len, webhook.tags.values())) > 1, "nothing was repeated: the test was too kind"
    rows = await asyncio.to_thread(run_sql, database_url, "SELECT audience, kind FROM lumen_push")
    assert [dict(row) for row in rows if row["kind"] == "notification"] == [
        {"audience": "all", "kind": "notification"}
    ]
    letters = await asyncio.to_thread(run_sql, database_url, "SELECT count(*) FROM lumen_push_dead_letter")
    assert letters[0]["count"] == 0
