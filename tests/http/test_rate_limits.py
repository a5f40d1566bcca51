"""Rate limits: every operation with a user has one; each is reached by flooding alone, and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clients import EventStream, token
from lumen_notify.api.endpoints import Endpoints
from lumen_notify.auth import PUBLISH
from lumen_notify.http.operation import Operation
from lumen_notify.http.rate_limiter import RateLimiter
from lumen_notify.http.rate_limits import _BY_OPERATION, ALL, READS, WRITES, RateLimit, limit_of
from sites import OpenSite, Site, open_site, refused

OTHERS = {"listConnections", "getCounts", "getNotification", "getRoom", "getBan", "getMessage", "getBlock"}
"""Reads of one thing, which need no entry."""


class StillLimiter(RateLimiter):
    """A limiter whose time stands still: however busy the machine is, nothing refills."""

    def __init__(self, _clock: Callable[[], float], *, is_on: bool) -> None:
        super().__init__(lambda: 1000.0, is_on=is_on)


@pytest.fixture
def open_with(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> OpenSite:
    monkeypatch.setattr("lumen_notify.api.endpoints.RateLimiter", StillLimiter)
    return lambda **settings: open_site(sqlite_url, **settings)


def operations(site: Site) -> dict[str, tuple[str, Operation]]:
    endpoints: Endpoints | None = site.lumen._endpoints
    assert endpoints is not None
    return {
        operation.name: (method, operation)
        for one in endpoints.api
        for route in one.routes()
        for method, operation in route.operations.items()
    }


async def test_every_operation_of_a_user_has_a_limit_and_says_so(open_with: OpenSite) -> None:
    async with open_with(accounts="on") as site:
        found = operations(site)
        assert set(_BY_OPERATION) <= set(found)
        limits = {name: limit_of(*one) for name, one in found.items()}
        for name, (_, operation) in found.items():
            assert (limits[name] is None) == (operation.credentials == ()), name
            is_answered = "bearer" in operation.credentials and name not in ("openStream", "openAdminStream")
            assert ("rate_limited" in operation.refusals) >= is_answered, name


def test_limits_are_generous_for_people_and_tight_for_floods() -> None:
    assert len({limit.name for limit in ALL}) == len(ALL)
    for limit in ALL:
        assert 10 <= limit.rate.capacity <= 120
        assert 30 <= limit.rate.number <= 600
        assert limit.rate.period == "minute"
    for limit in (READS, WRITES):
        assert limit not in _BY_OPERATION.values()


def until_refused(limit: RateLimit) -> int:
    return limit.rate.capacity + 20


REQUESTS: dict[str, tuple[str, str, Any]] = {
    "messages": ("POST", "/rooms/here/messages", {"content": "hi"}),
    "publishes": ("POST", "/notifications", {"to": {"user": "bob"}, "category": "like", "content": "hi"}),
    "marks": ("POST", "/notifications/read", {"all": True}),
    "rooms": ("PATCH", "/rooms/here", {"title": "New"}),
    "typing": ("POST", "/rooms/here/typing", {"is_typing": True}),
    "preferences": ("PUT", "/blocks/eve", None),
    "streams": ("POST", "/notifications/stream/tickets", None),
    "lists": ("GET", "/notifications?unread=true", None),
    "reads": ("GET", "/notifications/counts", None),
    "accounts": ("PATCH", "/auth/me", {"username": "Bob"}),
}


async def ask(site: Site, user: str, request: tuple[str, str, Any], *scopes: str) -> httpx.Response:
    method, path, body = request
    headers = {"Authorization": f"Bearer {token(user, *scopes)}"}
    content = None if body is None else json.dumps(body).encode()
    return await site.http.request(method, f"/api/v1{path}", content=content, headers=headers)


@pytest.mark.parametrize("limit", [limit for limit in ALL if limit is not WRITES], ids=lambda one: one.name)
async def test_a_flood_is_refused_by_name_and_nobody_else_is(open_with: OpenSite, limit: RateLimit) -> None:
    async with open_with(rate_limits="on", accounts="on") as site:
        await ask(site, "bob", ("POST", "/rooms", {"id": "here", "kind": "public", "members": ["alice"]}))
        request = REQUESTS[limit.name]
        answer = await ask(site, "bob", request)
        for _ in range(until_refused(limit)):
            if answer.status_code == 429:
                break
            answer = await ask(site, "bob", request)
        problem = refused(answer, 429, "rate_limited")
        assert problem["limit"] == limit.name
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert (await ask(site, "eve", request)).status_code != 429
        for _ in range(until_refused(limit)):
            assert (await ask(site, "alice", request, PUBLISH)).status_code != 429


async def test_a_request_over_the_limit_is_refused_before_its_body_is_looked_at(open_with: OpenSite) -> None:
    async with open_with(rate_limits="on") as site:
        request = ("POST", "/notifications/read", {"all": "nonsense"})
        answers = [(await ask(site, "bob", request)).status_code for _ in range(70)]
        assert set(answers[:60]) == {422}
        assert answers[-1] == 429


async def test_a_room_with_many_members_costs_more_than_one_with_two(open_with: OpenSite) -> None:
    async with open_with(rate_limits="on") as site:
        small = {"kind": "private", "members": ["alice"]}
        large = {"kind": "private", "members": [f"u{number}" for number in range(500)]}
        for _ in range(20):
            assert (await ask(site, "bob", ("POST", "/rooms", small))).status_code == 201
        assert (await ask(site, "bob", ("POST", "/rooms", large))).status_code == 201
        answer = await ask(site, "bob", ("POST", "/rooms", small))
        assert refused(answer, 429, "rate_limited")["limit"] == "rooms"
        assert 400 < int(answer.headers["retry-after"]) < 500


@pytest.mark.parametrize(
    "request_",
    [
        ("POST", "/notifications/read", {"ids": [f"{number}" for number in range(1000)]}),
        ("POST", "/rooms/here/members", {"members": [f"u{number}" for number in range(100)]}),
        ("POST", "/rooms/here/messages", {"content": "hi", "data": {"x": "x" * 60_000}}),
        ("PATCH", "/preferences", {"categories": {f"c{number}": {"muted": True} for number in range(500)}}),
        (
            "POST",
            "/notifications",
            [{"to": {"user": "bob"}, "category": "like", "content": "hi"} for _ in range(100)],
        ),
    ],
    ids=lambda one: one[1],
)
async def test_a_large_request_costs_more_than_a_small_one(
    open_with: OpenSite, request_: tuple[str, str, Any]
) -> None:
    async with open_with(rate_limits="on") as site:
        await ask(site, "bob", ("POST", "/rooms", {"id": "here", "kind": "public"}))
        assert (await ask(site, "bob", request_)).status_code in (200, 201)
        answers = [(await ask(site, "bob", request_)).status_code for _ in range(5)]
        assert answers[-1] == 429


async def test_streams_over_the_limit_end_as_overloaded_so_that_clients_come_back(
    open_with: OpenSite,
) -> None:
    async with open_with(rate_limits="on") as site:
        for _ in range(60):
            stream = await EventStream.open(site.base_url, token("bob"))
            await stream.wait_for_event("ready")
            await stream.close()
        stream = await EventStream.open(site.base_url, token("bob"))
        closing = await stream.wait_for_event("closing")
        assert (stream.status, closing.data) == (200, {"reason": "overloaded", "reconnect": True})
        await stream.close()
        other = await EventStream.open(site.base_url, token("eve"))
        await other.wait_for_event("ready")
        await other.close()


async def test_one_setting_turns_all_limits_off(open_with: OpenSite) -> None:
    async with open_with(rate_limits="off") as site:
        for _ in range(200):
            assert (await ask(site, "bob", REQUESTS["reads"])).status_code == 200
