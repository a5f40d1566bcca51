"""Notifications: written once for all who get them, once per key, and listed as each user sees them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.inbox import Inbox, Listed
from lumen_notify.commit.notifications.marks import Mark, Selection, mark
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.errors import Conflict
from lumen_notify.model import EVERYONE, Audience, new_id


def publication(*users: str, category: str = "like", content: str = "hello") -> Publication:
    """Make one; without users it is for everyone."""
    return Publication(
        id=new_id(),
        audiences=tuple(map(Audience.user, users)) or (EVERYONE,),
        recipients=len(users) or None,
        category=category,
        fields={"content": content},
    )


async def write(log: Log, *commands: Publish) -> list[Any]:
    async with log.transaction() as tx:
        return list(await publish(tx, commands))


async def count(database: Database, table: str) -> int:
    async with database.transaction() as transaction:
        ((number,),) = await transaction.run_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
    return int(number)


async def listed(database: Database, user: str, **filters: Any) -> Sequence[Listed]:
    given = {"before": 2**63 - 1, "limit": 100, "category": None, "is_unread": None, "is_archived": False}
    return await Inbox(database).page(user, **{**given, **filters})


def contents(rows: Sequence[Listed]) -> list[str]:
    return [json.loads(row.body)["content"] for row in rows]


async def test_publish_to_everyone_is_one_row_and_one_event(log: Log, database: Database) -> None:
    one = publication()
    assert await write(log, Publish(publications=(one,))) == [
        [Published(id=one.id, recipients=None, position=1)]
    ]
    assert [await count(database, table) for table in ("notification", "event", "tally", "receipt")] == [
        1,
        1,
        1,
        0,
    ]
    for user in ("ann", "nobody ever heard of"):
        assert contents(await listed(database, user)) == ["hello"]


async def test_publish_to_users_has_one_id_and_an_event_for_each(log: Log, database: Database) -> None:
    one = publication("ann", "bob", "cyd")
    ((answer,),) = await write(log, Publish(publications=(one,)))
    assert answer == Published(id=one.id, recipients=3, position=3)
    for position, user in enumerate(("ann", "bob", "cyd"), start=1):
        (row,) = await listed(database, user)
        assert (row.position, json.loads(row.body)["id"]) == (position, one.id)
    assert await listed(database, "dan") == []


async def test_batch_answers_each_in_its_order(log: Log) -> None:
    batch = (publication("ann"), publication(), publication("bob", "ann"))
    (answers,) = await write(log, Publish(publications=batch))
    assert [(answer.id, answer.position) for answer in answers] == [
        (batch[0].id, 1),
        (batch[1].id, 2),
        (batch[2].id, 4),
    ]


async def test_event_and_list_carry_the_same_body(log: Log, database: Database) -> None:
    await write(log, Publish(publications=(publication("ann", content='é 😀 \u2028 " \\ \n'),)))
    (event,) = await log.after(0)
    (row,) = await listed(database, "ann")
    assert event.body == row.body
    assert list(json.loads(row.body)) == ["id", "category", "content", "priority", "created_at"]


def key(text: str, digest: str = "d", owner: str = "app") -> IdempotencyKey:
    return IdempotencyKey(owner=owner, key=text, digest=digest)


async def test_repeat_by_key_gets_the_first_answer_and_writes_nothing(log: Log, database: Database) -> None:
    first = await write(log, Publish(publications=(publication("ann"), publication()), key=key("k")))
    again = await write(log, Publish(publications=(publication("ann"), publication()), key=key("k")))
    assert again == first
    assert await count(database, "event") == 2


async def test_what_an_earlier_version_has_kept_of_a_key_is_answered(log: Log, database: Database) -> None:
    row = {
        "owner": "app",
        "key": "k",
        "digest": "d",
        "answer": '[["a",1,7],["b",null,null]]',
        "created_at": 1,
    }
    async with log.transaction() as tx:
        tx.add("insert_idempotent_answers", rows=[row])
    again = await write(log, Publish(publications=(publication("ann"),), key=key("k")))
    assert again == [
        [
            Published(id="a", recipients=1, position=7),
            Published(id="b", recipients=None, position=None, status="scheduled"),
        ]
    ]


async def test_key_with_another_body_is_a_conflict_for_that_command_alone(
    log: Log, database: Database
) -> None:
    await write(log, Publish(publications=(publication("ann"),), key=key("k")))
    conflict, other = await write(
        log,
        Publish(publications=(publication("ann"),), key=key("k", digest="other")),
        Publish(publications=(publication("bob"),), key=key("k", owner="another app")),
    )
    assert isinstance(conflict, Conflict)
    assert conflict.code == "idempotency_key_reused"
    assert other[0].position == 2
    assert await count(database, "event") == 2


async def test_publishes_with_one_key_conflict() -> None:
    one, two = (Publish(publications=(publication("ann"),), key=key("k")) for _ in range(2))
    assert one.conflict_key == two.conflict_key is not None
    other = Publish(publications=(publication("ann"),), key=key("k", owner="x"))
    assert one.conflict_key != other.conflict_key
    assert Publish(publications=(publication("ann"),)).conflict_key is None


async def test_pages_are_newest_first_and_filters_hold(log: Log, database: Database) -> None:
    for number in range(6):
        category = ("like", "system")[number % 2]
        await write(log, Publish(publications=(publication("ann", category=category, content=f"{number}"),)))
        await write(log, Publish(publications=(publication(category="system", content=f"all {number}"),)))
    rows = await listed(database, "ann")
    assert [row.position for row in rows] == list(range(12, 0, -1))
    assert contents(await listed(database, "ann", before=rows[2].position, limit=2)) == ["4", "all 3"]
    assert contents(await listed(database, "ann", category="like")) == ["4", "2", "0"]
    ids = [json.loads(row.body)["id"] for row in rows]
    async with log.transaction() as tx:
        await mark(tx, [Mark(user_id="ann", action="read", selection=Selection(ids=tuple(ids[:3])))])
    async with log.transaction() as tx:
        await mark(tx, [Mark(user_id="ann", action="archive", selection=Selection(ids=tuple(ids[2:4])))])
    everything = contents(rows)
    assert contents(await listed(database, "ann")) == everything[:2] + everything[4:]
    assert contents(await listed(database, "ann", is_archived=True)) == everything[2:4]
    assert contents(await listed(database, "ann", is_archived=None)) == everything
    assert contents(await listed(database, "ann", is_unread=True)) == everything[4:]
    assert contents(await listed(database, "ann", is_unread=False)) == everything[:2]
    assert contents(await listed(database, "bob")) == [one for one in everything if one.startswith("all")]


async def test_one_is_found_by_its_reader_alone(log: Log, database: Database) -> None:
    one, everyones = publication("ann"), publication()
    await write(log, Publish(publications=(one, everyones)))
    inbox = Inbox(database)
    assert (await inbox.get("ann", one.id)) is not None
    assert (await inbox.get("bob", one.id)) is None
    assert (await inbox.get("bob", everyones.id)) is not None
    assert (await inbox.get("ann", "nothing")) is None


async def test_counts_of_many_users_come_from_one_snapshot(log: Log, database: Database) -> None:
    await write(log, Publish(publications=(publication("ann", "bob"), publication(category="system"))))
    found = await UnreadCounts(database).fetch(["ann", "bob", "cyd"])
    assert {user: dict(one.counts.categories) for user, one in found.items()} == {
        "ann": {"like": 1, "system": 1},
        "bob": {"like": 1, "system": 1},
        "cyd": {"system": 1},
    }
    assert {one.position for one in found.values()} == {3}
    assert found["ann"].counts.total == 2
