"""Answers: one answer for each request, made from those of its parts.

The last stage of `publish`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lumen_notify.commit.notifications.batch import Allocation, Batch, Item
from lumen_notify.commit.notifications.publication import Published, encode_published


async def answer_requests(batch: Batch) -> None:
    """Answer each request that was not refused; store the answer if the request has an Idempotency-Key."""
    rows = []
    for request in batch.requests:
        if request.answer is not None:
            continue
        request.answer = [
            item.answer if item.allocation is None else _combine(item.allocation) for item in request.items
        ]
        if (key := request.key) is not None:
            rows.append(
                {
                    "owner": key.owner,
                    "key": key.key,
                    "digest": key.digest,
                    "answer": encode_published(request.answer),
                    "created_at": batch.tx.now,
                }
            )
    batch.tx.add("insert_idempotent_answers", rows=rows)


def _combine(allocation: Allocation) -> Published:
    published = _answers_of(allocation.parts)
    first = published[0]
    is_all_delayed = allocation.delayed > 0 and len(published) == 1
    return replace(
        first,
        recipients=None if first.recipients is None else sum(one.recipients or 0 for one in published),
        position=max((one.position for one in published if one.position is not None), default=None),
        status="delayed" if is_all_delayed else first.status,
        delayed=0 if is_all_delayed else allocation.delayed,
        refused=allocation.refused,
        deliver_at=allocation.parts[-1].publication.deliver_at if allocation.delayed else None,
    )


def _answers_of(parts: Sequence[Item]) -> Sequence[Published]:
    return [part.answer for part in parts if part.answer is not None]
