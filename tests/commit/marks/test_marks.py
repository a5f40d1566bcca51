"""Marks: idempotent, on one's own notifications alone, with counts that equal a recount of every row."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from typing import Any

import pytest

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.marks.marks import ACTIONS, Action, Mark, Marked, Selection, mark
from lumen_notify.commit.notifications.inbox import Inbox
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.model import EVERYONE, Audience, new_id, now_ms

USERS = ("ann", "bob", "cyd")
CATEGORIES = ("like", "system")


async def put(log: Log, *users: str, category: str = "like") -> str:
    """Publish one to some users, or to everyone; return its id."""
    audiences = tuple(map(Audience.user, users)) or (EVERYONE,)
    one = Publication(id=new_id(), audiences=audiences, recipients=None, category=category, fields={"n": 1})
    async with log.transaction() as tx:
        await publish(tx, [Publish(publications=(one,))])
    return one.id


async def do(log: Log, user: str, action: Action, **selection: Any) -> Marked:
    async with log.transaction() as tx:
        (marked,) = await mark(tx, [Mark(user_id=user, action=action, selection=Selection(**selection))])
    return marked


async def states(database: Database, user: str) -> dict[str, tuple[bool, bool, bool]]:
    """Return (seen, read, archived) of all that a user has, by id."""
    rows, _ = await Inbox(database).page(
        user, before=2**63 - 1, limit=1000, category=None, is_unread=None, is_archived=None
    )
    return {
        json.loads(row.body)["id"]: (
            row.seen_at is not None,
            row.read_at is not None,
            row.archived_at is not None,
        )
        for row in rows
    }


async def recount(database: Database, user: str) -> dict[str, int]:
    """Count every row of a user by hand."""
    rows, _ = await Inbox(database).page(
        user, before=2**63 - 1, limit=1000, category=None, is_unread=True, is_archived=False
    )
    return dict(Counter(json.loads(row.body)["category"] for row in rows))


async def counted(database: Database, user: str) -> dict[str, int]:
    return dict((await UnreadCounts(database).fetch([user]))[user].counts.categories)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("seen", (True, False, False)),
        ("read", (True, True, False)),
        ("archive", (False, False, True)),
    ],
)
async def test_mark_sets_its_own_time_and_no_other(
    log: Log, database: Database, action: Action, state: tuple[bool, bool, bool]
) -> None:
    ids = [await put(log, "ann"), await put(log)]
    marked = await do(log, "ann", action, ids=tuple(ids[:1]))
    assert marked.changed == 1
    assert await states(database, "ann") == {ids[0]: state, ids[1]: (False, False, False)}
    assert await states(database, "bob") == {ids[1]: (False, False, False)}


async def test_unread_and_unarchive_leave_the_other_times(log: Log, database: Database) -> None:
    id_ = await put(log)
    for action in ("read", "archive", "unread"):
        assert (await do(log, "ann", action, ids=(id_,))).changed == 1
    assert await states(database, "ann") == {id_: (True, False, True)}
    assert (await do(log, "ann", "unarchive", ids=(id_,))).counts.total == 1
    assert await states(database, "ann") == {id_: (True, False, False)}


@pytest.mark.parametrize("action", ACTIONS)
async def test_second_time_changes_nothing_and_appends_no_event(
    log: Log, database: Database, action: Action
) -> None:
    ids = (await put(log, "ann"), await put(log))
    if action in {"unread", "unarchive"}:
        await do(log, "ann", "read")
        await do(log, "ann", "archive")
    await do(log, "ann", action, ids=ids)
    head, before, counts = await log.head(), await states(database, "ann"), await counted(database, "ann")
    for selection in ({"ids": ids}, {}, {"category": "like"}, {"up_to": 99}, {"ids": ids + ids}):
        marked = await do(log, "ann", action, **selection)
        assert marked.changed == 0
        assert marked.counts.categories == counts
    assert await log.head() == head
    assert await states(database, "ann") == before


async def test_times_of_the_first_mark_are_kept(log: Log, database: Database) -> None:
    id_ = await put(log, "ann")
    await do(log, "ann", "seen", ids=(id_,))
    first = await Inbox(database).get("ann", id_)
    await do(log, "ann", "read", ids=(id_,))
    second = await Inbox(database).get("ann", id_)
    assert first is not None
    assert second is not None
    assert second.seen_at == first.seen_at


async def test_selection_covers_its_category_up_to_its_position(log: Log, database: Database) -> None:
    ids = [await put(log, "ann", category=("like", "system")[number % 2]) for number in range(6)]
    assert (await do(log, "ann", "read", category="like", up_to=3)).changed == 2
    assert (await do(log, "ann", "seen", up_to=2)).changed == 1
    assert (await do(log, "ann", "archive", category="system")).changed == 3
    assert (await do(log, "ann", "read", category="nothing")).changed == 0
    assert (await do(log, "ann", "read", up_to=0)).changed == 0
    expected = [(True, True, False), (True, False, True), (True, True, False), (False, False, True)]
    assert [(await states(database, "ann"))[id_] for id_ in ids[:4]] == expected
    assert await counted(database, "ann") == await recount(database, "ann") == {"like": 1}


async def test_nobody_marks_notifications_of_another_user(log: Log, database: Database) -> None:
    ids = (await put(log, "ann"), await put(log, "ann", "cyd"))
    for action in ACTIONS:
        for selection in ({"ids": ids}, {}, {"up_to": 99}, {"category": "like"}):
            marked = await do(log, "bob", action, **selection)
            assert (marked.changed, marked.counts.total) == (0, 0)
    assert await states(database, "ann") == dict.fromkeys(ids, (False, False, False))


async def test_event_states_the_counts_at_its_position(log: Log) -> None:
    ids = [await put(log), await put(log, category="system"), await put(log)]
    marked = await do(log, "ann", "read", ids=tuple(ids[:1]))
    event = (await log.after(3))[0]
    body = json.loads(event.body)
    assert (event.audience, event.kind, event.category) == ("user:ann", "read", None)
    assert body["categories"] == marked.counts.categories == {"like": 1, "system": 1}
    assert body["data"] == {"ids": ids[:1]}
    assert marked.position == event.position == 4


@pytest.mark.parametrize(
    ("selection", "fields"),
    [
        (Selection(), {"all": True}),
        (Selection(category="like"), {"category": "like"}),
        (Selection(up_to=3), {"up_to": 3}),
        (Selection(category="like", up_to=0), {"category": "like", "up_to": 0}),
        (Selection(ids=("a", "b")), {"ids": ["a", "b"]}),
    ],
)
def test_event_repeats_the_selection(selection: Selection, fields: dict[str, Any]) -> None:
    assert selection.as_fields() == fields


async def test_many_users_mark_in_one_transaction(log: Log, database: Database) -> None:
    everyones, anns = await put(log), await put(log, "ann")
    await do(log, "cyd", "read", ids=(everyones,))
    actions: dict[str, tuple[Action, Selection]] = {
        "ann": ("read", Selection(ids=(everyones, anns))),
        "bob": ("archive", Selection()),
        "cyd": ("unread", Selection(category="like")),
        "dan": ("seen", Selection(ids=(anns,))),
    }
    async with log.transaction() as tx:
        commands = [Mark(user_id=user, action=a, selection=s) for user, (a, s) in actions.items()]
        answers = await mark(tx, commands)
    assert [answer.changed for answer in answers] == [2, 1, 1, 0]
    assert [answer.counts.total for answer in answers] == [0, 0, 1, 1]
    assert [event.audience for event in await log.after(3)] == ["user:ann", "user:bob", "user:cyd"]
    for user in actions:
        assert await counted(database, user) == await recount(database, user)


async def test_counts_always_equal_a_recount(log: Log, database: Database, other_database: Database) -> None:
    """Random marks and publishes by two processes at once; each user's numbers against all rows of theirs."""
    picks = random.Random(11)
    logs = [log, Log(other_database, now_ms)]
    ids: list[str] = [await put(log)]

    async def act() -> None:
        one = picks.choice(logs)
        if picks.random() < 0.4:
            users = picks.sample(USERS, picks.randint(0, 3))
            ids.append(await put(one, *users, category=picks.choice(CATEGORIES)))
            return
        selection: dict[str, Any] = picks.choice(
            [
                {},
                {"ids": tuple(picks.sample(ids, min(3, len(ids))))},
                {"category": picks.choice(CATEGORIES)},
                {"up_to": picks.randint(0, 40)},
            ]
        )
        await do(one, picks.choice(USERS), picks.choice(ACTIONS), **selection)

    for _ in range(25):
        await asyncio.gather(*(act() for _ in range(4)))
        for user in USERS:
            assert await counted(database, user) == await recount(database, user)
    events = await log.after(0)
    assert [event.position for event in events] == list(range(1, len(events) + 1))
