"""What is for all costs what is for one: in rows, in the log and in time, whoever is known and has read what.

The figures are told by `pytest -rP`: publishes to all and to one in turn, in one run.
"""

# ruff: noqa: T201 - the figures

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from lumen_notify.commit.budget import cost_of
from lumen_notify.commit.marks.purge import PurgeReceipts
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.model import EVERYONE

from .notifications.merging import publication, publish, rows_of, want_digest
from .store import Store, opened

KNOWN = 100_000
"""Users who have chosen preferences, and have read what was for all."""

TURNS = 300

_NUMBERS = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {KNOWN})
    INSERT INTO {into} SELECT {values} FROM numbers
"""

TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


async def meet(store: Store, read: str) -> None:
    """Let all of KNOWN be known, and have read one notification for all."""
    rows = {
        "lumen_preference (user_id, category, muted)": "'u' || n, 'comment', 0",
        "lumen_read_count (user_id, audience, category, read_or_archived, read, seen)": (
            "'u' || n, 'all', 'like', 1, 1, 1"
        ),
        "lumen_receipt (user_id, notification_id, seen_at, read_at)": f"'u' || n, '{read}', 1, 1",
    }
    async with store.database.transaction() as transaction:
        for into, values in rows.items():
            await transaction.run_sql(_NUMBERS.format(KNOWN=KNOWN, into=into, values=values))
        await transaction.run_sql("ANALYZE")


async def sizes(store: Store) -> dict[str, int]:
    """Count the rows of every table."""
    async with store.database.transaction() as transaction:
        tables = [str(name) for (name,) in await transaction.run_sql(TABLES[store.database.dialect])]
    return {table: await store.number_of(table) for table in tables if not table.startswith("sqlite_")}


async def grown(store: Store, *users: str) -> dict[str, int]:
    """Publish; tell by how many rows each table has grown."""
    before = await sizes(store)
    await store.publish(*users)
    after = await sizes(store)
    return {table: number - before[table] for table, number in after.items() if number != before[table]}


async def seconds(store: Store, *users: str) -> float:
    begin = time.perf_counter()
    await store.publish(*users)
    return time.perf_counter() - begin


async def instructions(store: Store, work: Callable[[], Awaitable[object]]) -> int:
    """Count what SQLite's machine does for some work, in steps of 100 instructions."""
    steps = 0

    def one_more() -> int:
        nonlocal steps
        steps += 1
        return 0

    connections = [store.database._writer, *store.database._readers]
    for connection in connections:
        await connection.run_sql("SELECT 1")
        await connection._raw.call(lambda raw: raw.set_progress_handler(one_more, 100))
    await work()
    for connection in connections:
        await connection._raw.call(lambda raw: raw.set_progress_handler(None, 0))
    return steps


async def test_a_page_and_a_mark_cost_the_same_however_many_there_are_and_have_read_them(
    sqlite_url: str,
) -> None:
    async with opened(sqlite_url) as store:
        unread: list[str] = []
        every: dict[str, Any] = {"category": None, "is_unread": None, "is_archived": None}

        async def look() -> None:
            for one in ({}, {"category": "like"}, {"is_unread": True}, {"is_archived": False}):
                page, _ = await store.inbox.page("ann", before=2**62, limit=20, **{**every, **one})
                assert len(page) == 20

        async def mark() -> None:
            assert (await store.mark("ann", "read", ids=(unread.pop(),))).changed == 1
            assert (await store.mark("ann", "unread", ids=(unread[-1],))).changed == 0

        costs = []
        for number, readers in ((100, 1), (1000, 30)):
            unread += [one.id for one in await store.publish(number=number)]
            for reader in range(readers):
                await store.mark(f"reader{number}-{reader}", "read", ids=tuple(unread[-100:]))
            costs.append([await instructions(store, work) for work in (look, mark)])
    for few, many in zip(*costs, strict=True):
        assert 0 < many < 1.5 * few, costs


async def test_marking_everything_costs_the_same_however_much_there_is(
    sqlite_url: str,
) -> None:
    async with opened(sqlite_url) as store:
        users = [f"u{number}" for number in range(8)]

        async def read_all() -> None:
            for user in users:
                assert (await store.mark(user, "read")).changed > 0

        async def in_turn() -> None:
            for action in ("unread", "read", "unread", "archive", "unarchive", "seen"):
                await store.mark("u0", action)

        async def up_to_a_recent_one() -> None:
            newest = max(await store.positions("u1"))
            await store.mark("u1", "unread", up_to=newest - 20)
            await store.mark("u1", "read", category="like", up_to=newest - 10)

        costs = []
        for number in (1000, 1000, 9000):
            for _ in range(number // 1000):
                await store.publish(number=1000)
                await store.publish("u0", number=1000)
            costs.append(
                [await instructions(store, work) for work in (read_all, in_turn, up_to_a_recent_one)]
            )
        assert await store.number_of("lumen_receipt") == 0
    _, *second_and_third = costs
    for few, many in zip(*second_and_third, strict=True):
        assert 0 < many < 1.5 * few, costs


async def test_a_list_whose_filter_leaves_out_everything_costs_the_same_however_much_there_is(
    sqlite_url: str,
) -> None:
    async with opened(sqlite_url) as store:
        filters: dict[str, Any] = {"category": None, "is_unread": None, "is_archived": None}
        costs = []
        for number in (3, 12):
            for _ in range(number):
                await store.publish(number=1000)
                await store.publish("ann", number=1000)
            await store.mark("ann", "read", up_to=2**62)

            async def look(one: dict[str, Any]) -> None:
                page, following = await store.inbox.page("ann", before=2**62, limit=100, **filters | one)
                assert page == []
                assert following is not None

            costs.append(
                [
                    await instructions(store, partial(look, one))
                    for one in ({"is_unread": True}, {"category": "none"}, {"is_archived": True})
                ]
            )
    for few, many in zip(*costs, strict=True):
        assert 0 < many < 1.5 * few, costs


async def test_a_page_costs_little_for_a_user_in_a_thousand_rooms(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store:
        filters: dict[str, Any] = {"category": None, "is_unread": True, "is_archived": None}
        costs = []
        for rooms in (100, 1000):
            numbers = {"lumen_notification": rooms * 30, "lumen_member": rooms}
            values = {
                "lumen_notification (id, audience, position, category, body, created_at)": (
                    f"'n' || n, 'room:r' || (n % {rooms}), n, 'like', '{{}}', 0"
                ),
                "lumen_member (room_id, user_id, role, last_read_seq, joined_position)": (
                    "'r' || (n - 1), 'ann', 'member', 0, 0"
                ),
            }
            async with store.database.transaction() as transaction:
                for into, row in values.items():
                    table = into.partition(" ")[0]
                    await transaction.run_sql(f"DELETE FROM {table}")  # noqa: S608
                    await transaction.run_sql(_NUMBERS.format(KNOWN=numbers[table], into=into, values=row))

            async def look() -> None:
                page, _ = await store.inbox.page("ann", before=2**62, limit=20, **filters)
                assert len(page) == 20

            costs.append(await instructions(store, look))
    few, many = costs
    assert 0 < many < 15 * few, costs


async def bytes_of(store: Store) -> tuple[int, int]:
    """Return what the tables take, and what was written to the log of the database up to now."""
    if store.database.dialect == "postgresql":
        tables = "pg_class c WHERE c.relnamespace = to_regnamespace('public') AND c.relkind = 'r'"
        ((stored,),) = await store.rows(f"SELECT sum(pg_total_relation_size(c.oid)) FROM {tables}")  # noqa: S608
        ((written,),) = await store.rows("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        return int(stored), int(written)
    ((pages,),), ((size,),) = await store.rows("PRAGMA page_count"), await store.rows("PRAGMA page_size")
    ((_, name, path),) = await store.rows("PRAGMA database_list")
    assert name == "main"
    return int(pages) * int(size), os.path.getsize(f"{path}-wal")  # noqa: ASYNC240, PTH202 - no waiting


@pytest.mark.slow
@pytest.mark.parametrize("priority", ["normal", "low"], ids=["group", "digest"])
async def test_text_of_groups_and_digests_is_written_once_however_many_users_get_it(
    store: Store, priority: str
) -> None:
    users = [f"u{number}" for number in range(1000)]
    for user in users if priority == "low" else ():
        await want_digest(store, user, 5)
    texts = [random.Random(number).randbytes(19_000).hex() for number in range(3)]
    before = await bytes_of(store)
    for number, content in enumerate(texts):
        one = publication(*users, sender=f"s{number}", content=content, priority=priority)
        cost = cost_of(Publish(publications=(one,)))
        assert (cost.rows, cost.text_bytes // 1000) == (3000, len(content) // 1000)
        await publish(store, one)
        store.now += 1000
        await store.flush_groups()
    store.now += 300_000
    await store.publish_digests()
    stored, written = (after - first for after, first in zip(await bytes_of(store), before, strict=True))
    print(f"{store.database.dialect}, {priority}: {stored:,} bytes stored, {written:,} written")
    assert stored < 3 * (len(texts[0]) + 1000 * 2700), "38,000 bytes for each user would be 114 million"
    assert written < 3 * (len(texts[0]) + 1000 * 5000)
    (row,) = await rows_of(store, "u999")
    assert (row["content"], row["actors_count"]) == (texts[-1], 3)


async def test_a_list_is_one_event_and_one_narrow_row_for_each_user(store: Store) -> None:
    users = [f"u{number}" for number in range(1000)]
    shared = {"lumen_event": 1, "lumen_content": 1, "lumen_notification": 1000}
    assert await grown(store, *users) == {**shared, "lumen_active_total": 1000}
    assert await grown(store, *users) == shared
    ((longest,),) = await store.rows(
        "SELECT max(length(id) + length(body) + length(coalesce(publisher, '')) + length(category))"
        " FROM lumen_notification"
    )
    assert longest == len("like")


@pytest.mark.slow
async def test_publishing_to_all_costs_what_publishing_to_one_costs(store: Store) -> None:
    ((one,), _) = await store.publish(), await store.publish("u1")
    await meet(store, one.id)

    to_one, to_all = await grown(store, "u1"), await grown(store)
    assert to_one == to_all == {"lumen_event": 1, "lumen_notification": 1}
    assert len(store.events[-2].body) == len(store.events[-1].body)

    turns = [(await seconds(store, "u1"), await seconds(store)) for _ in range(TURNS)]
    for_one, for_all = (statistics.median(times) for times in zip(*turns, strict=True))
    print(f"to one {for_one * 1000:.2f} ms, to all {for_all * 1000:.2f} ms: {for_all / for_one:.2f} times")
    assert for_all < 1.5 * for_one
    assert await store.unread("u7") == {"like": TURNS + 1}
    assert await store.unread("new") == {"like": TURNS + 2}


@pytest.mark.slow
async def test_what_all_have_read_goes_in_one_step_and_is_forgotten_in_small_ones(store: Store) -> None:
    (one,) = await store.publish()
    await meet(store, one.id)
    begin = time.perf_counter()
    assert await store.committer.submit(Remove(rows=[(one.id, EVERYONE)])) == 1
    removing = time.perf_counter() - begin
    assert [event.kind for event in store.events] == ["notification", "expire"]
    assert await store.unread("u7") == await store.unread("new") == {}

    store.now += 61_000
    steps: list[float] = []
    beside: list[float] = []
    forgotten = 1
    while forgotten:
        begin = time.perf_counter()
        forgotten = await store.committer.submit(PurgeReceipts())
        steps.append(time.perf_counter() - begin)
        if len(steps) % 20 == 0:
            beside.append(await seconds(store, "u1"))
            assert await store.unread("u7") == await store.unread("new") == {}
    print(
        f"removed in {removing * 1000:.1f} ms, forgotten in {len(steps)} steps of"
        f" {statistics.median(steps) * 1000:.1f} ms, at most {max(steps) * 1000:.1f} ms"
    )
    assert await store.number_of("lumen_receipt") == await store.number_of("lumen_removed_notification") == 0
    assert statistics.median(steps) < 0.1
    assert await store.unread("u1") == {"like": len(beside)}
