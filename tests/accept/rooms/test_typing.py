"""Typing by HTTP: the others who are here see it, in the room alone, and it leaves no trace."""

from __future__ import annotations

from clients import EventStream
from lumen_notify.deliver.ephemeral.typing import REPEAT_SECONDS, TIMEOUT_SECONDS
from sites import Site, refused

from ..talk import HERE, ROOMS, call, done, said

TYPING = f"{ROOMS}/here/typing"


async def test_the_others_see_it_and_it_has_no_id(room: Site, streams: dict[str, EventStream]) -> None:
    position = (await room.api("bob").get("/counts"))["position"]

    assert await done(room, "alice", "POST", TYPING, {"is_typing": True}) == {"is_typing": True}
    await done(room, "alice", "POST", TYPING, {"is_typing": True})
    await done(room, "alice", "POST", TYPING, {"is_typing": False})

    shown = [await streams["bob"].wait_for_event("typing", number) for number in (1, 2)]
    user = {"id": "alice", "username": "alice", "avatar": None}
    assert [frame.data for frame in shown] == [
        {"room_id": "here", "user": user, "is_typing": is_typing} for is_typing in (True, False)
    ]
    assert [frame.id for frame in shown] == [None, None]
    # What comes after shows that nothing has come before: neither to herself nor to who is not in the room.
    await done(room, "alice", "POST", HERE, {"content": "hi"})
    await room.publish("eve")
    for user_id in ("alice", "eve"):
        await streams[user_id].wait_for_event("message")
        assert [frame for frame in streams[user_id].frames if frame.event == "typing"] == []
    assert (await room.api("bob").get("/counts"))["position"] == position + 2
    assert len(await said(room)) == 1


async def test_who_may_not_write_may_not_say_that_he_types(room: Site) -> None:
    await done(room, "alice", "PUT", f"{ROOMS}/here/members/bob", {"role": "muted"})
    await done(room, "alice", "POST", ROOMS, {"id": "closed", "kind": "private"})
    for user, path, code, status in (
        ("bob", TYPING, "muted", 403),
        ("eve", TYPING, "not_a_member", 403),
        ("eve", f"{ROOMS}/closed/typing", "not_found", 404),
        ("eve", f"{ROOMS}/nowhere/typing", "not_found", 404),
    ):
        refused(await call(room, user, "POST", path, {"is_typing": True}), status, code)
    for body, field in (
        ({}, "is_typing"),
        ({"is_typing": 1}, "is_typing"),
        ({"is_typing": True, "x": 1}, "x"),
    ):
        refused(await call(room, "alice", "POST", TYPING, body), 422, "invalid", field)


def test_description_gives_the_seconds_of_the_other_side(room: Site) -> None:
    assert room.lumen._endpoints is not None
    (route,) = room.lumen._endpoints.typing.routes()
    description = route.operations["POST"].description
    assert f"after {TIMEOUT_SECONDS:g} seconds" in description
    assert f"every {REPEAT_SECONDS:g} seconds" in description
