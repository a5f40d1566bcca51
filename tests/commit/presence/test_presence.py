"""Presence: what members of a room see of each other, and who may learn of a change."""

from __future__ import annotations

from lumen_notify.commit.presence.presence import MAX_BLOCKED, MAX_ROOMS, MemberPresence, Observers

from .reporting import Reporting


async def add_room(one: Reporting, room_id: str, *members: str, kind: str = "public") -> None:
    await one.run_sql(
        "INSERT INTO lumen_room (id, kind, last_seq, members_count, created_at, created_by)"  # noqa: S608
        f" VALUES ('{room_id}', '{kind}', 0, {len(members)}, 0, 'ann')"
    )
    for member in members:
        await one.run_sql(
            "INSERT INTO lumen_member (room_id, user_id, role, last_read_seq, joined_position)"  # noqa: S608
            f" VALUES ('{room_id}', '{member}', 'member', 0, 0)"
        )


async def hide(one: Reporting, user: str) -> None:
    await one.run_sql(
        f"INSERT INTO lumen_user_setting (user_id, digest_minutes, is_hidden) VALUES ('{user}', 0, 1)"  # noqa: S608
    )


async def block(one: Reporting, user: str, *others: str) -> None:
    for other in others:
        await one.run_sql(f"INSERT INTO lumen_block VALUES ('{user}', '{other}', 0)")  # noqa: S608


async def test_members_are_listed_by_user_with_status_and_devices(
    first: Reporting, second: Reporting
) -> None:
    await add_room(first, "here", "ann", "bob", "cid")
    await first.open("ann", device="mobile")
    await second.open("ann", "bob", device="desktop")
    await second.open("ann")
    await second.open("bob", device="desktop")
    seen = await first.presence.of_room("here", "cid", after="", limit=10)
    assert [(one.user_id, one.is_online, one.devices) for one in seen] == [
        ("ann", True, ("desktop", "mobile")),
        ("bob", True, ("desktop",)),
        ("cid", False, ()),
    ]
    assert [one.user_id for one in await first.presence.of_room("here", "cid", after="ann", limit=1)] == [
        "bob"
    ]


async def test_hidden_user_and_one_who_has_blocked_the_reader_were_never_seen(first: Reporting) -> None:
    await add_room(first, "here", "ann", "bob", "cid", "dan")
    await first.open("ann", "bob", device="mobile")
    await first.open("cid", "dan")
    await first.end("cid", "dan")
    await first.take_offline()
    await hide(first, "ann")
    await hide(first, "cid")
    await block(first, "bob", "eve")
    await block(first, "dan", "eve")
    never = [
        MemberPresence(user_id=user, is_online=False, devices=(), last_seen_at=None)
        for user in ("ann", "bob", "cid", "dan")
    ]
    assert await first.presence.of_room("here", "eve", after="", limit=10) == never
    as_bob = {one.user_id: one for one in await first.presence.of_room("here", "bob", after="", limit=10)}
    assert (as_bob["bob"].is_online, as_bob["bob"].devices) == (True, ("mobile",))
    assert as_bob["dan"].last_seen_at is not None
    as_ann = await first.presence.of_room("here", "ann", after="", limit=1)
    assert as_ann[0].is_online, "to themselves they are online"


async def test_change_is_announced_in_the_small_rooms_of_a_user_smallest_first(first: Reporting) -> None:
    await add_room(first, "three", "ann", "bob", "cid")
    await add_room(first, "two", "ann", "bob")
    await add_room(first, "large", "ann", "bob", "cid", "dan")
    await add_room(first, "alone", "ann")
    await add_room(first, "gone", "ann", "bob", kind="deleting")
    assert await first.presence.observers(["ann", "dan"]) == {"ann": Observers(room_ids=("two", "three"))}


async def test_rooms_that_others_added_a_user_to_use_up_no_place_of_chosen_ones(first: Reporting) -> None:
    await add_room(first, "chosen", "ann", "bob", "cid")
    for number in range(MAX_ROOMS):
        await add_room(first, f"forced-{number:02}", "ann", "eve")
    await first.run_sql("UPDATE lumen_member SET by_choice = 0 WHERE room_id <> 'chosen'")
    room_ids = (await first.presence.observers(["ann"]))["ann"].room_ids
    assert room_ids[0] == "chosen"
    assert len(room_ids) == MAX_ROOMS


async def test_blocked_users_are_named_and_too_many_of_them_end_all_announcements(first: Reporting) -> None:
    await add_room(first, "here", "ann", "bob", "cid")
    await hide(first, "bob")
    await block(first, "bob", "eve", "dan")
    await block(first, "cid", *(f"user{n:03}" for n in range(MAX_BLOCKED + 1)))
    assert await first.presence.observers(["ann", "bob", "cid"]) == {
        "ann": Observers(room_ids=("here",)),
        "bob": Observers(room_ids=("here",), blocked_ids=("dan", "eve"), is_hidden=True),
    }
