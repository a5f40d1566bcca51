"""Stream tickets by HTTP: a ticket opens its caller's stream for a minute, and nothing else."""

from __future__ import annotations

from clients import NOTIFICATIONS, EventStream
from lumen_notify.auth import TICKET_SECONDS
from sites import Site, refused


async def issue(site: Site, user: str) -> str:
    answer = await site.send("POST", "/stream/tickets", user=user)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    ticket: str = answer.json()["ticket"]
    assert answer.json() == {"ticket": ticket, "expires_in": TICKET_SECONDS}
    return ticket


async def test_a_ticket_opens_the_stream_of_its_caller(site: Site) -> None:
    ticket = await issue(site, "bob")
    stream = await EventStream.open(site.base_url, None, query={"ticket": ticket})
    ready = await stream.wait_for_event("ready")
    await stream.close()
    assert ready.data["unread_count"] == 3


async def test_a_ticket_expires_after_a_minute(site: Site) -> None:
    ticket = await issue(site, "bob")
    site.ahead_ms = TICKET_SECONDS * 1000 + 1000
    refused(await site.http.get(f"{NOTIFICATIONS}/stream?ticket={ticket}"), 401, "token_expired")


async def test_a_ticket_is_no_token(site: Site) -> None:
    headers = {"Authorization": f"Bearer {await issue(site, 'bob')}"}
    refused(await site.send("GET", headers=headers), 401, "token_invalid")
    refused(await site.send("POST", "/stream/tickets", headers=headers), 401, "token_invalid")


async def test_a_ticket_needs_a_token(site: Site) -> None:
    refused(await site.send("POST", "/stream/tickets", headers={}), 401, "token_missing")
