"""Deletion of a user: nothing names them afterwards, and nobody else loses or gains anything."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from lumen_notify.commit.users.alias import DELETED_NAME
from lumen_notify.commit.users.deletion import FRESH_MS, LATE_MS, REQUESTS_MS, Messages
from lumen_notify.commit.users.purge import PurgeUser
from lumen_notify.errors import Forbidden
from lumen_notify.model import Cursor

from ..accounts.log_ins import has_ended, log_in, register
from ..rooms.conversation import history
from ..store import Store
from .deleting import KEPT, counts_of, delete, finish, list_of, run_until_it_waits
from .footprint import (
    NAMES_NO_USER,
    NEEDLES,
    OTHERS,
    OWN_ROOM,
    ROOM,
    SAID,
    TOLD,
    USERNAME,
    ZOE,
    leave_traces,
    places_naming,
    tables_of,
)


async def test_scenario_leaves_traces_in_every_table_that_may_name_a_user(store: Store) -> None:
    await leave_traces(store)
    tables = set(await tables_of(store))
    named = {place.partition(".")[0] for place in await places_naming(store, *NEEDLES)}
    assert tables - named - NAMES_NO_USER == {"lumen_revocation"}, "a new table: see footprint.py"


@pytest.mark.parametrize("messages", ["keep", "delete"])
async def test_no_row_of_any_table_names_a_deleted_user(store: Store, messages: Messages) -> None:
    await leave_traces(store)
    await delete(store, messages=messages)
    await finish(store)
    found = await places_naming(store, *NEEDLES)
    assert set(found) == KEPT, {place: cells for place, cells in found.items() if place not in KEPT}
    assert await places_naming(store, TOLD) == {}, TOLD
    said = await places_naming(store, SAID)
    assert ("lumen_message.body" in said) == (messages == "keep"), said
    if messages == "delete":
        assert said == {}


@pytest.mark.parametrize("messages", ["keep", "delete"])
async def test_counts_of_others_are_those_of_their_lists(store: Store, messages: Messages) -> None:
    await leave_traces(store)
    before = await counts_of(store)
    await delete(store, messages=messages)
    await finish(store)
    after = await counts_of(store)
    if messages == "keep":
        assert after == before
    for user in OTHERS:
        unread = Counter(one["category"] for one in await list_of(store, user, is_unread=True))
        assert after[user]["unread"]["categories"] == unread, user
        assert after[user]["unread"]["rooms"] == before[user]["unread"]["rooms"]
        told = [event for event in store.events if event.audience == f"user:{user}"]
        counted = [json.loads(event.body) for event in told if '"unread_count"' in event.body]
        assert not counted or counted[-1]["unread_count"] <= before[user]["unread_count"]


async def test_others_keep_what_they_had_of_a_deleted_user(store: Store) -> None:
    await leave_traces(store)
    started = await delete(store)
    await finish(store)
    sender = {"id": started.alias, "username": DELETED_NAME, "avatar": None}
    said = [one for one in await history(store, "bob", ROOM) if one["sender"]["id"] == started.alias]
    assert [(one["sender"], one["content"]) for one in said] == [(sender, SAID), (sender, f"{SAID} later")]
    (mentioning,) = [one for one in await history(store, "bob", ROOM) if one["sender"]["id"] == "bob"]
    assert mentioning["mentions"] == [started.alias]
    groups = [one for one in await list_of(store, "cy") if one.get("group_key") == "photo"]
    assert [one["actors"][0] for one in groups] == [sender]
    assert groups[0]["actors_count"] == 2


async def test_messages_that_are_deleted_keep_their_places(store: Store) -> None:
    await leave_traces(store)
    before = await history(store, "bob", ROOM)
    await delete(store, messages="delete")
    await finish(store)
    after = await history(store, "bob", ROOM)
    assert [one["seq"] for one in after] == [one["seq"] for one in before]
    assert [one["content"] for one in after] == ["", "hello", ""]
    assert not [one for one in await list_of(store, "cy") if one["category"] == "mention"]


async def test_cursors_of_others_stay_valid(store: Store) -> None:
    await leave_traces(store)
    await delete(store, messages="delete")
    checks = {event.position: event.check for event in store.events}
    await finish(store)
    epoch = (await store.log.head()).epoch
    for position, check in checks.items():
        found = await store.log.follow(Cursor(epoch, position, check))
        assert not isinstance(found, str), (position, found)


async def test_tokens_sessions_devices_and_account_go_with_the_request(store: Store) -> None:
    await register(store, ZOE, USERNAME)
    token = await log_in(store, ZOE)
    await delete(store)
    assert await has_ended(store, token)
    assert await store.number_of("lumen_account") == 0
    assert [event.kind for event in store.events[-1:]] == ["revoked"]


async def test_user_without_an_account_is_deleted(store: Store) -> None:
    await store.publish("someone", "bob")
    await delete(store, "someone")
    await finish(store, user="someone")
    assert set(await places_naming(store, "someone")) == KEPT
    assert await store.unread("bob") == {"like": 1}


async def test_users_delete_themselves_by_a_fresh_log_in_alone(store: Store) -> None:
    await register(store, ZOE, USERNAME)
    token, other = await log_in(store, ZOE), await _log_in_of_bob(store)
    store.now += FRESH_MS + 1
    for session in (token.family, other, "none"):
        with pytest.raises(Forbidden) as caught:
            await delete(store, session=session)
        assert caught.value.code == "log_in_again"
    assert await store.number_of("lumen_deletion") == 0
    fresh = await log_in(store, ZOE)
    assert (await delete(store, session=fresh.family)).user_id == ZOE


async def _log_in_of_bob(store: Store) -> str:
    await register(store, "bob", "bob")
    return (await log_in(store, "bob")).family


async def test_second_request_goes_on_with_the_first(store: Store) -> None:
    await store.publish(ZOE)
    first = await delete(store, messages="delete")
    await store.committer.submit(PurgeUser())
    second = await delete(store)
    assert (second.alias, second.messages, second.started_at) == (first.alias, "delete", first.started_at)
    assert second.step != first.step


async def test_second_request_gives_instances_another_minute_to_read_which_streams_end(store: Store) -> None:
    await delete(store)
    await run_until_it_waits(store, "requests")
    store.now += REQUESTS_MS
    await run_until_it_waits(store, "end")
    store.now += LATE_MS - 1
    await delete(store)
    store.now += LATE_MS - 1
    assert not await store.committer.submit(PurgeUser())
    kinds = await store.rows(f"SELECT kind FROM lumen_event WHERE audience = 'user:{ZOE}'")  # noqa: S608
    assert [tuple(row) for row in kinds] == [("revoked",)] * 3


async def test_direct_room_stays_for_the_other_user_and_goes_with_the_last(store: Store) -> None:
    await leave_traces(store)
    started = await delete(store)
    await finish(store)
    ((room, pair),) = await store.rows("SELECT id, pair FROM lumen_room WHERE kind = 'direct'")
    assert sorted(json.loads(pair)) == sorted(["bob", started.alias])
    assert len(await history(store, "bob", room)) == 2
    await delete(store, "bob")
    await finish(store, user="bob")
    assert (await store.rows(f"SELECT kind FROM lumen_room WHERE id = '{room}'"))[0][0] == "deleting"  # noqa: S608


async def test_room_of_a_deleted_owner_gets_another_one(store: Store) -> None:
    await leave_traces(store)
    await delete(store)
    await finish(store)
    roles = await store.rows(f"SELECT user_id, role FROM lumen_member WHERE room_id = '{ROOM}'")  # noqa: S608
    assert dict(map(tuple, roles)) == {"bob": "owner", "cy": "member"}
    assert await store.rows(f"SELECT id FROM lumen_room WHERE id = '{OWN_ROOM}'") == []  # noqa: S608


async def test_audit_log_notes_each_request_since_each_ends_tokens_and_streams(store: Store) -> None:
    await delete(store)
    await delete(store, messages="delete")
    rows = await store.rows("SELECT actor, action, target, details FROM lumen_audit")
    noted = ("ops", "user.deleted", f"user:{ZOE}", '{"messages":"keep"}')
    assert [tuple(row) for row in rows] == [noted, noted]
