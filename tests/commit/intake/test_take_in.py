"""Take in: each message once, in order, and one that is refused writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lumen_notify.commit.intake.take_in import STEP_ROWS, Arrival, MessageId, TakeIn, TrimIntake
from lumen_notify.commit.marks.marks import Mark, Selection
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.errors import Conflict, Invalid, NotFound
from lumen_notify.model import Audience, new_id

from ..store import Store

SOURCE = "kafka:events:0"


def publish(*users: str, room: str | None = None) -> Publish:
    audiences = (Audience.room(room),) if room else tuple(map(Audience.user, users))
    return Publish(
        publications=(
            Publication(id=new_id(), audiences=audiences, recipients=None, category="like", fields={}),
        )
    )


def arrival(number: int, command: Any, *, key: str | None = None, digest: str = "d") -> Arrival:
    ids = [MessageId(source=SOURCE, id=f"{number}@1")]
    if key is not None:
        ids.append(MessageId(source="key:events", id=key, digest=digest))
    return Arrival(ids=tuple(ids), command=command)


async def take(store: Store, *arrivals: Arrival) -> Sequence[Any]:
    answers: Sequence[Any] = await store.committer.submit(TakeIn(arrivals=arrivals))
    return answers


async def unread(store: Store, user: str) -> int:
    return (await store.counts.fetch([user]))[user].counts.total


async def rows(store: Store) -> int:
    async with store.database.transaction() as tx:
        ((number,),) = await tx.run_sql("SELECT count(*) FROM lumen_intake")
    return int(number)


async def test_message_that_did_nothing_does_nothing_when_its_key_is_forgotten(store: Store) -> None:
    assert await take(store, arrival(1, publish("ann"), key="k")) == [True]
    assert await take(store, arrival(2, publish("ann"), key="k")) == [False]
    await store.committer.submit(TrimIntake(source="key:events", before=2**50))
    assert await take(store, arrival(2, publish("ann"), key="k")) == [False]
    assert await unread(store, "ann") == 1


async def test_message_that_comes_once_more_is_taken_in_once(store: Store) -> None:
    first, second = arrival(1, publish("ann")), arrival(2, publish("ann"))
    assert await take(store, first) == [True]
    assert await take(store, arrival(1, publish("ann")), second) == [False, True]
    assert await take(store, arrival(2, publish("ann")), arrival(2, publish("ann"))) == [False, False]
    assert await unread(store, "ann") == 2


async def test_repeats_within_a_batch_are_taken_in_once(store: Store) -> None:
    assert await take(store, arrival(1, publish("ann")), arrival(1, publish("ann"))) == [True, False]
    assert await unread(store, "ann") == 1


async def test_same_offset_of_a_topic_that_was_made_anew_is_another_message(store: Store) -> None:
    again = Arrival(ids=(MessageId(source=SOURCE, id="1@2"),), command=publish("ann"))
    assert await take(store, arrival(1, publish("ann"))) == [True]
    assert await take(store, again) == [True]
    assert await unread(store, "ann") == 2


async def test_key_is_taken_in_once_whatever_the_offset(store: Store) -> None:
    assert await take(store, arrival(1, publish("ann"), key="k")) == [True]
    assert await take(store, arrival(2, publish("ann"), key="k")) == [False]
    (conflict,) = await take(store, arrival(3, publish("ann"), key="k", digest="other"))
    assert isinstance(conflict, Conflict)
    assert conflict.code == "idempotency_key_reused"
    assert await unread(store, "ann") == 1


async def test_each_message_sees_what_the_ones_before_it_have_done(store: Store) -> None:
    mark = Mark(user_id="ann", action="read", selection=Selection())
    answers = await take(
        store,
        arrival(1, publish("ann")),
        arrival(2, mark),
        arrival(3, publish("ann")),
        arrival(4, publish("ann")),
        arrival(5, mark),
        arrival(6, mark),
        arrival(7, publish("ann")),
    )
    assert answers == [True] * 7
    assert await unread(store, "ann") == 1
    assert [event.position for event in store.events] == sorted(event.position for event in store.events)
    marks = [event for event in store.events if event.kind == "read"]
    assert len(marks) == 2


async def test_refused_message_writes_nothing_and_is_refused_again(store: Store) -> None:
    for is_new in (True, False):
        first, second, third, fourth = await take(
            store,
            arrival(1, publish("ann")),
            arrival(2, Invalid("wrong")),
            arrival(3, publish(room="none")),
            arrival(4, publish("bob")),
        )
        assert isinstance(second, Invalid)
        assert isinstance(third, NotFound)
        assert [first, fourth] == [is_new, is_new]
    assert await rows(store) == 2
    assert (await unread(store, "ann"), await unread(store, "bob")) == (1, 1)


async def test_invalid_message_that_was_valid_and_taken_in_is_a_repeat(store: Store) -> None:
    assert await take(store, arrival(1, publish("ann"))) == [True]
    assert await take(store, arrival(1, Invalid("its time has passed"))) == [False]


async def test_defect_writes_none_of_the_batch(store: Store) -> None:
    broken = Publish(
        publications=(
            Publication(id=new_id(), audiences=(None,), recipients=1, category="x", fields={}),  # type: ignore[arg-type]
        )
    )
    with pytest.raises(Exception, match=r".*"):
        await take(store, arrival(1, publish("ann")), arrival(2, broken))
    assert await rows(store) == 0
    assert await unread(store, "ann") == 0


async def test_old_ids_of_a_source_are_forgotten_in_steps(store: Store) -> None:
    await take(store, arrival(1, publish("ann"), key="k"))
    store.now += 1000
    await take(store, arrival(2, publish("ann")))
    assert await store.committer.submit(TrimIntake(source=SOURCE, before=store.now)) == 1
    assert await rows(store) == 2
    assert await take(store, arrival(2, publish("ann"))) == [False]
    assert await take(store, arrival(9, publish("ann"), key="k")) == [False]
    assert await take(store, arrival(1, publish("ann"))) == [True]


def test_cost_is_that_of_all_messages_with_their_ids() -> None:
    batch = TakeIn(arrivals=(arrival(1, publish("ann", "bob"), key="k"), arrival(2, Invalid("no"))))
    assert batch.cost.rows == 2 + 2 + 1
    assert TrimIntake(source=SOURCE, before=0).cost.rows == STEP_ROWS
