"""Dead letters: writes and reads the pushes that were given up, and tries one again.

Promise: a user has at most MAX_DEAD_LETTERS, the newest ones, whatever their devices refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lumen_notify.commit.audit.audit import COMMAND_LINE, note, target
from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import NotFound
from lumen_notify.model import new_id, value

TOO_OLD = "The push of this dead letter is older than LUMEN_RETENTION_PUSH_SECONDS."

MAX_DEAD_LETTERS = 100
"""Dead letters of one user."""


@value
class DeadLetter:
    """A push that is given up."""

    push_id: str
    notification_id: str
    user_id: str
    device_id: str
    provider: str
    reason: str


@value
class StoredDeadLetter:
    """A push that was given up. push_id: of the row of the outbox. reason: why, in words without content.
    created_at: when, in milliseconds."""

    id: str
    push_id: str
    notification_id: str
    user_id: str
    device_id: str
    provider: str
    reason: str
    created_at: int


@value
class RetryDeadLetter:
    """Decide about a push again, and push it to the same device. The result: the StoredDeadLetter, which is
    deleted; NotFound if it does not exist, or if what was to be pushed is not known any more.

    admin: who does it, for the audit log."""

    id: str
    admin: str = COMMAND_LINE

    @property
    def conflict_key(self) -> str:
        """At most one retry of a dead letter per transaction."""
        return "dead letter:" + self.id


class DeadLetters:
    """Reads committed dead letters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, before: str, limit: int) -> Sequence[StoredDeadLetter]:
        """Read the dead letters before an id: newest first, at most limit."""
        rows = await self._database.fetch("list_dead_letters", before=before, limit=limit)
        return [_stored(row) for row in rows]


def add_dead_letters(tx: Transaction, letters: Sequence[DeadLetter]) -> None:
    """Write dead letters, and delete those that are too many."""
    tx.add(
        "insert_dead_letters",
        rows=[{"id": new_id(), **asdict(one), "created_at": tx.now} for one in letters],
    )
    users = sorted({one.user_id for one in letters})
    tx.add(
        "delete_surplus_dead_letters",
        rows=[{"user_id": user_id} for user_id in users],
        kept=MAX_DEAD_LETTERS,
    )


async def retry_dead_letters(tx: Transaction, commands: Sequence[RetryDeadLetter]) -> Sequence[object]:
    """Handle RetryDeadLetter: a `committer.Handler`."""
    found: dict[str, StoredDeadLetter | NotFound] = {}
    due: list[dict[str, str]] = []
    for is_known, *columns in await tx.run("known_dead_letters", rows=[{"id": one.id} for one in commands]):
        letter = _stored(columns)
        found[letter.id] = letter if is_known else NotFound(TOO_OLD)
        due += [{"id": letter.id}] if is_known else []
    if due:
        await tx.run("retry_dead_letters", rows=due, now=tx.now)
        await tx.run("delete_dead_letters", rows=due)
    answers = [found.get(one.id) or NotFound("No dead letter has this id.") for one in commands]
    for command, answer in zip(commands, answers, strict=True):
        if isinstance(answer, StoredDeadLetter):
            details = {"user": answer.user_id, "provider": answer.provider}
            note(tx, "dead_letter.retried", command.admin, target("dead_letter", command.id), **details)
    return answers


def _stored(row: Sequence[Any]) -> StoredDeadLetter:
    id_, push_id, notification_id, user_id, device_id, provider, reason, created_at = row
    return StoredDeadLetter(
        id=id_,
        push_id=push_id,
        notification_id=notification_id,
        user_id=user_id,
        device_id=device_id,
        provider=provider,
        reason=reason,
        created_at=created_at,
    )
