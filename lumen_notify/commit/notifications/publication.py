"""Publication: a notification that is about to be published, and the answer to its publisher. No I/O.

Not here: its way through the stages (`publish`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from lumen_notify.commit.push.outbox import Priority
from lumen_notify.model import Audience, rfc3339, to_json, value
from lumen_notify.model.shared_text import TEXT_ID, SharedText

Status = Literal["sent", "scheduled", "delayed", "bundled", "merged"]

STATUSES: tuple[Status, ...] = ("sent", "scheduled", "delayed", "bundled", "merged")


@value
class Publication:
    """One notification to publish.

    id: of the notification. audiences: at least one, without repeats. recipients: their number; None for
    everyone, and for a room until its members are counted.
    fields: shown in frames and lists besides id, category and times, without None; the category's priority
    applies if `priority` is missing. deliver_at: milliseconds, None for now. owner: the user whose token
    publishes it, who may change it and take it back; empty for a mention. delivery: `push` and `devices`,
    kept for push; None if neither is given. expires_at: milliseconds, None for never. group_key:
    notifications to one user with the same category and key become one row; None if it is not grouped.
    required_moderator: a user who must be owner or moderator of the room; None if the publisher's scope
    allows any room. created_at: milliseconds, None for the time of the transaction that publishes it.
    may_make_up_categories: see `recipients`. shared: the text of the fields, if groups and digests of several
    users show them, else None. has_event_for_each: whether each user gets an event of their own, as a mention
    needs that is edited for some users and removed for others.
    """

    id: str
    audiences: Sequence[Audience]
    recipients: int | None
    category: str
    fields: Mapping[str, Any]
    deliver_at: int | None = None
    owner: str = ""
    delivery: Mapping[str, Any] | None = None
    expires_at: int | None = None
    group_key: str | None = None
    required_moderator: str | None = None
    created_at: int | None = None
    may_make_up_categories: bool = True
    shared: SharedText | None = None
    has_event_for_each: bool = False

    @property
    def own_fields(self) -> Mapping[str, Any]:
        """What each user's own notification has of the fields: all, or the id of the text that they share."""
        return self.fields if self.shared is None else {TEXT_ID: self.shared.id}

    @property
    def push_priority(self) -> Priority:
        """The priority of its push. A mention is pushed at once, unless its category says otherwise. Only the
        scope rings through quiet hours: moderators may have put the members into their rooms without asking.
        """
        priority: Priority = self.fields.get("priority") or "normal"
        if self.required_moderator is not None:
            return "high" if priority == "urgent" else priority
        return "high" if priority == "normal" and not self.owner else priority

    @property
    def sender_id(self) -> str | None:
        """The user whom it shows as its sender; None if it has none."""
        sender: Mapping[str, Any] = self.fields.get("sender") or {}
        return sender.get("id")

    @property
    def events_number(self) -> int:
        """How many events it becomes, unless it merges or waits."""
        return len(self.audiences) if self.has_event_for_each else 1

    def with_fields(self, fields: Mapping[str, Any]) -> Publication:
        """Return a copy with other fields. Like `dataclasses.replace`, in a third of the time."""
        return Publication(
            id=self.id,
            audiences=self.audiences,
            recipients=self.recipients,
            category=self.category,
            fields=fields,
            deliver_at=self.deliver_at,
            owner=self.owner,
            delivery=self.delivery,
            expires_at=self.expires_at,
            group_key=self.group_key,
            required_moderator=self.required_moderator,
            created_at=self.created_at,
            may_make_up_categories=self.may_make_up_categories,
            has_event_for_each=self.has_event_for_each,
        )


@value
class Published:
    """The answer to one publication.

    id: of the row, the first one if it has several. recipients: how many users get it, None for everyone.
    position: of the event, the last one if it has several; None if it has no event yet. status: `merged` if
    it became part of a row that existed (position is the log's newest if no event announces it yet),
    `bundled` if all of it waits in digests, `delayed` if a limit delays all of it, else `sent` or
    `scheduled`. delayed, refused: how many recipients a limit delayed or refused, if not all of them.
    deliver_at: milliseconds, when the delayed ones are due.
    """

    id: str
    recipients: int | None
    position: int | None
    status: Status = "sent"
    delayed: int = 0
    refused: int = 0
    deliver_at: int | None = None


@value
class IdempotencyKey:
    """Lets a client repeat a request safely. owner: the caller. digest: of the request's body."""

    owner: str
    key: str
    digest: str


def shown_fields(
    id_: str, category: str, fields: Mapping[str, Any], *, created_at: str, expires_at: int | None
) -> dict[str, Any]:
    """Shape a notification for frames and lists. created_at: RFC 3339. expires_at: milliseconds."""
    shown = {"id": id_, "category": category, **fields, "created_at": created_at}
    if expires_at is not None:
        shown["expires_at"] = rfc3339(expires_at)
    return shown


def encode_part(publication: Publication, now: int) -> str:
    """Encode what a group shows of a publication, to be stored with its sender. now: milliseconds.

    Fields that are shared are left out.
    """
    part = {
        "fields": publication.fields,
        "created_at": now if publication.created_at is None else publication.created_at,
        "expires_at": publication.expires_at,
        "delivery": publication.delivery,
    }
    if publication.shared is not None:
        del part["fields"]
    return to_json(part)


def encode_published(published: Sequence[Published]) -> str:
    """Encode the answer to a request, to be stored with its Idempotency-Key."""
    return to_json([asdict(one) for one in published])


def decode_published(text: str) -> Sequence[Published]:
    """Decode an answer that this or an earlier version stored."""
    return [Published(**one) if isinstance(one, dict) else _decode_list(*one) for one in json.loads(text)]


def _decode_list(id_: str, recipients: int | None, position: int | None, *_: object) -> Published:
    """Decode the lists that earlier versions stored."""
    status: Status = "scheduled" if position is None else "sent"
    return Published(id=id_, recipients=recipients, position=position, status=status)
