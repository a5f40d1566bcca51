"""Schedule of a room by HTTP: moderators see and cancel what anybody has scheduled to it."""

from __future__ import annotations

from sites import Site, refused

from ..talk import ROOMS, call, done


async def test_moderators_see_and_cancel_what_is_scheduled_to_their_room(stored: Site) -> None:
    await done(stored, "bob", "POST", ROOMS, {"id": "here", "kind": "public", "members": ["eve"]})
    body = {"to": {"room": "here"}, "category": "news", "content": "hi", "deliver_at": "2027-01-31T08:00:00Z"}
    ids = [(await stored.api("alice").post("", body))["id"] for _ in range(3)]
    path = f"{ROOMS}/here/scheduled"

    page = await done(stored, "bob", "GET", f"{path}?limit=2")
    rest = await done(stored, "bob", "GET", f"{path}?limit=2&cursor={page['next_cursor']}")

    assert [item["id"] for item in page["items"] + rest["items"]] == ids
    assert page["items"][0]["to"] == {"room": "here"}
    assert page["items"][0]["sender"]["id"] == "alice"
    refused(await call(stored, "eve", "GET", path), 403, "role_too_low")
    refused(await call(stored, "alice", "GET", path), 403, "not_a_member")
    refused(await call(stored, "eve", "DELETE", f"{path}/{ids[0]}"), 403, "role_too_low")
    assert await done(stored, "bob", "DELETE", f"{path}/{ids[0].upper()}") is None
    refused(await call(stored, "bob", "DELETE", f"{path}/{ids[0]}"), 404, "not_found")
    assert [item["id"] for item in (await done(stored, "bob", "GET", path))["items"]] == ids[1:]
    refused(await call(stored, "bob", "GET", f"{path}?foo=1"), 422, "invalid", "foo")
