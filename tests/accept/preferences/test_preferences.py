"""Preferences by HTTP: read, changed in part, refused by name, and followed by open streams."""

from __future__ import annotations

import json
from typing import Any

from clients import EventStream, contents, token
from sites import Site, refused

from ..talk import ROOMS, done
from .preference_requests import NIGHT, PREFERENCES, choose, define


async def test_a_change_of_some_fields_is_answered_with_all_preferences(stored: Site) -> None:
    await define(stored, "news", push=False)
    await choose(stored, {"categories": {"like": {"muted": True}}})
    await choose(stored, {"quiet_hours": NIGHT})
    await choose(stored, {"digest": {"minutes": 30}})
    answer = await choose(stored, {})
    expected: dict[str, Any] = {
        "categories": {
            "like": {"in_app": True, "push": True, "muted": True},
            "news": {"in_app": True, "push": False, "muted": False},
        },
        "rooms": {},
        "quiet_hours": NIGHT,
        "digest": {"minutes": 30},
        "presence": "shown",
    }
    assert answer.json() == expected
    assert (await stored.send("GET", PREFERENCES, user="bob")).json() == expected
    nothing = {"categories": {"like": None}, "quiet_hours": None, "digest": None}
    assert (await choose(stored, nothing)).json() == {
        "categories": {"news": expected["categories"]["news"]},
        "rooms": {},
        "quiet_hours": None,
        "digest": {"minutes": 0},
        "presence": "shown",
    }


WRONG: dict[str, tuple[Any, list[str]]] = {
    "a list": ([], ["body"]),
    "unknown field": ({"sound": True}, ["sound"]),
    "categories are null": ({"categories": None}, ["categories"]),
    "a name that cannot be": ({"categories": {"Like": {"muted": 1}}}, ["categories"]),
    "too many": ({"categories": {f"c{n}": None for n in range(501)}}, ["categories"]),
    "unknown choice": ({"categories": {"like": {"loud": True}}}, ["categories.like.loud"]),
    "muted is text": ({"categories": {"like": {"muted": "yes"}}}, ["categories.like.muted"]),
    "may not be muted": (
        {"categories": {"security": {"in_app": False, "muted": True}}},
        ["categories.security.in_app", "categories.security.muted"],
    ),
    "no zone": ({"quiet_hours": NIGHT | {"time_zone": "Mars/Phobos"}}, ["quiet_hours.time_zone"]),
    "a path for a zone": ({"quiet_hours": NIGHT | {"time_zone": "../UTC"}}, ["quiet_hours.time_zone"]),
    "no time": (
        {"quiet_hours": NIGHT | {"from": "24:00", "to": "7:00"}},
        ["quiet_hours.from", "quiet_hours.to"],
    ),
    "no length": ({"quiet_hours": NIGHT | {"to": "22:30"}}, ["quiet_hours.to"]),
    "no end": ({"quiet_hours": {"from": "22:30", "time_zone": "UTC"}}, ["quiet_hours.to"]),
    "rooms are null": ({"rooms": None}, ["rooms"]),
    "a room that cannot be": ({"rooms": {"Tea!": {"push": False}}}, ["rooms"]),
    "too many rooms": ({"rooms": {f"r{n}": None for n in range(501)}}, ["rooms"]),
    "unknown choice about a room": ({"rooms": {"tea": {"muted": True}}}, ["rooms.tea.muted"]),
    "no room": ({"rooms": {"nowhere": {"push": False}}}, ["rooms.nowhere"]),
    "digest is too often": ({"digest": {"minutes": 4}}, ["digest.minutes"]),
    "digest is too seldom": ({"digest": {"minutes": 1441}}, ["digest.minutes"]),
}


async def test_a_wrong_change_names_its_fields_and_changes_nothing(site: Site) -> None:
    await define(site, "security", may_mute=False)
    before = (await site.send("GET", PREFERENCES, user="bob")).json()
    async with site.unchanged():
        for name, (body, fields) in WRONG.items():
            problem = refused(await choose(site, body), 422, "invalid", *fields)
            assert "Mars" not in json.dumps(problem), name
    assert (await site.send("GET", PREFERENCES, user="bob")).json() == before
    refused(await site.send("GET", PREFERENCES + "?user=eve", user="bob"), 422, "invalid", "user")
    refused(await site.send("PATCH", PREFERENCES, body=b"{}", headers={}), 401, "token_missing")


async def test_every_open_stream_gets_a_change_of_preferences(stored: Site) -> None:
    streams = [await EventStream.open(stored.base_url, token("bob")) for _ in range(2)]
    for stream in streams:
        await stream.wait_for_event("ready")
    await choose(stored, {"categories": {"like": {"muted": True}}})
    await stored.publish("bob", "not told")
    await stored.publish("bob", "told", category="news")
    await choose(stored, {"categories": {"like": {"in_app": False}, "news": None}})
    hidden = contents(await stored.api("bob").pages())
    answer = await choose(stored, {"categories": {"like": None}})
    for stream in streams:
        last = await stream.wait_for_event("preferences", 3)
        frames = [frame for frame in stream.frames if frame.is_durable or frame.event == "preferences"]
        assert [(frame.event, frame.data["unread_count"]) for frame in frames] == [
            ("preferences", 0),
            ("message", 1),
            ("preferences", 1),
            ("preferences", 5),
        ]
        assert last.data == {
            "unread_count": 5,
            "unread": {"categories": {"like": 4, "news": 1}, "rooms": {}},
            "data": answer.json(),
        }
        await stream.close()
    assert hidden == ["told"]
    assert contents(await stored.api("bob").pages()) == ["told", "not told", "three", "two", "one"]


async def test_a_resumed_stream_does_not_get_notifications_of_a_muted_category(stored: Site) -> None:
    stream = await EventStream.open(stored.base_url, token("bob"))
    cursor = (await stream.wait_for_event("ready")).id
    await stream.close()
    await choose(stored, {"categories": {"like": {"muted": True}}})
    await stored.publish("bob", "not told")
    await stored.publish("bob", "told", category="news")
    stream = await EventStream.open(stored.base_url, token("bob"), cursor=cursor)
    await stream.wait_for_event("message")
    assert [frame.event for frame in stream.frames if frame.event] == ["ready", "preferences", "message"]
    assert [frame.data["unread_count"] for frame in stream.frames if frame.event] == [1, 1, 1]
    await stream.close()


async def test_other_pages_of_the_user_learn_that_a_room_is_silent(room: Site) -> None:
    stream = await EventStream.open(room.base_url, token("bob"))
    await stream.wait_for_event("ready")
    answer = (await choose(room, {"rooms": {"here": {"push": False}}})).json()
    assert answer["rooms"] == {"here": {"push": False}}
    frame = await stream.wait_for_event("preferences")
    assert frame.data["data"] == answer
    for user, push in (("bob", False), ("alice", True), ("eve", None)):
        assert (await done(room, user, "GET", f"{ROOMS}/here"))["push"] is push
    assert [one["push"] for one in (await done(room, "bob", "GET", ROOMS))["items"]] == [False]
    resets: list[Any] = [{"here": None}, {"here": {}}, {"here": {"push": None}}, {"here": {"push": True}}]
    for rooms in resets:
        await choose(room, {"rooms": {"here": {"push": False}}})
        assert (await choose(room, {"rooms": rooms})).json()["rooms"] == {}
    await stream.close()
