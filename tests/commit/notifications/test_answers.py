"""Answers: the parts of a publication have one answer, which says how many are delayed or refused."""

from __future__ import annotations

import pytest

from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.answers import answer_requests
from lumen_notify.commit.notifications.batch import Allocation, Batch, Item, Request
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.errors import Conflict

from .merging import publication

SENT = Published(id="n", recipients=3, position=7)
MERGED = Published(id="n", recipients=2, position=9, status="merged")
LATER = Published(id="n", recipients=1, position=None, status="scheduled")


@pytest.mark.parametrize(
    ("answers", "delayed", "refused", "expected"),
    [
        ([SENT], 0, 0, SENT),
        ([SENT], 0, 2, Published(id="n", recipients=3, position=7, refused=2)),
        ([SENT, MERGED], 0, 0, Published(id="n", recipients=5, position=9)),
        ([SENT, LATER], 1, 0, Published(id="n", recipients=4, position=7, delayed=1, deliver_at=5000)),
        ([LATER], 1, 0, Published(id="n", recipients=1, position=None, status="delayed", deliver_at=5000)),
    ],
)
async def test_parts_make_one_answer(
    log: Log, answers: list[Published], delayed: int, refused: int, expected: Published
) -> None:
    parts = [Item(publication(deliver_at=5000), answer=one) for one in answers]
    item = Item(publication(), allocation=Allocation(parts=parts, delayed=delayed, refused=refused))
    request = Request(items=[item])
    async with log.transaction() as tx:
        await answer_requests(Batch(tx, [request]))
    assert request.answer == [expected]


async def test_a_refusal_stays_the_answer(log: Log) -> None:
    refusal = Conflict("no")
    request = Request(items=[Item(publication())], answer=refusal)
    async with log.transaction() as tx:
        await answer_requests(Batch(tx, [request]))
    assert request.answer is refusal
