"""Read counts: each number is how many notifications are marked so."""

from __future__ import annotations

from typing import Any

from lumen_notify.commit.marks.read_counts import NUMBERS, MarkedRow, count_rows, subtract_marks
from lumen_notify.commit.transaction import Transaction

from ..store import Store


class Recorder:
    """Keeps the rows that are added."""

    def __init__(self) -> None:
        self.added: dict[str, Any] = {}

    def add(self, name: str, /, **values: Any) -> None:
        self.added[name] = values["rows"]


def marked(id_: str, *, is_seen: bool = False, is_read: bool = False, is_archived: bool = False) -> MarkedRow:
    return MarkedRow(
        user_id="ann",
        id=id_,
        audience="all",
        category="like",
        is_seen=is_seen,
        is_read=is_read,
        is_archived=is_archived,
    )


def test_marks_are_subtracted_once_for_each_user_audience_and_category() -> None:
    recorder = Recorder()
    tx = Transaction(recorder, 0, 0)  # type: ignore[arg-type]
    marks = [marked("1", is_seen=True, is_read=True), marked("2", is_archived=True), marked("3")]
    subtract_marks(tx, marks)
    key = {"user_id": "ann", "audience": "all", "category": "like"}
    numbers = {"seen": -1, "read": -1, "archived": -1, "read_or_archived": -2, "earlier": 0}
    assert recorder.added == {
        "add_to_read_counts": [{**key, **numbers}],
        "delete_empty_read_counts": [key],
    }
    assert count_rows({("ann", "all", "like"): [-1, -1, -1, -2, 0]}) == [{**key, **numbers}]


async def test_numbers_are_those_of_the_marks(store: Store) -> None:
    published = await store.publish(number=4)
    await store.mark("ann", "read", ids=(published[0].id, published[1].id))
    await store.mark("ann", "archive", ids=(published[1].id, published[2].id))
    await store.mark("ann", "seen")
    await store.mark("ann", "unread", ids=(published[0].id,))
    async with store.database.transaction() as sql:
        ((*numbers,),) = await sql.run_sql(f"SELECT {', '.join(NUMBERS)} FROM lumen_read_count")  # noqa: S608
    assert numbers == [4, 1, 2, 2, 0]
