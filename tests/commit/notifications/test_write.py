"""Write: a publication is one row and one event for each audience, whoever belongs to it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.model import Audience, AudienceSpan, to_json

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


async def test_publish_to_users_has_one_id_and_an_event_for_each(log: Log, database: Database) -> None:
    one = publication("ann", "bob", "cyd")
    ((answer,),) = await write(log, Publish(publications=(one,)))
    assert answer == Published(id=one.id, recipients=3, position=3)
    for position, user in enumerate(("ann", "bob", "cyd"), start=1):
        (row,) = await listed(database, user)
        assert (row.position, json.loads(row.body)["id"]) == (position, one.id)
    assert await listed(database, "dan") == []


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
    assert len({id(event.body) for event in events}) == 2, "the events read share the body, too"
    for user in ("u0", "u49", "ann"):
        (row,) = await listed(database, user)
        span = AudienceSpan(audience=Audience.user(user), after=0, up_to=100)
        (event,) = await log.for_audiences([span], limit=100, max_characters=10**6)
        assert event.body == row.body == events[row.position - 1].body


async def test_publish_to_users_sends_the_database_only_their_names(log: Log) -> None:
    await write(log, Publish(publications=(publication("ann"),)))  # the categories are known from now on
    users = [f"u{number}" for number in range(1000)]
    sent: dict[str, str] = {}
    plain: set[type[str]] = set()
    async with log.transaction() as tx:
        add = tx._transaction.add

        def record(name: str, /, **values: Any) -> None:
            sent[name] = to_json(values)
            plain.update(type(one) for row in values["rows"] for one in row.get("audiences", ()))
            add(name, **values)

        tx._transaction.add = record  # type: ignore[method-assign]
        await publish(tx, [Publish(publications=(publication(*users, content="x" * 200),))])
    assert plain == {str}, "a subclass takes sixty times as long to encode"
    assert list(sent) == [
        "insert_notifications_to_lists",
        "add_to_active_totals",
        "insert_contents",
        "append_events_to_lists",
    ]
    names = len(to_json([Audience.user(user) for user in users]))
    assert sum(map(len, sent.values())) < 3 * names + 1500, "all but the names is sent once"


async def test_rows_of_lists_have_all_that_a_row_of_one_user_has(log: Log, database: Database) -> None:
    names = ("ann", 'b"o\\b', "\u732b \u00e9 {}[]'")
    fields: dict[str, Any] = {"owner": "app", "expires_at": 2**41, "delivery": {"push": "never"}}
    both = replace(publication(*names), **fields)
    again = replace(publication(names[2], names[0]), **fields)
    alone = replace(publication(names[1]), **fields)
    other = replace(publication(*names[:2], category="follow"), **fields)
    await write(log, Publish(publications=(both, again)), Publish(publications=(alone, other)))

    where = [(names.index(event.audience.user_id or ""), event.category) for event in await log.after(0)]
    assert [user for user, _ in where] == [0, 1, 2, 2, 0, 1, 0, 1]
    assert [category for _, category in where[-2:]] == ["follow", "follow"]
    async with database.transaction() as sql:
        rows = await sql.run_sql(
            "SELECT position, audience, id, category, created_at, expires_at, publisher, delivery"
            " FROM lumen_notification ORDER BY position"
        )
        totals = await sql.run_sql("SELECT audience, category, total FROM lumen_active_total")
    ids = [one.id for one in (both, both, both, again, again, alone, other, other)]
    assert [tuple(row[:4]) for row in rows] == [
        (position, f"user:{names[user]}", id_, category)
        for position, ((user, category), id_) in enumerate(zip(where, ids, strict=True), start=1)
    ]
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
