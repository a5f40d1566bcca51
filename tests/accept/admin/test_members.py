"""Members by HTTP: administrators mute, remove and ban in any room; nobody else does by these routes."""

from __future__ import annotations

from sites import Site, refused

from .admins import ask, audited, done, refuse_others

HERE = "/rooms/here"


async def test_others_do_nothing_here(room: Site) -> None:
    await refuse_others(room, "GET", f"{HERE}/members")
    await refuse_others(room, "PUT", f"{HERE}/members/bob", {"role": "muted"})
    await refuse_others(room, "DELETE", f"{HERE}/members/bob")
    await refuse_others(room, "GET", f"{HERE}/bans")
    await refuse_others(room, "PUT", f"{HERE}/bans/bob")
    await refuse_others(room, "DELETE", f"{HERE}/bans/bob")


async def roles(site: Site) -> dict[str, str]:
    items = (await done(site, "GET", f"{HERE}/members"))["items"]
    return {one["user_id"]: one["role"] for one in items}


async def test_members_are_muted_removed_and_banned(room: Site) -> None:
    assert await roles(room) == {"alice": "owner", "bob": "member"}
    assert (await done(room, "PUT", f"{HERE}/members/bob", {"role": "muted"}))["role"] == "muted"
    await done(room, "PUT", f"{HERE}/members/eve/x")
    await done(room, "DELETE", f"{HERE}/members/eve/x")
    ban = await done(room, "PUT", f"{HERE}/bans/bob")
    assert (ban["user_id"], ban["banned_by"]) == ("bob", "root")
    assert (await done(room, "GET", f"{HERE}/bans"))["items"] == [ban]
    assert await roles(room) == {"alice": "owner"}
    await done(room, "DELETE", f"{HERE}/bans/bob")
    refused(await ask(room, "DELETE", f"{HERE}/bans/bob"), 404, "not_found")
    assert [action for _, action, _ in await audited(room)] == [
        "member.unbanned",
        "member.banned",
        "member.removed",
        "member.added",
        "member.changed",
    ]
    assert {target for _, _, target in await audited(room)} == {"room:here"}


async def test_rooms_that_do_not_exist_have_no_members(room: Site) -> None:
    for method, path in (
        ("GET", "/members"),
        ("GET", "/bans"),
        ("PUT", "/members/bob"),
        ("PUT", "/bans/bob"),
    ):
        refused(await ask(room, method, f"/rooms/nowhere{path}"), 404, "not_found")
    assert await audited(room) == []


async def test_the_last_owner_keeps_the_role(room: Site) -> None:
    refused(await ask(room, "PUT", f"{HERE}/members/alice", {"role": "member"}), 409, "last_owner")
    await done(room, "PUT", f"{HERE}/members/bob", {"role": "owner"})
    await done(room, "PUT", f"{HERE}/members/alice", {"role": "member"})
    assert await roles(room) == {"alice": "member", "bob": "owner"}
