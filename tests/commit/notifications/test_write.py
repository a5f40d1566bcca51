"""Write: a publication is one row and one event for each audience, whoever belongs to it."""

from __future__ import annotations

import json

from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.model import Audience, AudienceSpan

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
