"""`GET /rooms/{id}/presence`: for members, in pages."""

from __future__ import annotations

from typing import Any

from sites import OpenSite, Site, refused

from ..talk import ROOMS, call, done, paged

HERE = f"{ROOMS}/here/presence"


async def test_members_are_listed_in_pages_whether_they_are_online_or_not(room: Site) -> None:
    items: list[Any] = (await done(room, "bob", "GET", HERE))["items"]
    assert items == [
        {"user": {"id": user}, "status": "offline", "devices": [], "last_seen_at": None}
        for user in ("alice", "bob")
    ]
    assert await paged(room, "bob", f"{HERE}?limit=1", "user") == [{"id": "alice"}, {"id": "bob"}]


async def test_only_members_may_ask(room: Site) -> None:
    refused(await call(room, "eve", "GET", HERE), 403, "not_a_member")
    refused(await call(room, "eve", "GET", f"{ROOMS}/elsewhere/presence"), 404, "not_found")
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")
    assert len((await done(room, "eve", "GET", HERE))["items"]) == 3
    await done(room, "bob", "DELETE", f"{ROOMS}/here/members/bob")
    refused(await call(room, "bob", "GET", HERE), 403, "not_a_member")
    refused(await call(room, "alice", "GET", f"{HERE}?cursor=members:bob"), 422, "invalid", "cursor")
    await done(room, "alice", "DELETE", f"{ROOMS}/here")
    refused(await call(room, "alice", "GET", HERE), 404, "not_found")


async def test_without_presence_there_is_no_such_list(open_with: OpenSite) -> None:
    async with open_with(presence="off") as site:
        assert (await call(site, "alice", "GET", HERE)).status_code == 404
