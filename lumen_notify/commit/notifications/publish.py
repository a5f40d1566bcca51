"""Publish: the stages through which every notification passes on its way into the log.

Each stage is one module and one function. It answers items of the batch or passes them on to the next stage.
A new stage is a new module and one line in STAGES.

| notifications | enter at | because |
|---|---|---|
| published by a request | the first stage | |
| scheduled, now due | `check_recipients` | limits have counted them, but rooms and roles change |
| mentions | `coalesce` | the message was already checked; a limit leaves them out, no digest holds them |
| of digests that are due, of pending groups | `coalesce` | they passed all earlier stages |

Promises: nothing is written per recipient of a room or of everyone; a publish with an Idempotency-Key is done
once, and repeats get the first answer.

Not here: reading notifications (`inbox`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.notifications.answers import answer_requests
from lumen_notify.commit.notifications.batch import Batch, Item, Limiting, Request
from lumen_notify.commit.notifications.digests import PublishDigests, enqueue_digests, take_due_digests
from lumen_notify.commit.notifications.grouping import FlushGroups, coalesce, load_pending_groups
from lumen_notify.commit.notifications.idempotency import answer_repeats
from lumen_notify.commit.notifications.limits import apply_limits, leave_out_over_limits
from lumen_notify.commit.notifications.priority import set_priority
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication
from lumen_notify.commit.notifications.push_only import push_only
from lumen_notify.commit.notifications.pushes import enqueue_pushes
from lumen_notify.commit.notifications.recipients import check_recipients
from lumen_notify.commit.notifications.schedule import PublishDue, enqueue_scheduled, take_due_scheduled
from lumen_notify.commit.notifications.write import write
from lumen_notify.commit.push.outbox import Pushing
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import value
from lumen_notify.model.encoding import json_bytes

_log = logging.getLogger("lumen_notify.publish")

GROUP_ROWS = 3
"""What merging into the group of one recipient costs: the notification, the group and the sender's part."""

Stage = Callable[[Batch], Awaitable[None]]

STAGES: tuple[Stage, ...] = (
    answer_repeats,
    check_recipients,
    set_priority,
    apply_limits,
    enqueue_scheduled,
    push_only,
    enqueue_digests,
    coalesce,
    write,
    enqueue_pushes,
    answer_requests,
)


@value
class Publish:
    """Publish all, or none. The result: one Published per publication, in order. admin: the administrator who
    does it, for the audit log; None for an application or a user."""

    publications: tuple[Publication, ...]
    key: IdempotencyKey | None = None
    admin: str | None = None

    @property
    def conflict_key(self) -> str | None:
        """Two publishes with one Idempotency-Key never share a transaction."""
        return None if self.key is None else f"key:{self.key.owner}:{self.key.key}"

    @property
    def cost(self) -> Cost:
        """A row for each recipient, GROUP_ROWS for each of several with a group. The text counts once."""
        rows = text_bytes = 0
        for one in self.publications:
            recipients = len(one.audiences)
            rows += recipients * GROUP_ROWS if one.group_key and recipients > 1 else recipients
            text_bytes += json_bytes(one.fields)
        return Cost(rows, text_bytes)


async def publish(
    tx: Transaction,
    commands: Sequence[Publish],
    limiting: Limiting | None = None,
    pushing: Pushing | None = None,
) -> Sequence[object]:
    """Publish: a `committer.Handler`. limiting: None to apply no limits. pushing: None to push nothing.

    Answers a list of Published each, or Conflict, RateLimited or Invalid; for rooms also NotFound or
    Forbidden.
    """
    requests = [
        Request(items=[Item(one) for one in command.publications], key=command.key, admin=command.admin)
        for command in commands
    ]
    await _run(Batch(tx, requests, limiting=limiting, pushing=pushing), first=STAGES[0])
    return [request.answer for request in requests]


async def publish_due(
    tx: Transaction,
    commands: Sequence[PublishDue],
    dropped: Counter[str] | None = None,
    pushing: Pushing | None = None,
) -> Sequence[int]:
    """Publish scheduled notifications that are due: a `committer.Handler`.

    Drops those that have expired, and those to rooms that are gone or to which the author may no longer
    publish. dropped: counts them by reason.
    """
    due = await take_due_scheduled(tx)
    requests = [
        Request(items=[Item(one)]) for one in due if one.expires_at is None or one.expires_at > tx.now
    ]
    await _run(Batch(tx, requests, pushing=pushing), first=check_recipients)
    refused = [request for request in requests if isinstance(request.answer, Refused)]
    for request in refused:
        _log.info(
            "Dropped notification %s, scheduled by %s: %s",
            request.items[0].publication.id,
            request.items[0].publication.owner or "its author",
            request.answer.code,
        )
    if dropped is not None:
        dropped["expired"] += len(due) - len(requests)
        dropped["not_allowed"] += len(refused)
    return [len(due)] * len(commands)


async def publish_mentions(
    tx: Transaction,
    mentions: Sequence[Publication],
    limiting: Limiting | None = None,
    pushing: Pushing | None = None,
) -> Mapping[str, Sequence[int]]:
    """Publish the mentions of messages, in the transaction that writes the messages.

    Return the positions of their events, by id. Mentions over a limit are left out. limiting: None to apply
    no limits.
    """
    batch = Batch(tx, [Request(items=[Item(one)]) for one in mentions], limiting=limiting, pushing=pushing)
    await set_priority(batch)
    await leave_out_over_limits(batch)
    await _run(batch, first=coalesce)
    positions: dict[str, Sequence[int]] = {}
    for item in batch.items:
        if item.answer is not None and item.answer.position is not None:
            last = item.answer.position
            first = last - item.publication.events_number + 1
            positions[item.publication.id] = list(range(first, last + 1))
    return positions


async def publish_digests(
    tx: Transaction, commands: Sequence[PublishDigests], pushing: Pushing | None = None
) -> Sequence[int]:
    """Publish digests that are due: a `committer.Handler`."""
    number, due = await take_due_digests(tx)
    request = Request(items=[Item(one) for one in due])
    await _run(Batch(tx, [request], pushing=pushing, is_digest=True), first=coalesce)
    return [number] * len(commands)


async def flush_groups(
    tx: Transaction, commands: Sequence[FlushGroups], pushing: Pushing | None = None
) -> Sequence[int]:
    """Announce pending groups: a `committer.Handler`."""
    groups = await load_pending_groups(tx)
    await _run(Batch(tx, [], pushing=pushing, groups=groups), first=coalesce)
    return [len(groups)] * len(commands)


async def _run(batch: Batch, *, first: Stage) -> None:
    for stage in STAGES[STAGES.index(first) :]:
        await stage(batch)
