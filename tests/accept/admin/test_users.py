"""Users by HTTP: an administrator finds a user and sees what the server has of them."""

from __future__ import annotations

from clients import EventStream, token
from sites import OpenSite, Site, refused

from ..talk import ROOMS
from ..talk import done as by_user
from .admins import ask, done, refuse_others

DEVICE = {"provider": "log", "token": "a-secret-token", "name": "phone"}


async def test_others_do_not_find_users(site: Site) -> None:
    await refuse_others(site, "GET", "/users?query=bob")
    await refuse_others(site, "GET", "/users/bob")


async def test_users_are_found_by_the_beginning_of_their_id(stored: Site) -> None:
    await stored.publish("bobby")
    await stored.publish("carol")
    found = (await done(stored, "GET", "/users?query=bob"))["items"]
    assert [one["id"] for one in found] == ["bob", "bobby"]
    assert found[0] == {
        "id": "bob",
        "username": None,
        "display_name": None,
        "avatar": None,
        "is_online": False,
    }
    first = await done(stored, "GET", "/users?limit=2")
    rest = await done(stored, "GET", f"/users?limit=2&cursor={first['next_cursor']}")
    assert [one["id"] for one in (*first["items"], *rest["items"])] == ["bob", "bobby", "carol"]
    assert rest["next_cursor"] is None
    refused(await ask(stored, "GET", f"/users?query={'x' * 129}"), 422, "invalid", "query")


async def test_accounts_are_found_by_their_username_on_the_first_page(open_with: OpenSite) -> None:
    async with open_with(accounts="on") as site:
        body = {"username": "zoe", "password": "correct horse battery", "display_name": "Zoe Z"}
        registered = await site.http.post("/api/v1/auth/register", json=body)
        id_ = registered.json()["user_id"]
        await site.publish("zoe-without-account")
        found = (await done(site, "GET", "/users?query=Zoe"))["items"]
        assert [(one["id"], one["display_name"]) for one in found] == [(id_, "Zoe Z")]
        found = (await done(site, "GET", "/users?query=zoe"))["items"]
        assert [one["id"] for one in found] == [id_, "zoe-without-account"]
        details = await done(site, "GET", f"/users/{id_}")
        assert (details["username"], details["scope"]) == ("zoe", "")
        assert details["created_at"] is not None
        assert "password" not in str(details)


async def test_details_have_streams_counts_devices_and_the_newest_notifications(
    open_with: OpenSite,
) -> None:
    async with open_with(push_providers=("log",)) as site:
        headers = {"Authorization": f"Bearer {token('bob')}"}
        assert (await site.http.post("/api/v1/devices", json=DEVICE, headers=headers)).is_success
        stream = await EventStream.open(site.base_url, token("bob"), query={"device": "mobile"})
        try:
            await stream.wait_for_event("ready")
            for number in range(30):
                await site.publish("bob", f"number {number}")
            details = await done(site, "GET", "/users/bob")
        finally:
            await stream.close()
    assert details["is_online"]
    assert details["last_seen_at"] is None
    (open_stream,) = details["streams"]
    assert open_stream["device"] == "mobile"
    assert details["unread_count"] == 33
    assert details["unread"] == {"categories": {"like": 33}, "rooms": {}}
    assert [one["content"] for one in details["notifications"]] == [f"number {n}" for n in range(29, 9, -1)]
    assert not details["notifications"][0]["is_read"]
    (device,) = details["devices"]
    assert device["name"] == "phone"
    assert "a-secret-token" not in str(details)


async def test_user_who_appears_offline_is_online_to_administrators(site: Site) -> None:
    await by_user(site, "bob", "PATCH", "/api/v1/preferences", {"presence": "hidden"})
    stream = await EventStream.open(site.base_url, token("bob"))
    try:
        await stream.wait_for_event("ready")
        assert (await done(site, "GET", "/users/bob"))["is_online"]
        assert (await done(site, "GET", "/users?query=bob"))["items"][0]["is_online"]
    finally:
        await stream.close()


async def test_ids_of_which_nothing_is_known_are_answered_too(site: Site) -> None:
    details = await done(site, "GET", "/users/nobody/at/all")
    assert (details["id"], details["is_online"], details["notifications"]) == ("nobody/at/all", False, [])
    assert details["unread_count"] == 0


async def test_rooms_of_a_user_are_in_their_counts(stored: Site) -> None:
    await by_user(stored, "alice", "POST", ROOMS, {"id": "here", "kind": "public", "members": ["bob"]})
    await by_user(stored, "alice", "POST", f"{ROOMS}/here/messages", {"content": "hi"})
    assert (await done(stored, "GET", "/users/bob"))["unread"]["rooms"] == {"here": 1}
