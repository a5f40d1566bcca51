"""History by HTTP: messages in pages both ways, read marks, and wrong queries refused by name."""

from __future__ import annotations

import pytest

from clients import EventStream
from lumen_notify.model import new_id
from sites import Site, refused

from ..talk import HERE, ROOMS, call, done, paged, say


async def test_history_is_paged_both_ways_and_around(room: Site) -> None:
    for number in range(1, 8):
        await say(room, "alice", str(number))
    pages = {
        "": ([1, 2, 3, 4, 5, 6, 7], None),
        "?limit=3": ([5, 6, 7], "messages:before-5"),
        "?limit=3&before=5": ([2, 3, 4], "messages:before-2"),
        "?limit=3&before=2": ([1], None),
        "?limit=3&before=4": ([1, 2, 3], None),
        "?limit=3&after=0": ([1, 2, 3], "messages:after-3"),
        "?limit=3&after=3": ([4, 5, 6], "messages:after-6"),
        "?limit=3&after=6": ([7], None),
        "?limit=3&after=7": ([], None),
        "?limit=4&around=4": ([2, 3, 4, 5], "messages:before-2"),
        "?limit=1&around=4": ([4], "messages:before-4"),
        "?limit=1&around=9": ([], "messages:before-9"),
        "?limit=100&around=9": ([1, 2, 3, 4, 5, 6, 7], None),
        f"?after={2**63 - 1}": ([], None),
    }
    for query, (seqs, cursor) in pages.items():
        page = await done(room, "bob", "GET", HERE + query)
        assert [one["seq"] for one in page["items"]] == seqs, query
        assert page["next_cursor"] == cursor, query


@pytest.mark.parametrize("start", ["", "&after=0"])
async def test_history_is_followed_by_its_cursor_in_the_direction_of_the_first_page(
    room: Site, start: str
) -> None:
    for number in range(1, 6):
        await say(room, "alice", str(number))
    seqs = await paged(room, "bob", f"{HERE}?limit=2{start}", "seq")
    assert seqs == ([1, 2, 3, 4, 5] if start else [4, 5, 2, 3, 1])


async def test_an_invalid_query_is_refused_by_name(room: Site) -> None:
    for query, field in (
        ("?before=x", "before"),
        ("?after=-1", "after"),
        (f"?around={2**63}", "around"),
        ("?before=1&after=1", "after"),
        ("?limit=0", "limit"),
        ("?cursor=1", "cursor"),
        (f"?cursor=messages:before-{10**19}", "cursor"),
        ("?cursor=messages:after-1&before=1", "before"),
    ):
        refused(await call(room, "bob", "GET", HERE + query), 422, "invalid", field)
    refused(await call(room, "bob", "GET", f"{ROOMS}/here/reads?cursor=%00"), 422, "invalid", "cursor")
    refused(await call(room, "bob", "GET", f"{HERE}/{new_id()}"), 404, "not_found")


async def test_each_member_gets_a_read_mark_with_their_own_counts(
    room: Site, streams: dict[str, EventStream]
) -> None:
    ids = [(await say(room, "alice", str(number)))["id"] for number in range(3)]

    answer = await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 2})

    assert answer == {"changed": 2, "last_read_seq": 2, "unread": 1, "position": answer["position"]}
    told = {"room_id": "here", "user_id": "bob", "from_seq": 1, "up_to": 2, "ids": ids[:2]}
    for user, total, unread in (("alice", 0, 0), ("bob", 4, 1)):
        frame = await streams[user].wait_for_event("read")
        assert frame.position == answer["position"]
        assert frame.data == {"unread_count": total, "room": {"id": "here", "unread": unread}, "data": told}
    again = await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 1})
    assert again == answer | {"changed": 0}
    beyond = await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 99})
    assert beyond["last_read_seq"] == 3
    assert (await done(room, "alice", "GET", f"{ROOMS}/here/reads?limit=1")) == {
        "items": [{"user_id": "alice", "last_read_seq": 3}],
        "next_cursor": "reads:alice",
    }
    assert (await done(room, "alice", "GET", f"{ROOMS}/here/reads?cursor=reads:alice"))["items"] == [
        {"user_id": "bob", "last_read_seq": 3}
    ]


async def test_all_rooms_are_marked_as_read_with_one_request(room: Site) -> None:
    await done(room, "alice", "POST", ROOMS, {"id": "there", "members": ["bob"]})
    for _ in range(2):
        await say(room, "alice", "hi")
    await done(room, "alice", "POST", f"{ROOMS}/there/messages", {"content": "hi"})
    before = await room.api("bob").get("/counts")
    assert before["unread"]["rooms"] == {"here": 2, "there": 1}

    answer = await done(room, "bob", "POST", f"{ROOMS}/read", {"all": True})

    assert answer["changed"] == 3
    assert answer["unread"]["rooms"] == {}
    assert answer["unread_count"] == before["unread_count"] - 3
    assert {name: answer[name] for name in ("unread_count", "unread", "position")} == await room.api(
        "bob"
    ).get("/counts")
    assert (await done(room, "bob", "POST", f"{ROOMS}/read", {"all": True}))["changed"] == 0
    refused(await call(room, "bob", "POST", f"{ROOMS}/read", {}), 422, "invalid", "all")
