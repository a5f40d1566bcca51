"""AsyncClient: what is its own. All that it shares with Client is in `test_client.py`."""

from __future__ import annotations

import asyncio

import httpx

from lumen_notify.client import AsyncClient
from scripted import Script

COUNTS = '{"unread_count": 0, "unread": {"categories": {}, "rooms": {}}, "position": 3}'


async def test_calls_run_side_by_side(script: Script) -> None:
    script.answers = [(200, COUNTS)] * 3
    async with AsyncClient(script.url, token="the-token") as client:
        counts = await asyncio.gather(*(client.counts() for _ in range(3)))
    assert [one.position for one in counts] == [3, 3, 3]


async def test_a_given_http_client_sends_the_requests_and_stays_open(script: Script) -> None:
    script.answers = [(200, COUNTS)]
    async with httpx.AsyncClient(headers={"x-own": "1"}, trust_env=False) as http:
        async with AsyncClient(script.url, token="the-token", http=http) as client:
            await client.counts()
        assert not http.is_closed
    assert script.asked[0].headers["x-own"] == "1"
