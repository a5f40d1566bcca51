"""Rooms by HTTP: administrators list and delete any room; nobody else does."""

from __future__ import annotations

from sites import Site, refused

from ..talk import ROOMS
from ..talk import done as by_user
from .admins import ask, audited, done, refuse_others


async def test_others_do_nothing_here(room: Site) -> None:
    await refuse_others(room, "GET", "/rooms")
    await refuse_others(room, "GET", "/rooms/here")
    await refuse_others(room, "DELETE", "/rooms/here")


async def test_all_rooms_are_listed_whoever_is_in_them(room: Site) -> None:
    await by_user(room, "bob", "POST", ROOMS, {"id": "secret", "kind": "private", "title": "Plans"})
    await by_user(room, "bob", "POST", ROOMS, {"kind": "direct", "members": ["eve"]})
    listed = (await done(room, "GET", "/rooms"))["items"]
    assert len(listed) == 3
    by_id = {one["id"]: one for one in listed}
    assert (by_id["secret"]["kind"], by_id["secret"]["title"]) == ("private", "Plans")
    (direct,) = [one for one in listed if one["kind"] == "direct"]
    assert sorted(direct["users"]) == ["bob", "eve"]
    assert await done(room, "GET", "/rooms/secret") == by_id["secret"]
    refused(await ask(room, "GET", "/rooms/nowhere"), 404, "not_found")


async def test_pages_and_prefixes(room: Site) -> None:
    for number in range(3):
        await by_user(room, "bob", "POST", ROOMS, {"id": f"team-{number}"})
    first = await done(room, "GET", "/rooms?limit=2&query=team")
    rest = await done(room, "GET", f"/rooms?limit=2&query=team&cursor={first['next_cursor']}")
    assert [one["id"] for one in (*first["items"], *rest["items"])] == ["team-0", "team-1", "team-2"]
    assert rest["next_cursor"] is None
    refused(await ask(room, "GET", f"/rooms?query={'x' * 65}"), 422, "invalid", "query")


async def test_a_room_is_deleted_and_the_audit_log_says_so(room: Site) -> None:
    await done(room, "DELETE", "/rooms/here")
    refused(await ask(room, "DELETE", "/rooms/here"), 404, "not_found")
    assert (await by_user(room, "bob", "GET", ROOMS))["items"] == []
    assert await audited(room) == [("root", "room.deleted", "room:here")]
