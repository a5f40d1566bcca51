"""What decides whether users get a push, as the database has it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from lumen_notify.commit.marks.marks import Mark, Selection
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.commit.publications.deletion import DeleteOwn
from lumen_notify.commit.push.facts import FactReader, Facts, Question
from lumen_notify.commit.rooms.blocks import SetBlock
from lumen_notify.model import EVERYONE, Audience

from ..rooms.conversation import open_room, send
from ..store import Store
from .outbox_rows import sent, to

BOB = Audience.user("bob")


async def facts_of(store: Store, **question: Any) -> Facts:
    asked = Question(**{"user_id": "bob", "category": "news", **question})
    (facts,) = await FactReader(store.database).facts([asked], store.now)
    return facts


async def test_nothing_is_known_of_what_does_not_exist(store: Store) -> None:
    assert await facts_of(store, notification_id="x", audience=BOB) == Facts(category="news")


@pytest.mark.parametrize("audience", [BOB, EVERYONE])
@pytest.mark.parametrize("action", ["read", "seen", "archive", "delete"])
@pytest.mark.parametrize("by_id", [True, False])
async def test_a_mark_of_the_user_reads_it(
    store: Store, audience: Audience, action: Any, *, by_id: bool
) -> None:
    publication = to(audience)
    await sent(store, publication)
    question = {"notification_id": publication.id, "audience": audience}
    before = await facts_of(store, **question)
    assert (before.position, before.is_read) == (1, False)
    selection = Selection(ids=(publication.id,)) if by_id else Selection(up_to=1)
    mark = DeleteOwn if action == "delete" else partial(Mark, action=action)
    await store.committer.submit(mark(user_id="bob", selection=selection))
    after = replace(before, is_read=True)
    if action == "delete" and audience.is_personal:
        after = Facts(category="news")  # nobody else has it, so that it is removed
    assert await facts_of(store, **question) == after
    assert not (await facts_of(store, user_id="ann", **question)).is_read


async def test_choices_and_categories_say_whether_there_are_pushes(store: Store) -> None:
    async def pushes() -> bool:
        return (await facts_of(store)).pushes

    assert await pushes()
    await store.define("news", push=False)
    assert not await pushes()
    await store.choose("bob", news={"push": True})
    assert await pushes()
    await store.choose("bob", news={"muted": True})
    assert not await pushes()
    await store.define("news", may_mute=False)
    assert await pushes(), "a category that may not be muted is not"
    await store.define("news", may_mute=True, in_app=False)
    await store.choose("bob", news={"muted": False})
    assert await pushes(), "what is hidden in the application may be pushed"


async def test_quiet_hours_are_those_of_the_user(store: Store) -> None:
    quiet = QuietHours(begin="22:00", end="07:00", time_zone="Europe/Paris")
    await store.committer.submit(ChangePreferences(user_id="bob", quiet_hours=quiet))
    assert (await facts_of(store)).quiet == ("22:00", "07:00", "Europe/Paris")
    assert (await facts_of(store, user_id="ann")).quiet is None


async def test_members_have_a_place_in_the_room(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await send(store, "bob", "hi")
    facts = await facts_of(store, room_id="r")
    assert facts.joined_position is not None
    assert facts.last_read_seq == 1
    assert (await facts_of(store, user_id="cid", room_id="r")).joined_position is None


async def test_a_blocked_sender_is_known(store: Store) -> None:
    await store.committer.submit(SetBlock(user_id="bob", blocked_id="eve", is_blocked=True))
    assert (await facts_of(store, sender_id="eve")).is_blocked
    assert not (await facts_of(store, sender_id="ann")).is_blocked
    assert await FactReader(store.database).blocks(["ann", "bob"], ["eve", "ann"]) == {("bob", "eve")}


async def test_bundle_that_has_begun_and_pushes_of_the_hour_are_known(store: Store) -> None:
    async with store.database.transaction() as transaction:
        await transaction.run_sql(
            "INSERT INTO lumen_push_waiting (user_id, push_id, category, reason, due_at)"  # noqa: S608
            f" VALUES ('bob', 'p', 'news', 'bundle', {store.now + 5}),"
            f" ('bob', 'q', 'news', 'quiet', {store.now + 1}),"
            f" ('bob', 'r', 'other', 'bundle', {store.now + 1}),"
            f" ('bob', 's', 'news', 'bundle', {store.now})"
        )
        await transaction.run_sql("INSERT INTO lumen_push_rate VALUES ('bob', 'news', '[1,2]', 2)")
    facts = await facts_of(store)
    assert (facts.bundle_due_at, facts.pushed_at) == (store.now + 5, (1, 2))


async def test_unread_ones_are_those_that_the_user_would_see(store: Store) -> None:
    await open_room(store, "ann")
    read, unread, of_room, everyone = to(BOB), to(BOB), to(Audience.room("r")), to(EVERYONE)
    await sent(store, read, unread, of_room, everyone)
    await store.mark("bob", "read", ids=(read.id,))
    shown = [("bob", one.id) for one in (read, unread, of_room, everyone)]
    found = await FactReader(store.database).unread([*shown, ("bob", "x"), ("ann", of_room.id)])
    assert found == {("bob", unread.id), ("bob", everyone.id), ("ann", of_room.id)}
