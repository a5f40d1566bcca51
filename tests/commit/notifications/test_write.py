"""Write: a publication is one event, and one row for each audience, whoever belongs to it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.model import LIST, Audience, AudienceSpan, to_json

from .merging import publication as grouped
from .publishing import contents, count, listed, publication, write


async def test_publish_to_everyone_is_one_row_and_one_event(log: Log, database: Database) -> None:
    one = publication()
    assert await write(log, Publish(publications=(one,))) == [
        [Published(id=one.id, recipients=None, position=1)]
    ]
    assert [
        await count(database, table)
        for table in ("lumen_notification", "lumen_event", "lumen_active_total", "lumen_receipt")
    ] == [
        1,
        1,
        1,
        0,
    ]
    for user in ("ann", "nobody ever heard of"):
        assert contents(await listed(database, user)) == ["hello"]


async def test_publish_to_users_has_one_id_and_one_event(log: Log, database: Database) -> None:
    one = publication("ann", "bob", "cyd")
    ((answer,),) = await write(log, Publish(publications=(one,)))
    assert answer == Published(id=one.id, recipients=3, position=1)
    for user in ("ann", "bob", "cyd"):
        (row,) = await listed(database, user)
        assert (row.position, row.id, json.loads(row.body)["id"]) == (1, one.id, one.id)
    assert await listed(database, "dan") == []
    (event,) = await log.after(0)
    assert (event.audience, event.users) == (LIST, ("ann", "bob", "cyd"))
    for user in ("ann", "cyd", "dan"):
        span = AudienceSpan(audience=Audience.user(user), after=0, up_to=1)
        found = await log.for_audiences([span], limit=10, max_characters=1000)
        assert [one.position for one in found] == ([] if user == "dan" else [1])


async def test_body_for_several_users_is_stored_once(log: Log, database: Database) -> None:
    one = publication(*(f"u{number}" for number in range(50)), content="\N{GRINNING FACE}" * 8000)
    await write(log, Publish(publications=(one, publication("ann"))))
    async with database.transaction() as sql:
        stored = [
            await sql.run_sql(f"SELECT sum(length(body)) FROM {table}")  # noqa: S608
            for table in ("lumen_event", "lumen_notification", "lumen_content")
        ]
    in_events, in_notifications, shared = (int(rows[0][0]) for rows in stored)
    assert in_events == in_notifications < 200
    assert 8000 < shared < 8200

    events = await log.after(0)
    assert len(events) == 2
    for user in ("u0", "u49", "ann"):
        (row,) = await listed(database, user)
        span = AudienceSpan(audience=Audience.user(user), after=0, up_to=100)
        (event,) = await log.for_audiences([span], limit=100, max_characters=10**6)
        assert event.body == row.body == events[row.position - 1].body


async def test_publish_to_users_sends_the_database_only_their_names(log: Log) -> None:
    await write(log, Publish(publications=(publication("ann"),)))  # the categories are known from now on
    users = [f"u{number}" for number in range(1000)]
    sent: dict[str, str] = {}
    async with log.transaction() as tx:
        add = tx._transaction.add

        def record(name: str, /, **values: Any) -> None:
            sent[name] = to_json(values)
            add(name, **values)

        tx._transaction.add = record  # type: ignore[method-assign]
        await publish(tx, [Publish(publications=(publication(*users, content="x" * 200),))])
    assert list(sent) == [
        "insert_lists",
        "insert_listed_notifications",
        "count_listed_notifications",
        "append_events",
    ]
    names = len(to_json(to_json(users)))
    assert sum(map(len, sent.values())) < names + 1500, "the names, too, are sent once"


async def test_rows_of_lists_have_all_that_a_row_of_one_user_has(log: Log, database: Database) -> None:
    names = ("ann", 'b"o\\b', "\u732b \u00e9 {}[]'")
    fields: dict[str, Any] = {"owner": "app", "expires_at": 2**41, "delivery": {"push": "never"}}
    both = replace(publication(*names), **fields)
    again = replace(publication(names[2], names[0]), **fields)
    alone = replace(publication(names[1]), **fields)
    other = replace(publication(*names[:2], category="follow"), **fields)
    await write(log, Publish(publications=(both, again)), Publish(publications=(alone, other)))

    events = await log.after(0)
    where = [(event.users or [event.audience[5:]], event.category) for event in events]
    indexes = [([names.index(user) for user in users], category) for users, category in where]
    assert indexes == [([0, 1, 2], "like"), ([2, 0], "like"), ([1], "like"), ([0, 1], "follow")]
    async with database.transaction() as sql:
        rows = await sql.run_sql(
            "SELECT n.position, n.audience, coalesce(c.notification_id, n.id), n.category,"
            " coalesce(c.created_at, n.created_at), n.expires_at, coalesce(c.publisher, n.publisher),"
            " coalesce(c.delivery, n.delivery)"
            " FROM lumen_notification n LEFT JOIN lumen_content c ON c.position = n.content_position"
        )
        totals = await sql.run_sql("SELECT audience, category, total FROM lumen_active_total")
    published = zip(indexes, (both, again, alone, other), strict=True)
    assert {tuple(row[:4]) for row in rows} == {
        (position, f"user:{names[user]}", one.id, category)
        for position, ((users, category), one) in enumerate(published, start=1)
        for user in users
    }
    assert {tuple(row[4:]) for row in rows} == {(rows[0][4], 2**41, "app", '{"push":"never"}')}
    assert {(names.index(audience[5:]), category): total for audience, category, total in totals} == {
        (0, "like"): 2,
        (1, "like"): 2,
        (2, "like"): 2,
        (0, "follow"): 1,
        (1, "follow"): 1,
    }


async def test_event_and_list_carry_the_same_body(log: Log, database: Database) -> None:
    await write(log, Publish(publications=(publication("ann", content='é 😀 \u2028 " \\ \n'),)))
    (event,) = await log.after(0)
    (row,) = await listed(database, "ann")
    assert event.body == row.body
    assert list(json.loads(row.body)) == ["id", "category", "content", "priority", "created_at"]


async def test_events_of_groups_come_last(log: Log) -> None:
    group, plain = grouped("ann", content="in a group"), publication("ann", content="alone")
    await write(log, Publish(publications=(group, plain)))
    assert [json.loads(event.body)["content"] for event in await log.after(0)] == ["alone", "in a group"]
