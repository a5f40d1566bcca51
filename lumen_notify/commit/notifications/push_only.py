"""Push only: publications that go to devices alone (`"push": "only"`).

A stage of `publish`. Promise: nothing of them is in a list, a count, the log or a stream: what is to be
pushed has the notification itself. They are answered like others; the position is the log's newest.
"""

from __future__ import annotations

from lumen_notify.commit.notifications.batch import Batch
from lumen_notify.commit.notifications.publication import Publication, Published, shown_fields
from lumen_notify.commit.push.outbox import PushRow, enqueue, policy_of, targets_of
from lumen_notify.model import to_json


async def push_only(batch: Batch) -> None:
    """Answer publications of policy `only`, and write them for their devices."""
    only = [item for item in batch.items if policy_of(item.publication.delivery) == "only"]
    if not only:
        return
    if batch.pushing is not None:
        enqueue(batch.tx, batch.pushing, [_row(item.publication, batch.tx.now_text) for item in only])
    for item in only:
        publication = item.publication
        item.answer = Published(
            id=publication.id, recipients=publication.recipients, position=batch.tx.position
        )
    batch.drop_answered()


def _row(publication: Publication, created_at: str) -> PushRow:
    audiences = publication.audiences
    shown = shown_fields(
        publication.id,
        publication.category,
        publication.fields,
        created_at=created_at,
        expires_at=publication.expires_at,
    )
    return PushRow(
        category=publication.category,
        priority=publication.push_priority,
        delivery=publication.delivery,
        audience=audiences[0] if len(audiences) == 1 else None,
        notification_id=publication.id,
        targets=None if len(audiences) == 1 else targets_of((one, publication.id) for one in audiences),
        sender_id=publication.sender_id,
        body=to_json(shown),
        publisher=publication.owner or None,
        expires_at=publication.expires_at,
    )
