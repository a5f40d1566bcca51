"""Answers: one answer for each request, made from those of its parts.

The last stage of `publish`. What an administrator has published is noted here: a refused request is not, and
nor is a repeated one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.notifications.batch import Allocation, Batch, Item
from lumen_notify.commit.notifications.publication import Publication, Published, encode_published
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import EVERYONE

NOTED_IDS = 20
"""How many notifications of one request the audit log names."""


async def answer_requests(batch: Batch) -> None:
    """Answer each request that was not refused; store the answer if the request has an Idempotency-Key."""
    rows = []
    for request in batch.requests:
        if request.answer is not None:
            continue
        request.answer = [
            item.answer if item.allocation is None else _combine(item.allocation) for item in request.items
        ]
        if request.admin is not None:
            _note(batch.tx, request.admin, [item.publication for item in request.items], request.answer)
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


def _note(
    tx: Transaction, admin: str, publications: Sequence[Publication], answers: Sequence[Published]
) -> None:
    first = publications[0].audiences[0]
    to = None
    if len(publications) == 1 and len(publications[0].audiences) == 1:
        if first.user_id is not None:
            to = target("user", first.user_id)
        elif first.room_id is not None:
            to = target("room", first.room_id)
    note(
        tx,
        "notification.published",
        admin,
        to,
        ids=[one.id for one in publications[:NOTED_IDS]],
        number=len(publications),
        category=publications[0].category,
        is_to_everyone=EVERYONE in {audience for one in publications for audience in one.audiences[:1]},
        recipients=sum(one.recipients or 0 for one in answers),
        deliver_at=publications[0].deliver_at,
    )


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
