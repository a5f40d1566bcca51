"""Outbox: writes what is to be pushed, in the transaction of what happened.

Promises: a publication is one row, whatever the number of its recipients, and none if it is not to be pushed
or if none of them can have a device; the messages that come to a room while its row waits are one row; and so
is what a user reads while theirs waits.

Rows of `lumen_push`:

| kind | columns | whom it is for |
|---|---|---|
| notification | `audience`, `notification_id` | one user, a room's members, all |
| notification | `notification_id`, `first_position`, `last_position` | a list of users (1) |
| notification | `targets`: `[user, notification id]` each, by user | groups and digests (2) |
| notification | `body`, and `audience` or `targets` | policy `only`: it is in no list |
| messages | `room_id`, `first_seq` | members who have not read that message or a later one |
| withdrawal | `audience`; `notification_id` if it is one | those with a device that shows something |

1. Those with a notification of this id at one of these positions.
2. Groups that are announced: a user comes once. A step of digests: a user comes with each notification.

What a row names may have changed or gone by the time it is decided about: text, receipts, members, devices
and preferences are looked up then.

Users get no push of a `sender_id` whom they have blocked; that of a notification to a room or to all gets
none either. Groups and digests have several senders, and no `sender_id`: the sender that the notification
shows by then counts. Of kind `messages` each message has its own sender, and one that mentions a user is a
notification of theirs too, with the id of the message, and a row of its own here.

`due_at` is the time of the transaction and the delay of the row's priority. `always` and `only` do not wait
to be seen. Mentions have priority `high`. The row of a digest has priority `normal`: its users chose the
delay.

A row with a `coalesce_key` stands for all that comes with this key while it waits. Whoever takes it sets the
key to NULL, in a transaction before it looks up what the row is about: what comes later has another row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Self

from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Event, events, new_id, to_json, value
from lumen_notify.settings import Settings

Policy = Literal["offline", "always", "never", "only"]

Priority = Literal["low", "normal", "high", "urgent"]

DEFAULT_POLICY: Policy = "offline"

PERSONAL_USERS = 20
"""A push to more users is a large one."""

WITHDRAWAL_MS = 1000
"""How long a withdrawal waits, so that one takes off what a user reads one after another."""

_OF_USERS = frozenset(
    payload.kind
    for payload in (
        events.NotificationsRead,
        events.NotificationsSeen,
        events.NotificationsArchived,
        events.NotificationsDeleted,
        events.NotificationsRemoved,
        events.PreferencesChanged,
        events.RoomLeft,
    )
)
"""Events after which a user's devices may show what they should not, or too high a count."""

_OF_MANY = frozenset((events.SharedNotificationsRemoved.kind, events.MessageDeleted.kind))
"""Events after which those of many users may."""


@value
class Pushing:
    """How long pushes of normal and of low priority wait, in milliseconds. Higher ones do not."""

    normal_ms: int

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """Return that of a server; None if it has no provider."""
        if settings.push_providers == ("off",):
            return None
        return cls(normal_ms=round(settings.push_delay_seconds * 1000))

    def due_at(self, now: int, priority: Priority, policy: Policy = DEFAULT_POLICY) -> int:
        """Return when the users of a push are decided about. now: milliseconds."""
        may_wait = policy == DEFAULT_POLICY and priority in ("low", "normal")
        return now + self.normal_ms if may_wait else now


@value
class PushRow:
    """A publication to be pushed. See the table above; delivery: its `push` and `devices`."""

    category: str | None
    priority: Priority
    delivery: Mapping[str, Any] | None
    audience: Audience | None = None
    notification_id: str | None = None
    positions: tuple[int, int] | None = None
    targets: Sequence[tuple[str, str]] | None = None
    sender_id: str | None = None
    body: str | None = None
    publisher: str | None = None
    expires_at: int | None = None
    coalesce_key: str | None = None

    def as_row(self, pushing: Pushing, now: int) -> dict[str, Any]:
        """Shape for the table. now: milliseconds."""
        policy = policy_of(self.delivery)
        devices = None if self.delivery is None else self.delivery.get("devices")
        first, last = self.positions or (None, None)
        return {
            "id": new_id(),
            "audience": None if self.audience is None else str(self.audience),
            "user_id": None if self.audience is None else self.audience.user_id,
            "notification_id": self.notification_id,
            "first_position": first,
            "last_position": last,
            "targets": None if self.targets is None else to_json(self.targets),
            "sender_id": self.sender_id,
            "category": self.category,
            "priority": self.priority,
            "policy": policy,
            "device_kinds": None if devices is None else to_json(devices),
            "body": self.body,
            "publisher": self.publisher,
            "expires_at": self.expires_at,
            "created_at": now,
            "due_at": pushing.due_at(now, self.priority, policy),
            "is_large": int(not self._is_personal),
            "coalesce_key": self.coalesce_key,
        }

    @property
    def _is_personal(self) -> bool:
        if self.audience is not None:
            return self.audience.is_personal
        return self.targets is not None and len({user_id for user_id, _ in self.targets}) <= PERSONAL_USERS


def policy_of(delivery: Mapping[str, Any] | None) -> Policy:
    """Return the policy of a publication. delivery: its `push` and `devices`."""
    policy: Policy = DEFAULT_POLICY if delivery is None else delivery.get("push", DEFAULT_POLICY)
    return policy


def targets_of(pairs: Iterable[tuple[Audience, str]]) -> Sequence[tuple[str, str]]:
    """Return users and ids of notifications in the order of the users, in which they are decided about."""
    return sorted((audience.user_id or "", id_) for audience, id_ in pairs)


def enqueue(tx: Transaction, pushing: Pushing, rows: Iterable[PushRow]) -> None:
    """Write publications that are to be pushed: those of policy `never` are not."""
    if not tx.has_devices:
        return
    written = [row.as_row(pushing, tx.now) for row in rows if policy_of(row.delivery) != "never"]
    tx.add("enqueue_pushes", rows=written)


def enqueue_messages(
    tx: Transaction, pushing: Pushing, first_seqs: Mapping[str, int], reader_ids: Iterable[str]
) -> None:
    """Write that rooms have new messages. first_seqs: the first new one, by room. reader_ids: users who have
    read them, such as the senders."""
    if not tx.has_devices:
        return
    rows = [
        {
            "id": new_id(),
            "audience": str(audience := Audience.room(room_id)),
            "room_id": room_id,
            "first_seq": seq,
            "coalesce_key": f"messages:{audience}",
        }
        for room_id, seq in first_seqs.items()
    ]
    tx.add("enqueue_messages", rows=rows, now=tx.now, due_at=pushing.due_at(tx.now, "normal"))
    withdraw_from(tx, reader_ids)


def enqueue_withdrawals(tx: Transaction) -> None:
    """Write whose devices may show what they should not, after the events of the transaction."""
    if not tx.has_devices:
        return
    users: dict[str, None] = {}
    audiences: dict[Audience, str | None] = {}
    for event in tx.events:
        if event.kind in _OF_USERS and (user_id := event.audience.user_id) is not None:
            users[user_id] = None
        elif event.kind == events.RoomRead.kind:
            users[events.RoomRead.decode(event).user_id] = None
        elif event.kind in _OF_MANY:
            audiences[event.audience] = None if event.audience in audiences else _removed_id(event)
    withdraw_from(tx, users)
    withdraw_from_many(tx, audiences)


def withdraw_from_many(tx: Transaction, audiences: Mapping[Audience, str | None]) -> None:
    """Write that the devices of rooms or of everyone may show what they should not; nothing if no device
    shows anything. audiences: with the id of the notification; None if it is not one."""
    rows = [
        {
            "id": new_id(),
            "audience": str(audience),
            "notification_id": notification_id,
            "coalesce_key": None if notification_id else _withdrawal_key(audience),
        }
        for audience, notification_id in audiences.items()
    ]
    tx.add("enqueue_withdrawals", rows=rows, now=tx.now, due_at=tx.now + WITHDRAWAL_MS)


def withdraw_from(tx: Transaction, user_ids: Iterable[str]) -> None:
    """Write that some users' devices may show what they should not; nothing for those whose devices show
    nothing."""
    rows = [
        {
            "id": new_id(),
            "audience": str(audience := Audience.user(user_id)),
            "user_id": user_id,
            "coalesce_key": _withdrawal_key(audience),
        }
        for user_id in dict.fromkeys(user_ids)
    ]
    tx.add("enqueue_withdrawals_of_users", rows=rows, now=tx.now, due_at=tx.now + WITHDRAWAL_MS)


@value
class Showing:
    """A user whose devices begin to show something. audience: whom it is for, None if that is a list of
    users. room_id: of new messages."""

    user_id: str
    audience: Audience | None = None
    room_id: str | None = None


def withdraw_what_changed(tx: Transaction, showing: Iterable[Showing], *, since: int) -> None:
    """Write that what devices begin to show in this transaction may be read or removed already: while a push
    is under way, its devices do not show it, and nobody else writes it.

    since: the position of the log before the push was decided about.
    """
    rows = [
        {
            "id": new_id(),
            "audience": str(user := Audience.user(one.user_id)),
            "user_id": one.user_id,
            "shared": None if one.audience is None or one.audience.is_personal else str(one.audience),
            "room_id": one.room_id,
            "coalesce_key": _withdrawal_key(user),
        }
        for one in dict.fromkeys(showing)
    ]
    tx.add(
        "enqueue_withdrawals_of_changes",
        rows=rows,
        since=since,
        now=tx.now,
        due_at=tx.now + WITHDRAWAL_MS,
    )


def _withdrawal_key(audience: Audience) -> str:
    return f"withdrawal:{audience}"


def _removed_id(event: Event) -> str | None:
    """Return the id of the only notification that was removed; None if it was a message, or several."""
    if event.kind == events.MessageDeleted.kind:
        return None
    ids = events.SharedNotificationsRemoved.decode(event).data["ids"]
    return ids[0] if len(ids) == 1 else None
