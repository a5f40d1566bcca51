"""Only: notifications that went to devices alone, changed and taken back by their publisher.

They are in the outbox and nowhere else (`notifications/push_only`). A change concerns what has not been
pushed yet. What was pushed and is taken back is taken off the devices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.push.outbox import withdraw_from, withdraw_from_many
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, to_json, value


@value
class OnlyPush:
    """A row of the outbox with a notification. audiences: one, or those of several users. body: the
    notification. expires_at: milliseconds, None for never."""

    id: str
    audiences: Sequence[Audience]
    publisher: str | None
    body: Mapping[str, Any]
    expires_at: int | None

    @property
    def sender_id(self) -> str | None:
        """The user shown as its sender."""
        sender: str | None = self.body.get("sender", {}).get("id")
        return sender

    async def may_be_changed(self, tx: Transaction, caller: Caller) -> bool:
        """Return whether a caller may change it, for all to whom it goes."""
        for audience in self.audiences:
            if not await caller.may_change(tx, self.publisher, audience):
                return False
        return True


async def load_only(tx: Transaction, caller: Caller, notification_id: str) -> Sequence[OnlyPush]:
    """Load what of a notification is in the outbox alone, if the caller may change it."""
    found = [_only(row) for row in await tx.run("only_pushes", id=notification_id)]
    return [one for one in found if await one.may_be_changed(tx, caller)]


def write_only(tx: Transaction, push: OnlyPush, body: Mapping[str, Any], *, expires_at: int | None) -> None:
    """Change what is pushed."""
    tx.add("set_only_pushes", rows=[{"id": push.id, "body": to_json(body), "expires_at": expires_at}])


def take_back_only(tx: Transaction, notification_id: str, pushes: Sequence[OnlyPush]) -> None:
    """Push it to nobody any more, and take it off the devices that show it."""
    rows = [{"id": push.id, "body": None, "expires_at": push.expires_at} for push in pushes]
    tx.add("set_only_pushes", rows=rows)
    audiences = [audience for push in pushes for audience in push.audiences]
    withdraw_from(tx, (user_id for audience in audiences if (user_id := audience.user_id) is not None))
    withdraw_from_many(tx, {one: notification_id for one in audiences if not one.is_personal})


def _only(row: Sequence[Any]) -> OnlyPush:
    id_, audience, targets, publisher, body, expires_at = row
    users = [] if targets is None else [user_id for user_id, _ in json.loads(targets)]
    return OnlyPush(
        id=id_,
        audiences=[Audience(audience)] if audience is not None else list(map(Audience.user, users)),
        publisher=publisher,
        body=json.loads(body),
        expires_at=expires_at,
    )
