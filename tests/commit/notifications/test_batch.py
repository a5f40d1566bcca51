"""Batch: answered items leave it, in parts too; a group shows its latest senders."""

from __future__ import annotations

from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.batch import SHOWN_ACTORS, Allocation, Batch, Group, Item, Request
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.errors import Conflict
from lumen_notify.model import rfc3339

from .merging import publication


async def test_only_items_without_an_answer_are_passed_on(log: Log) -> None:
    refused, split, plain = (Request(items=[Item(publication())]) for _ in range(3))
    async with log.transaction() as tx:
        batch = Batch(tx, [refused, split, plain])
        assert batch.items == [*refused.items, *split.items, *plain.items]

        refused.answer = Conflict("no")
        parts = [Item(publication()), Item(publication())]
        split.items[0].allocation = Allocation(parts=parts)
        batch.drop_answered()
        assert batch.items == [*parts, *plain.items]

        parts[0].answer = Published(id="1", recipients=1, position=None, status="scheduled")
        batch.drop_answered()
        assert batch.items == [parts[1], *plain.items]


def test_a_group_shows_the_latest_publication_and_its_latest_senders() -> None:
    group = Group(user_id="ann", category="like", group_key="photo-7", id="g", announced_at=0)
    for n, sender in enumerate(["bob", "cyd", "dan", "eve", "cyd"]):
        group.merge(publication(sender=sender, content=f"{n}", expires_at=n + 1000), n, rfc3339(n))
    fields = group.as_fields()
    assert [actor["id"] for actor in fields["actors"]] == ["cyd", "eve", "dan"][:SHOWN_ACTORS]
    assert (fields["id"], fields["content"], fields["group_key"]) == ("g", "4", "photo-7")
    assert (fields["created_at"], fields["expires_at"]) == (rfc3339(4), rfc3339(1004))
