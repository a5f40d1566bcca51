"""Publish: each stage runs once and in order, in few statements; answers are in the order of the request."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from lumen_notify.commit import notifications
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.digests import PublishDigests
from lumen_notify.commit.notifications.grouping import FlushGroups
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import STAGES, Publish, publish
from lumen_notify.commit.notifications.schedule import PublishDue
from lumen_notify.commit.preferences.categories import Limits
from lumen_notify.commit.rooms.messages import SendMessage
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, new_id
from lumen_notify.rates import Rate

from ..store import Store
from .merging import publication, want_digest
from .publishing import key, write
from .publishing import publication as sent_to

FOLDER = str(Path(notifications.__file__).parent)

HELPERS = {"publish", "batch", "publication", "rate_buckets"}
"""Modules that are not stages: `publish` calls the stages; `batch` and `publication` hold the values that all
stages pass on; `rate_buckets` is the arithmetic of `limits` and is used by no other stage."""

ORDER = [stage.__module__.rpartition(".")[2] for stage in STAGES]


@contextmanager
def visits() -> Iterator[list[str]]:
    """Record the stage modules in the order in which their code runs, without repeats in a row."""
    modules: list[str] = []

    def record(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event != "call" or str(path.parent) != FOLDER or path.stem in HELPERS:
            return
        if modules[-1:] != [path.stem]:
            modules.append(path.stem)

    sys.setprofile(record)
    try:
        yield modules
    finally:
        sys.setprofile(None)


class Statements:
    """Records the statements of a transaction. runs: each is a round trip. added: sent with the next run."""

    def __init__(self, tx: Transaction) -> None:
        self._transaction = tx._transaction
        self.runs: list[str] = []
        self.added: list[str] = []

    async def run(self, name: str, /, **values: Any) -> Any:
        self.runs.append(name)
        return await self._transaction.run(name, **values)

    def add(self, name: str, /, **values: Any) -> None:
        self.added.append(name)
        self._transaction.add(name, **values)


def to_room(room_id: str) -> Publication:
    return Publication(
        id=new_id(),
        audiences=(Audience.room(room_id),),
        recipients=None,
        category="news",
        fields={"content": "hi"},
        required_moderator="ann",
    )


async def prepare(store: Store) -> None:
    """Make what every stage has something to do with: a room, a limit, a user with digests, a group."""
    await store.committer.submit(CreateRoom(id="r", kind="private", creator="ann", members=("bob",)))
    await store.define("like", limits=Limits(per_recipient="2/hour", over="delay"))
    await want_digest(store, "dan", 30)
    await store.committer.submit(Publish(publications=(publication("ann", category="photo"),)))
    store.now += 5_000


def everything(store: Store) -> Sequence[Publish]:
    """Make one request in which every stage has something to do, and a repeated one."""
    key = IdempotencyKey(owner="app", key="k", digest="d")
    publications = (
        to_room("r"),
        publication("cyd", group_key=None),
        publication("cyd", group_key=None),
        publication("cyd", group_key=None),  # one too many: it is delayed
        publication("ann", sender="eve", category="photo"),  # merges with what is there, and announces it
        publication("eve", category="photo"),
        publication("dan", "eve", group_key=None, priority="low"),
        publication("ann", group_key=None, deliver_at=store.now + 60_000),
        publication("ann", group_key=None, category="note"),
        publication("ann", group_key=None, delivery={"push": "only"}),
    )
    return [Publish(publications=publications, key=key), Publish(publications=(publication("fay"),))]


LIMITING = Limiting(per_sender=Rate.parse("100/minute"))


async def test_answers_are_in_the_order_of_the_publications(log: Log) -> None:
    batch = (sent_to("ann"), sent_to(), sent_to("bob", "ann"))
    (answers,) = await write(log, Publish(publications=batch))
    assert [(answer.id, answer.position) for answer in answers] == [
        (batch[0].id, 1),
        (batch[1].id, 2),
        (batch[2].id, 3),
    ]


def test_publishes_with_one_key_conflict() -> None:
    one, two = (Publish(publications=(sent_to("ann"),), key=key("k")) for _ in range(2))
    assert one.conflict_key == two.conflict_key is not None
    other = Publish(publications=(sent_to("ann"),), key=key("k", owner="x"))
    assert one.conflict_key != other.conflict_key
    assert Publish(publications=(sent_to("ann"),)).conflict_key is None


async def test_longest_way_of_a_publish_visits_each_module_once(store: Store) -> None:
    await prepare(store)
    commands = everything(store)
    async with store.log.transaction() as tx:
        with visits() as modules:
            answers: list[Any] = list(await publish(tx, commands, LIMITING, store.pushing))
    published: list[Published] = answers[0]
    assert [one.status for one in published] == [
        *("sent", "sent", "sent", "delayed", "merged", "sent", "sent", "scheduled", "sent", "sent")
    ]
    assert len(modules) == len(set(modules)), modules
    assert modules == ORDER


async def test_notifications_that_enter_at_a_later_stage_run_the_stages_after_it(store: Store) -> None:
    await prepare(store)
    commands = everything(store)
    await store.committer.submit(commands[0])
    like = publication("ann", sender="fay", category="photo")
    await store.committer.submit(Publish(publications=(like,)))
    store.now += 3_600_000
    sender = {"id": "ann"}
    fields = {"content": "@bob"}
    send = SendMessage(id=new_id(), room_id="r", sender=sender, fields=fields, mentions=("bob",))

    async def submit(command: Any, *, first: str) -> Any:
        expected = ORDER[ORDER.index(first) :]
        with visits() as modules:
            answer = await store.committer.submit(command)
        assert modules[-len(expected) :] == expected
        return answer

    assert await submit(PublishDue(), first="recipients") == 2
    assert (await submit(send, first="grouping")).seq == 1
    assert await submit(PublishDigests(), first="grouping") == 1
    assert await submit(FlushGroups(), first="grouping") == 1


async def test_plain_publish_takes_no_round_trip_of_its_own(store: Store) -> None:
    await store.publish("ann")  # the categories are known from now on
    async with store.log.transaction() as tx:
        statements = Statements(tx)
        tx._transaction = statements  # type: ignore[assignment]
        plain = [Publish(publications=(publication(f"u{n}", group_key=None),)) for n in range(64)]
        await publish(tx, plain, Limiting())
    assert statements.runs == []
    assert statements.added == [
        "insert_notifications",
        "add_to_active_totals",
        "append_events",
    ]


@pytest.mark.parametrize("number", [1, 5])
async def test_statements_do_not_grow_with_the_number_of_requests(store: Store, number: int) -> None:
    await prepare(store)
    await store.publish("ann")
    commands = [command for _ in range(number) for command in everything(store)[:1]]
    async with store.log.transaction() as tx:
        statements = Statements(tx)
        tx._transaction = statements  # type: ignore[assignment]
        await publish(tx, [Publish(publications=one.publications) for one in commands], LIMITING)
    assert statements.runs == [
        "room_contexts",
        "load_rate_buckets",
        "digest_minutes",
        "load_groups",
        "add_group_actors",
        "marks_of_rows",
        "unread_counts",
    ]


async def test_statement_without_rows_is_not_run(store: Store) -> None:
    async with store.log.transaction() as tx:
        statements = Statements(tx)
        tx._transaction = statements  # type: ignore[assignment]
        tx.add("insert_notifications", rows=[])
        tx.add("delete_full_rate_buckets", now=0, limit=1)
        assert statements.added == ["delete_full_rate_buckets"]
