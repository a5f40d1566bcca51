"""Membership: what each role may do in a room, and that nothing changes where a role may not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sites import Site, refused

from ..talk import ROOMS, call, done
from .room_requests import ROUTES

ROLES = ("owner", "moderator", "member", "muted")
CALLERS = (*ROLES, "outsider", "banned")
OK, LOW, OUT, GONE, BANNED = "ok", "role_too_low", "not_a_member", "not_found", "banned"


# In the order of CALLERS, in a public room.
EXPECTED: dict[str, tuple[str, ...]] = {
    "see it": (OK, OK, OK, OK, OK, OK),
    "list members": (OK, OK, OK, OK, OUT, OUT),
    "list bans": (OK, OK, LOW, LOW, OUT, OUT),
    "ask for a ban": (OK, OK, LOW, LOW, OUT, OUT),
    "rename": (OK, OK, LOW, LOW, OUT, OUT),
    "let in": (OK, OK, LOW, LOW, OUT, OUT),
    "let many in": (OK, OK, LOW, LOW, OUT, OUT),
    "make a moderator": (OK, LOW, LOW, LOW, OUT, OUT),
    "mute": (OK, OK, LOW, LOW, OUT, OUT),
    "put out": (OK, OK, LOW, LOW, OUT, OUT),
    "ban": (OK, OK, LOW, LOW, OUT, OUT),
    "unban": (OK, OK, LOW, LOW, OUT, OUT),
    "join": (OK, OK, OK, OK, OK, BANNED),
    "leave": (OK, OK, OK, OK, GONE, GONE),
    "make themselves an owner": (OK, LOW, LOW, LOW, LOW, BANNED),
    "ban the owner": (OK, LOW, LOW, LOW, OUT, OUT),
    "end it": (OK, LOW, LOW, LOW, OUT, OUT),
}


async def build(site: Site, id_: str, kind: str) -> None:
    """Make a room with one of each role beside its first owner, one who is banned, and one other."""
    await done(
        site, "first", "POST", ROOMS, {"id": id_, "kind": kind, "title": "T", "members": [*ROLES, "other"]}
    )
    for role in ROLES:
        await done(site, "first", "PUT", f"{ROOMS}/{id_}/members/{role}", {"role": role})
    await done(site, "first", "PUT", f"{ROOMS}/{id_}/bans/banned")


@pytest.mark.parametrize("kind", ["public", "private", "unknown"])
@pytest.mark.parametrize("what", ROUTES)
async def test_each_role_may_do_what_the_table_says_and_private_rooms_are_not_found(
    site: Site, what: str, kind: str
) -> None:
    method, tail, body = ROUTES[what]
    for caller, expected in zip(CALLERS, EXPECTED[what], strict=True):
        id_ = f"r-{caller}"
        if kind != "unknown":
            await build(site, id_, kind)
        is_inside = caller in ROLES and kind != "unknown"
        code = expected if kind == "public" or is_inside else GONE
        path = f"{ROOMS}/{id_}"
        before = [await call(site, "first", "GET", path + more) for more in ("", "/members", "/bans")]

        answer = await call(site, caller, method, path + tail.format(me=caller), body)

        found = OK if answer.is_success else answer.json()["code"]
        assert found == code, (caller, answer.text)
        if code != OK:
            after = [await call(site, "first", "GET", path + more) for more in ("", "/members", "/bans")]
            assert [said_by(one) for one in after] == [said_by(one) for one in before]


def said_by(answer: httpx.Response) -> dict[str, Any]:
    """Return what an answer says, without what is each request's own."""
    return {name: field for name, field in answer.json().items() if name != "request_id"}


async def test_every_request_about_a_room_needs_a_token(site: Site) -> None:
    await build(site, "r", "public")
    for method, tail, _ in ROUTES.values():
        answer = await site.send(method, f"{ROOMS}/r{tail.format(me='owner')}", headers={})
        refused(answer, 401, "token_missing")
