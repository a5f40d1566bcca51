"""Transaction: events get positions in order; they are written last."""

from __future__ import annotations

from typing import Any

from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import EVERYONE, Audience
from lumen_notify.model.events import CategoriesChanged, NotificationPublished


class Recorder:
    """An SqlTransaction that keeps what it is given."""

    def __init__(self) -> None:
        self.added: list[tuple[str, dict[str, Any]]] = []

    async def run(self, name: str, /, **values: Any) -> list[tuple[Any, ...]]:
        return [(name, values)]

    def add(self, name: str, /, **values: Any) -> None:
        self.added.append((name, values))

    async def run_sql(self, sql: str, *, seconds: float | None = None) -> list[tuple[Any, ...]]:
        raise AssertionError(sql)


def test_each_event_gets_the_next_position_and_the_time_of_the_transaction() -> None:
    tx = Transaction(Recorder(), 41, 1_000)
    assert (tx.position, tx.now_text) == (41, "1970-01-01T00:00:01.000Z")

    liked = tx.append(Audience.user("ann"), NotificationPublished(notification="{}"), category="like")
    changed = tx.append(EVERYONE, CategoriesChanged(data={"categories": ["like"]}))

    assert (liked, changed, tx.position) == (42, 43, 43)
    assert [(one.position, one.kind, one.audience, one.category, one.created_at) for one in tx.events] == [
        (42, "notification", "user:ann", "like", 1_000),
        (43, "categories", "all", None, 1_000),
    ]


def test_events_are_written_at_the_end() -> None:
    recorder = Recorder()
    tx = Transaction(recorder, 0, 1_000)
    tx.append(EVERYONE, CategoriesChanged(data={"categories": ["like"]}))
    tx.add("delete_categories", rows=[{"name": "like"}])
    tx.write()

    assert [name for name, _ in recorder.added] == ["delete_categories", "append_events"]
    assert recorder.added[1][1]["rows"] == [
        {
            "position": 1,
            "audience": "all",
            "kind": "categories",
            "category": None,
            "body": '{"data":{"categories":["like"]}}',
            "content_position": None,
            "created_at": 1_000,
        }
    ]


async def test_transaction_without_events_writes_none_and_passes_queries_on() -> None:
    recorder = Recorder()
    tx = Transaction(recorder, 7, 1_000)
    tx.write()
    assert recorder.added == []
    assert await tx.run("categories", after="a") == [("categories", {"after": "a"})]


def test_memory_is_shared_by_the_transactions_that_are_given_it() -> None:
    memory: dict[str, Any] = {}
    Transaction(Recorder(), 0, 0, memory=memory).memory["categories"] = (1, {})
    assert Transaction(Recorder(), 0, 0, memory=memory).memory == {"categories": (1, {})}
    assert Transaction(Recorder(), 0, 0).memory == {}
