"""Page: who gets what, and when, from the publish to the device."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.retraction import Retract
from lumen_notify.commit.rooms.blocks import SetBlock
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.read_marks import MarkRoomRead
from lumen_notify.model import Audience
from lumen_notify.push.push import Delivery, Result

from ..push_desk import DELAY_MS, PushDesk

CALLER = Caller(user_id="app", may_publish=True)

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def loud(sent: list[Delivery]) -> list[Delivery]:
    """Return what is shown."""
    return [one for one in sent if not one.push.is_silent]


def titles(sent: list[Delivery]) -> list[tuple[str, str]]:
    return [(one.target.user_id, one.push.title) for one in loud(sent)]


async def words(desk: PushDesk) -> list[str]:
    return [word for _, word in await desk.outcomes()]


async def test_who_has_read_it_by_then_gets_no_push(desk: PushDesk) -> None:
    await desk.register("bob")
    id_ = await desk.publish("bob")
    await desk.store.mark("bob", "read", ids=(id_,))
    assert await desk.later() == []
    assert await desk.outcomes() == [("bob", "read")]


async def test_each_device_of_a_kind_that_counts_gets_it(desk: PushDesk) -> None:
    mobile, _ = await desk.register("bob", kind="mobile"), await desk.register("bob", kind="desktop")
    await desk.publish("bob", delivery={"devices": ["mobile"]})
    assert [one.target.id for one in await desk.later()] == [mobile]
    await desk.publish("bob", delivery={"devices": ["tablet"]})
    assert await desk.later() == []
    assert (await words(desk))[-1] == "no_device"


async def test_an_open_stream_is_enough(desk: PushDesk) -> None:
    await desk.register("bob")
    desk.streams["bob"] = ["desktop"]
    await desk.publish("bob")
    await desk.publish("bob", delivery={"push": "always"})
    await desk.publish("bob", delivery={"devices": ["mobile"]})
    assert len(await desk.later()) == 2
    assert sorted(await words(desk)) == ["online", "pushed", "pushed"]


async def test_a_push_that_is_nowhere_else_reaches_the_device(desk: PushDesk) -> None:
    await desk.register("bob")
    desk.streams["bob"] = ["desktop"]
    id_ = await desk.publish("bob", delivery={"push": "only"}, title="Call")
    (sent,) = await desk.later(0)
    assert (sent.push.title, sent.push.content, sent.push.collapse_key) == ("Call", "hello", id_)
    assert sent.push.badge == 0
    assert await desk.shown() == [(id_,)], "until it is taken back"


async def test_quiet_hours_bundle_what_is_still_unread_at_their_end(desk: PushDesk) -> None:
    quiet = QuietHours(begin="07:00", end="09:00", time_zone="UTC")  # it is 08:00
    await desk.store.committer.submit(ChangePreferences(user_id="bob", quiet_hours=quiet))
    await desk.register("bob")
    first, *_ = [await desk.publish("bob") for _ in range(3)]
    urgent = await desk.publish("bob", priority="urgent")
    assert [one.push.collapse_key for one in await desk.later()] == [urgent]
    await desk.store.mark("bob", "read", ids=(first,))
    assert loud(await desk.later(HOUR_MS - DELAY_MS - 1)) == []
    (sent,) = await desk.later(1)
    assert (sent.push.title, sent.push.collapse_key) == ("2 new notifications", "bundle:like")
    assert (sent.push.badge, sent.push.payload["type"], sent.push.payload["count"]) == (3, "digest", 2)
    assert sorted(await words(desk)) == ["pushed"] * 3 + ["quiet"] * 3 + ["read"]


async def test_a_single_one_that_has_waited_is_no_bundle(desk: PushDesk) -> None:
    await desk.register("bob")
    id_ = await desk.publish("bob", priority="low")
    assert await desk.later() == []
    (sent,) = await desk.later(15 * MINUTE_MS - DELAY_MS)
    assert (sent.push.collapse_key, sent.push.title, sent.push.payload["id"]) == (id_, "Alice", id_)


async def test_low_priority_of_a_category_becomes_one_push_at_the_time_of_the_first(desk: PushDesk) -> None:
    await desk.register("bob")
    for category in ("like", "like", "other"):
        await desk.publish("bob", category=category, priority="low")
        assert await desk.later(4 * MINUTE_MS) == []
    sent = await desk.later(3 * MINUTE_MS)
    assert [(one.push.title, one.push.collapse_key) for one in sent] == [
        ("2 new notifications", "bundle:like")
    ]
    (other,) = await desk.later(8 * MINUTE_MS)
    assert other.push.payload["category"] == "other"


async def test_what_exceeds_the_limit_of_an_hour_becomes_one_push(desk: PushDesk) -> None:
    desk = PushDesk(desk.store, push_max_per_hour=3)
    await desk.register("bob")
    await desk.register("ann")
    for _ in range(5):
        await desk.publish("bob")
        await desk.later()
    assert len(desk.sent) == 3
    await desk.publish("bob", category="other")
    await desk.publish("ann")
    await desk.publish("bob", priority="urgent")
    assert len(await desk.later()) == 3, "other users, other categories, and urgent ones have no part in it"
    (sent,) = await desk.later(HOUR_MS)
    assert (sent.push.title, sent.push.collapse_key) == ("2 new notifications", "bundle:like")
    assert (await words(desk)).count("limit") == 2


async def test_the_limit_holds_within_one_page(desk: PushDesk) -> None:
    desk = PushDesk(desk.store, push_max_per_hour=3)
    await desk.register("bob")
    for _ in range(5):
        await desk.publish("bob")
    assert len(await desk.later()) == 3


async def test_messages_of_all_rooms_have_one_limit_of_an_hour(desk: PushDesk) -> None:
    desk = PushDesk(desk.store, push_max_per_hour=3)
    await desk.register("bob")
    rooms = [f"room{number}" for number in range(5)]
    for room in rooms:
        await desk.open_room(room, "bob")
    for room in rooms[:4]:
        await desk.send(room, "alice", "hello")
        await desk.later()
    assert len(desk.sent) == 3
    await desk.send(rooms[4], "alice", "hello")
    assert await desk.later() == []
    due = await desk.store.rows("SELECT DISTINCT reason, due_at FROM lumen_push_waiting")
    assert [reason for reason, _ in due] == ["limit"], "both wait until the same time"
    sent = [one.push.payload["room_id"] for one in loud(await desk.later(HOUR_MS))]
    assert sent == rooms[3:]


async def test_no_more_times_are_kept_than_the_limit_needs(desk: PushDesk) -> None:
    for most in (3, 0):
        desk = PushDesk(desk.store, push_max_per_hour=most)
        await desk.register(user := f"bob{most}")
        for _ in range(5):
            await desk.publish(user)
            await desk.later()
        rows = await desk.store.rows(f"SELECT pushed_at FROM lumen_push_rate WHERE user_id = '{user}'")  # noqa: S608
        assert [len(json.loads(times)) for (times,) in rows] == ([most] if most else [])


async def test_a_group_that_was_announced_again_while_it_waited_is_one_notification(desk: PushDesk) -> None:
    quiet = QuietHours(begin="07:00", end="09:00", time_zone="UTC")
    await desk.store.committer.submit(ChangePreferences(user_id="bob", quiet_hours=quiet))
    await desk.register("bob")
    for name in ("ann", "cid"):
        sender = {"id": name, "username": name, "avatar": None}
        await desk.publish("bob", group_key="photo", sender=sender, content=f"{name} liked it")
        await desk.later(MINUTE_MS)
        await desk.store.flush_groups()
        await desk.later(MINUTE_MS)
    (sent,) = await desk.later(HOUR_MS)
    assert sent.push.payload["type"] == "notification"
    assert (sent.push.content, sent.push.payload["actors_count"]) == ("cid liked it", 2)


async def test_pushes_to_a_room_go_to_its_members(desk: PushDesk) -> None:
    await desk.open_room("tea", "bob", "cid", "dan")
    for user in ("alice", "bob", "cid", "dan", "eve"):
        await desk.register(user)
    await desk.store.rows("UPDATE lumen_member SET is_silent = 1 WHERE user_id = 'cid' RETURNING 1")
    await desk.publish(room="tea")
    await desk.store.committer.submit(
        ChangeMembers(room_id="tea", caller="alice", action="remove", users=("dan",))
    )
    assert [one.target.user_id for one in await desk.later()] == ["bob"]
    assert ("cid", "muted") in await desk.outcomes()


async def test_new_messages_of_a_room_become_one_push_for_each_member(desk: PushDesk) -> None:
    await desk.open_room("tea", "bob", "cid", title="Tea")
    for user in ("alice", "bob", "cid"):
        await desk.register(user)
    await desk.send("tea", "alice", "one")
    assert titles(await desk.later()) == [("bob", "Tea"), ("cid", "Tea")]
    assert desk.sent[0].push.content == "Alice: one"
    await desk.send("tea", "alice", "two")
    await desk.send("tea", "cid", "three")
    sent = loud(await desk.later())
    assert titles(sent) == [
        ("alice", "Tea"),
        ("bob", "2 new messages in Tea"),
    ]
    assert {one.push.collapse_key for one in desk.sent} == {Audience.room("tea")}
    assert (sent[1].push.badge, sent[1].push.payload["room_id"]) == (3, "tea")


async def test_a_mention_is_pushed_at_once_and_not_twice(desk: PushDesk) -> None:
    await desk.open_room("tea", "bob", "cid", title="Tea")
    await desk.register("bob")
    await desk.register("cid")
    await desk.send("tea", "alice", "@bob hi", mentions=("bob",))
    assert titles(await desk.later(0)) == [("bob", "Alice mentioned you in Tea")]
    assert titles(await desk.later()) == [("cid", "Tea")]


@pytest.mark.parametrize("change", ["leaves", "rejoins", "blocks", "silences"])
async def test_a_mention_follows_the_rules_of_its_room(desk: PushDesk, change: str) -> None:
    quiet = QuietHours(begin="07:00", end="09:00", time_zone="UTC")
    await desk.store.committer.submit(ChangePreferences(user_id="bob", quiet_hours=quiet))
    await desk.open_room("tea", "bob", title="Tea")
    await desk.register("bob")
    await desk.send("tea", "alice", "@bob hi", mentions=("bob",))
    assert await desk.later(0) == []
    if change == "blocks":
        await desk.store.committer.submit(SetBlock(user_id="bob", blocked_id="alice", is_blocked=True))
    elif change == "silences":
        await desk.store.rows("UPDATE lumen_member SET is_silent = 1 WHERE user_id = 'bob' RETURNING 1")
    else:
        steps: list[tuple[str, Any]] = [("bob", "remove"), ("alice", "add")]
        for caller, action in steps if change == "rejoins" else steps[:1]:
            await desk.store.committer.submit(
                ChangeMembers(room_id="tea", caller=caller, action=action, users=("bob",))
            )
    word = "pushed" if change == "silences" else "not_allowed"
    assert len(loud(await desk.later(HOUR_MS))) == (word == "pushed")
    assert await desk.outcomes() == [("bob", "quiet"), ("bob", word)]


async def test_what_is_read_is_taken_off_the_other_devices(desk: PushDesk) -> None:
    phone, tablet = await desk.register("bob"), await desk.register("bob", kind="tablet")
    first, second = await desk.publish("bob"), await desk.publish("bob")
    assert len(await desk.later()) == 4
    await desk.store.mark("bob", "read", ids=(first,))
    sent = await desk.later()
    assert {one.target.id for one in sent} == {phone, tablet}
    for one in sent:
        assert one.push.payload == {"type": "read", "tag": first, "tags": [first], "unread_count": 1}
        assert (one.push.is_silent, one.push.badge, one.push.collapse_key) == (True, 1, first)
    assert await desk.shown() == [(second,), (second,)]
    assert await desk.later() == []


async def test_reading_a_room_takes_its_messages_off(desk: PushDesk) -> None:
    await desk.open_room("tea", "bob")
    await desk.register("bob")
    await desk.send("tea", "alice", "one")
    await desk.later()
    await desk.store.committer.submit(MarkRoomRead(room_id="tea", user_id="bob", up_to=1))
    (sent,) = await desk.later()
    assert sent.push.payload["tags"] == [Audience.room("tea")]


async def test_reading_a_category_takes_its_bundle_off(desk: PushDesk) -> None:
    await desk.register("bob")
    ids = [await desk.publish("bob", priority="low") for _ in range(2)]
    await desk.later()
    assert len(await desk.later(HOUR_MS)) == 1
    await desk.store.mark("bob", "read", ids=ids[:1])
    (sent,) = await desk.later()
    assert (sent.push.payload["tags"], sent.push.badge) == ([], 1), "the badge alone"
    await desk.store.mark("bob", "read", ids=ids[1:])
    (sent,) = await desk.later()
    assert (sent.push.payload["tags"], sent.push.badge) == (["bundle:like"], 0)


async def test_what_its_publisher_takes_back_is_taken_off(desk: PushDesk) -> None:
    await desk.register("bob")
    await desk.register("ann")
    ids = [await desk.publish(), await desk.publish("bob", "ann")]
    assert len(await desk.later()) == 4
    for id_ in ids:
        await desk.store.committer.submit(Retract(id=id_, caller=CALLER))
    sent = await desk.later()
    assert {(one.target.user_id, tag) for one in sent for tag in one.push.payload["tags"]} == {
        (user, id_) for user in ("ann", "bob") for id_ in ids
    }


async def test_what_was_read_while_it_was_pushed_is_taken_off(desk: PushDesk) -> None:
    await desk.register("bob")
    id_ = await desk.publish("bob")

    async def read() -> None:
        await desk.store.mark("bob", "read", ids=(id_,))

    desk.meanwhile = read
    assert len(await desk.later()) == 1
    desk.meanwhile = None
    (sent,) = await desk.later()
    assert sent.push.payload["tags"] == [id_]


async def test_a_push_is_tried_again_unless_it_was_read_meanwhile(desk: PushDesk) -> None:
    await desk.register("bob")
    works = await desk.register("bob")
    first, second = await desk.publish("bob"), await desk.publish("bob")
    desk.answer = lambda one: Result(
        outcome="sent" if one.target.id == works else "retry", reason="503", retry_seconds=60
    )
    assert len(await desk.later()) == 4
    await desk.store.mark("bob", "read", ids=(first,))
    desk.answer = lambda _: Result(outcome="sent")
    sent = loud(await desk.later(2 * MINUTE_MS))
    assert [(one.push.collapse_key, one.attempts) for one in sent] == [(second, 1)]
    assert sent[0].target.id != works
    earlier = [one for one in desk.sent if one.push.collapse_key == second]
    assert len({one.push.id for one in earlier}) == 1, "it has the same name each time"
    assert await desk.store.number_of("lumen_push_waiting") == 0


async def test_a_bundle_that_is_tried_again_keeps_its_collapse_key(desk: PushDesk) -> None:
    await desk.register("bob")
    ids = [await desk.publish("bob", priority="low") for _ in range(3)]
    await desk.later()
    desk.answer = lambda _: Result(outcome="retry", reason="503", retry_seconds=60)
    assert [one.push.title for one in await desk.later(15 * MINUTE_MS)] == ["3 new notifications"]
    await desk.store.mark("bob", "read", ids=ids[:2])
    desk.answer = lambda _: Result(outcome="sent")
    sent = loud(await desk.later(2 * MINUTE_MS))
    assert [(one.push.title, one.push.collapse_key) for one in sent] == [("Alice", "bundle:like")]


async def test_what_is_refused_is_a_dead_letter_and_what_is_gone_is_dropped(desk: PushDesk) -> None:
    bad, gone = await desk.register("bob"), await desk.register("bob")
    desk.answer = lambda one: Result(outcome="gone" if one.target.id == gone else "refused", reason="no")
    await desk.publish("bob")
    await desk.later()
    assert await desk.store.rows("SELECT device_id, reason FROM lumen_push_dead_letter") == [(bad, "no")]
    rows = await desk.store.rows("SELECT id, failures, dropped_at IS NOT NULL FROM lumen_device ORDER BY id")
    assert [(id_, failures, bool(is_dropped)) for id_, failures, is_dropped in rows] == [
        (bad, 1, False),
        (gone, 1, True),
    ]
    await desk.publish("bob")
    assert [one.target.id for one in await desk.later()] == [bad]


async def test_a_category_says_how_much_is_shown(desk: PushDesk) -> None:
    await desk.register("bob")
    await desk.store.define("like", push_content="none")
    await desk.publish("bob")
    await desk.publish("bob", category="other")
    assert [(one.push.title, one.push.content) for one in await desk.later()] == [
        ("New notification", ""),
        ("Alice", "hello"),
    ]
