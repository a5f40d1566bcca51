"""Dead letters: a retry is a push that waits, for the same device."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.commit.push import dead_letters as module
from lumen_notify.commit.push.dead_letters import TOO_OLD, DeadLetter, DeadLetters, RetryDeadLetter
from lumen_notify.commit.push.progress import AdvancePushes, Progress
from lumen_notify.model import EVERYONE

from ..store import Store
from .outbox_rows import add_devices, sent, to

LETTERS = """
INSERT INTO lumen_push_dead_letter (
    id, push_id, notification_id, user_id, device_id, provider, reason, created_at
)
VALUES ('1', 'of one', 'n', 'bob', 'd1', 'fcm', 'why', 5),
    ('2', 'of several', 'n', 'bob', 'd1', 'fcm', 'why', 6),
    ('3', 'of none', 'n', 'bob', 'd1', 'fcm', 'why', 7)
"""

PUSHES = """
INSERT INTO lumen_push (id, kind, category, priority, policy, targets, created_at, due_at, done_at)
VALUES ('of one', 'notification', 'like', 'normal', 'offline', NULL, 0, 0, 1),
    ('of several', 'notification', NULL, 'normal', 'offline', '[["bob","n"]]', 0, 0, 1)
"""

WAITING = """
SELECT user_id, push_id, notification_id, device_id, category, reason, attempts, due_at
FROM lumen_push_waiting ORDER BY push_id
"""


async def test_retry_waits_for_the_same_device_and_is_due_at_once(store: Store) -> None:
    async with store.database.transaction() as transaction:
        await transaction.run_sql(LETTERS)
        await transaction.run_sql(PUSHES)
    answers = await asyncio.gather(
        *(store.committer.submit(RetryDeadLetter(id=id_)) for id_ in "1234"), return_exceptions=True
    )
    assert [getattr(one, "id", None) for one in answers[:2]] == ["1", "2"]
    assert [str(one) for one in answers[2:]] == [TOO_OLD, "No dead letter has this id."]
    async with store.database.transaction() as transaction:
        rows = [tuple(row) for row in await transaction.run_sql(WAITING)]
    assert rows == [
        ("bob", "of one", "", "d1", "like", "retry", 0, store.now),
        ("bob", "of several", "n", "d1", "", "retry", 0, store.now),
    ]
    (left,) = await DeadLetters(store.database).page(before="9", limit=10)
    assert left.id == "3"


async def test_the_newest_of_each_user_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DEAD_LETTERS", 3)
    await add_devices(store, "ann", "bob")
    await sent(store, to(EVERYONE))
    ((id_,),) = await store.rows("SELECT id FROM lumen_push")

    async def give_up(after: str, user_id: str, *reasons: str) -> None:
        letters = tuple(
            DeadLetter(
                push_id=id_,
                notification_id="n",
                user_id=user_id,
                device_id=f"device of {reason}",
                provider="webpush",
                reason=reason,
            )
            for reason in reasons
        )
        page = Progress(push_id=id_, from_user=after, done_user=user_id + reasons[-1], is_done=False)
        await store.committer.submit(AdvancePushes(progress=(page,), dead_letters=letters))

    async def left() -> list[tuple[str, str]]:
        found = await DeadLetters(store.database).page(before="g", limit=100)
        return [(one.user_id, one.reason) for one in reversed(found)]

    await give_up("", "ann", "1", "2", "3")
    assert await left() == [("ann", "1"), ("ann", "2"), ("ann", "3")]
    await give_up("ann3", "bob", *"123456789")
    await give_up("bob9", "ann", "4")
    assert await left() == [
        *(("ann", number) for number in "23"),
        *(("bob", number) for number in "789"),
        ("ann", "4"),
    ]
