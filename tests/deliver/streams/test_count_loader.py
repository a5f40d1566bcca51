"""The count loader: all calls of one moment share a query."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence

import pytest

from lumen_notify.deliver.streams import count_loader as module
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import Counts, CountsSnapshot, Cursor

from ..conftest import Store


class Queries:
    """A fetch that waits until it is answered. asked: the users of each query so far."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self._answers: list[asyncio.Future[Mapping[str, CountsSnapshot]]] = []

    async def __call__(self, user_ids: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        self.asked.append(list(user_ids))
        self._answers.append(asyncio.get_running_loop().create_future())
        return await self._answers[-1]

    async def answer(self, *, position: int, without: str = "") -> None:
        """Answer the newest query, and let its callers continue."""
        self._answers[-1].set_result(
            {
                user_id: CountsSnapshot(cursor=Cursor("e", position), counts=Counts({}))
                for user_id in self.asked[-1]
                if user_id != without
            }
        )
        await turn()

    async def fail(self, error: Exception) -> None:
        self._answers[-1].set_exception(error)
        await turn()


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Callers:
    """Starts calls of `load`."""

    def __init__(self, loader: CountLoader) -> None:
        self._loader = loader

    async def load(self, *user_ids: str) -> list[asyncio.Task[CountsSnapshot]]:
        tasks = [asyncio.create_task(self._loader.load(user_id)) for user_id in user_ids]
        await turn()
        return tasks


@pytest.fixture
def queries() -> Queries:
    return Queries()


@pytest.fixture
def callers(queries: Queries) -> Callers:
    return Callers(CountLoader(queries))


async def test_calls_of_one_moment_are_answered_by_one_query(callers: Callers, queries: Queries) -> None:
    tasks = await callers.load("ann", "bob", "ann", "cyd")
    assert queries.asked == [["ann", "bob", "cyd"]]
    await queries.answer(position=7)
    assert [task.result().position for task in tasks] == [7, 7, 7, 7]


async def test_call_during_a_query_is_answered_by_the_next(callers: Callers, queries: Queries) -> None:
    (early,) = await callers.load("ann")
    late = await callers.load("ann", "bob")
    assert queries.asked == [["ann"]]
    await queries.answer(position=7)
    assert early.result().position == 7
    assert not any(task.done() for task in late), "counts read before they called may be old"
    assert queries.asked == [["ann"], ["ann", "bob"]]
    await queries.answer(position=8)
    assert [task.result().position for task in late] == [8, 8]


async def test_failure_reaches_all_of_its_query_and_the_next_goes_on(
    callers: Callers, queries: Queries
) -> None:
    tasks = await callers.load("ann", "bob")
    (late,) = await callers.load("cyd")
    await queries.fail(DatabaseUnavailable("gone"))
    for task in tasks:
        with pytest.raises(DatabaseUnavailable):
            task.result()
    await queries.answer(position=9)
    assert late.result().position == 9
    (again,) = await callers.load("ann")
    await queries.answer(position=10)
    assert again.result().position == 10


async def test_answer_without_a_user_fails_its_callers_and_no_later_ones(
    callers: Callers, queries: Queries
) -> None:
    tasks = await callers.load("ann", "bob")
    await queries.answer(position=7, without="bob")
    for task in tasks:
        with pytest.raises(KeyError):
            task.result()
    (again,) = await callers.load("ann")
    await queries.answer(position=8)
    assert again.result().position == 8


async def test_cancelled_caller_does_not_take_the_answer_from_the_others(
    callers: Callers, queries: Queries
) -> None:
    leaving, staying = await callers.load("ann", "ann")
    leaving.cancel()
    await turn()
    assert leaving.cancelled()
    await queries.answer(position=7)
    assert staying.result().position == 7


async def test_failure_that_nobody_waits_for_any_more_is_not_logged(
    callers: Callers, queries: Queries, caplog: pytest.LogCaptureFixture
) -> None:
    (leaving,) = await callers.load("ann")
    leaving.cancel()
    await turn()
    await queries.fail(DatabaseUnavailable("gone"))
    gc.collect()
    assert not caplog.records
    (again,) = await callers.load("ann")
    await queries.answer(position=8)
    assert again.result().position == 8


async def test_storm_is_split_into_queries_of_bounded_size(
    callers: Callers, queries: Queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_USERS", 3)
    tasks = await callers.load(*[f"user {number}" for number in range(7)])
    for position in (1, 2, 3):
        await queries.answer(position=position)
    assert [len(asked) for asked in queries.asked] == [3, 3, 1]
    assert [task.result().position for task in tasks] == [1, 1, 1, 2, 2, 2, 3]


async def test_unknown_users_get_counts_from_the_database_too(store: Store) -> None:
    await store.publish("user:ann", "user:ann", "all", "user:bob")
    await store.read_all("bob")
    loader = CountLoader(store.counts.fetch)
    ann, bob, cyd = await asyncio.gather(*map(loader.load, ("ann", "bob", "cyd")))
    assert {one.position for one in (ann, bob, cyd)} == {5}
    assert [one.counts.total for one in (ann, bob, cyd)] == [3, 0, 1]


async def test_requests_that_are_being_handled_join_the_query() -> None:
    queries = Queries()
    loader = CountLoader(queries)

    async def load_a_little_later() -> CountsSnapshot:
        await asyncio.sleep(0)
        return await loader.load("bob")

    calls = [asyncio.create_task(loader.load("alice")), asyncio.create_task(load_a_little_later())]
    await turn()
    await queries.answer(position=1)
    await asyncio.gather(*calls)
    assert queries.asked == [["alice", "bob"]]
