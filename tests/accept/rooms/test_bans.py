"""Bans by HTTP: a banned user stays out until the ban ends, and moderators see who is banned."""

from __future__ import annotations

import pytest

from sites import Site, refused

from ..talk import ROOMS, call, done, paged


async def test_a_banned_user_cannot_join_until_the_ban_ends(room: Site) -> None:
    ban, join = f"{ROOMS}/here/bans/bob", f"{ROOMS}/here/members/bob"

    answers = [await done(room, "alice", "PUT", ban) for _ in range(2)]
    refused(await call(room, "bob", "PUT", join), 403, "banned")
    shown = await done(room, "alice", "GET", ban)
    assert shown == {"user_id": "bob", "banned_by": "alice", "banned_at": shown["banned_at"]}
    assert answers == [shown, shown]
    assert (await done(room, "alice", "GET", f"{ROOMS}/here/bans"))["items"] == [shown]

    assert await done(room, "alice", "DELETE", ban) is None
    for method in ("GET", "DELETE"):
        refused(await call(room, "alice", method, ban), 404, "not_found")
    assert (await done(room, "bob", "PUT", join))["role"] == "member"


async def test_bans_come_in_pages_by_id(stored: Site) -> None:
    users = [f"u{number}" for number in range(7)]
    await done(stored, "alice", "POST", ROOMS, {"id": "r", "members": users})
    for user in users[:5]:
        await done(stored, "alice", "PUT", f"{ROOMS}/r/bans/{user}")
    assert await paged(stored, "alice", f"{ROOMS}/r/members?limit=2", "user_id") == ["alice", "u5", "u6"]
    assert await paged(stored, "alice", f"{ROOMS}/r/bans?limit=2", "user_id") == users[:5]


@pytest.mark.parametrize(
    ("method", "tail", "field"),
    [
        ("PUT", "/bans/a%0a", "user"),
        ("GET", "/bans/%7f", "user"),
        ("GET", "/bans?page=2", "page"),
    ],
)
async def test_a_wrong_request_about_bans_is_refused_by_field(
    site: Site, method: str, tail: str, field: str
) -> None:
    await done(site, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
    refused(await call(site, "alice", method, f"{ROOMS}/r{tail}"), 422, "invalid", field)
