"""Members by HTTP: listed in pages, added in one step, and wrong requests refused by field."""

from __future__ import annotations

from typing import Any

import pytest

from clients import EventStream, token
from sites import OpenSite, Site, refused

from ..talk import ROOMS, call, done, paged


async def test_members_come_in_pages_by_id(stored: Site) -> None:
    users = [f"u{number}" for number in range(7)]
    await done(stored, "alice", "POST", ROOMS, {"id": "r", "members": users})
    for user in users[:5]:
        await done(stored, "alice", "DELETE", f"{ROOMS}/r/members/{user}")
    assert await paged(stored, "alice", f"{ROOMS}/r/members?limit=2", "user_id") == ["alice", "u5", "u6"]


@pytest.mark.parametrize(
    ("method", "tail", "body", "field"),
    [
        ("PUT", "/members/bob", {"role": "king"}, "role"),
        ("PUT", "/members/bob", {"rule": "owner"}, "rule"),
        ("PUT", "/members/bob", [], "body"),
        ("PUT", "/members/a%00", None, "user"),
        ("PUT", f"/members/{'u' * 129}", None, "user"),
        ("POST", "/members", {"members": []}, "members"),
        ("POST", "/members", {"members": ["bob"], "role": "owner"}, "role"),
        ("POST", "/members", {"members": [f"u{number}" for number in range(1001)]}, "members"),
        ("GET", "/members?cursor=%00", None, "cursor"),
        ("GET", "/members?limit=101", None, "limit"),
    ],
)
async def test_a_wrong_request_about_members_is_refused_by_field(
    site: Site, method: str, tail: str, body: Any, field: str
) -> None:
    await done(site, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
    refused(await call(site, "alice", method, f"{ROOMS}/r{tail}", body), 422, "invalid", field)


async def test_members_added_together_are_one_event(open_with: OpenSite) -> None:
    async with open_with(max_batch_rows=300) as site:
        await done(site, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
        stream = await EventStream.open(site.base_url, token("alice"))
        await stream.wait_for_event("ready")
        users = [f"u{number:03d}" for number in range(300)]
        await done(site, "alice", "POST", f"{ROOMS}/r/members", {"members": users})
        refused(
            await call(site, "alice", "POST", f"{ROOMS}/r/members", {"members": [*users, "one"]}),
            422,
            "invalid",
            "members",
        )
        frame = await stream.wait_for_event("member")
        await stream.close()
        change = frame.data["data"]
        assert (change["changed"], change["members_count"], len(change["members"])) == (300, 301, 100)
