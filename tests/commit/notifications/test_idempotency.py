"""Idempotency: a repeated request gets the first answer, and another request with its key is a conflict."""

from __future__ import annotations

from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.idempotency import IdempotentResponses
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.errors import Conflict

from .publishing import count, key, publication, write


async def test_repeat_gets_the_first_answer_and_writes_nothing(log: Log, database: Database) -> None:
    first = await write(log, Publish(publications=(publication("ann"), publication()), key=key("k")))
    again = await write(log, Publish(publications=(publication("ann"), publication()), key=key("k")))
    assert again == first
    assert await count(database, "lumen_event") == 2


async def test_repeat_gets_an_answer_that_an_earlier_version_stored(log: Log, database: Database) -> None:
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
    assert await count(database, "lumen_event") == 2


async def test_first_answer_is_found_by_its_owner_key_and_body_alone(log: Log, database: Database) -> None:
    (answer,) = await write(log, Publish(publications=(publication("ann"),), key=key("k")))
    responses = IdempotentResponses(database)
    assert await responses.find(key("k")) == answer
    for other in (key("k", digest="other"), key("k", owner="another app"), key("l")):
        assert await responses.find(other) is None
