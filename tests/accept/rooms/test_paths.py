"""Paths of rooms: any user id can stand in a path; an id that no room can have is not found."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from sites import Site, refused

from ..talk import ROOMS, call, done
from .room_requests import ROUTES

ODD_IDS = [
    "a/b",
    "../r",
    "ünï cödé",
    "🍵",
    "מה",
    "a%2Fb",
    "x" * 128,
    "'; --",
    "a b",
    "a?b#c",
    "room:r",
    "null",
]


@pytest.mark.parametrize("user", ODD_IDS)
async def test_any_user_id_can_stand_in_a_path(stored: Site, user: str) -> None:
    await done(stored, "alice", "POST", ROOMS, {"id": "r", "kind": "public"})
    path = quote(user, safe="")
    joined = await done(stored, user, "PUT", f"{ROOMS}/r/members/{path}")
    assert (joined["user_id"], joined["role"]) == (user, "member")
    listed = (await done(stored, "alice", "GET", f"{ROOMS}/r/members"))["items"]
    assert {item["user_id"] for item in listed} == {"alice", user}
    assert (await done(stored, "alice", "PUT", f"{ROOMS}/r/bans/{path}"))["user_id"] == user
    assert (await done(stored, "alice", "GET", f"{ROOMS}/r/bans/{path}"))["user_id"] == user


@pytest.mark.parametrize("id_", ["Upper", "%00", "a b", "x" * 65, "ü", "-x"])
async def test_an_id_that_no_room_can_have_is_not_found(stored: Site, id_: str) -> None:
    for method, tail, body in ROUTES.values():
        refused(
            await call(stored, "alice", method, f"{ROOMS}/{id_}{tail.format(me='alice')}", body),
            404,
            "not_found",
        )
