"""Batch: the state of a publish that its stages pass on to each other, in one transaction.

    Batch > Request > Item > Allocation > Item

Not here: the stages (`publish` lists them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published, shown_fields
from lumen_notify.commit.preferences.categories import Category, categories_in
from lumen_notify.commit.push.outbox import Priority, Pushing
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.shared_text import SharedText
from lumen_notify.rates import Rate

SHOWN_ACTORS = 3
"""How many of its senders a group names."""

GroupKey = tuple[str, str, str]
"""User, category and group key: equal for all notifications of one group."""


@value
class Limiting:
    """The limits in addition to those of the categories. per_sender: for all publications of one sender."""

    per_sender: Rate | None = None


class Batch:
    """The publications of one transaction.

    requests: all, in order. items: those without an answer so far, in order; a stage works on these.
    limiting: None to apply no limits. pushing: None if nothing is pushed. is_digest: whether each user's
    items become one event; each item is then for one user. groups: the groups that are created or changed.
    """

    def __init__(
        self,
        tx: Transaction,
        requests: Sequence[Request],
        *,
        limiting: Limiting | None = None,
        pushing: Pushing | None = None,
        is_digest: bool = False,
        groups: Mapping[GroupKey, Group] | None = None,
    ) -> None:
        self.tx = tx
        self.requests = requests
        self.items = [item for request in requests for item in request.items]
        self.limiting = limiting
        self.pushing = pushing
        self.is_digest = is_digest
        self.groups: Mapping[GroupKey, Group] = {} if groups is None else groups
        self._categories: Mapping[str, Category] | None = None

    async def categories(self) -> Mapping[str, Category]:
        """Return the defined categories, by name."""
        if self._categories is None:
            self._categories = await categories_in(self.tx)
        return self._categories

    def drop_answered(self) -> None:
        """Remove answered items from `items`. A stage calls this after it has answered something."""
        self.items = [
            part
            for request in self.requests
            if request.answer is None
            for item in request.items
            for part in (item.allocation.parts if item.allocation is not None else (item,))
            if part.answer is None
        ]


@dataclass(slots=True)
class Request:
    """Publications that succeed or fail together. items: one per publication, in order.

    admin: the administrator who has sent it, for the audit log; None for anybody else. answer: None until it
    is known; an exception if the request is refused, else a list of Published.
    """

    items: Sequence[Item]
    key: IdempotencyKey | None = None
    admin: str | None = None
    answer: Any = None


@dataclass(slots=True)
class Item:
    """A publication, or a part of one, on its way through the stages.

    allocation: the parts that go on in its place; None if it goes on as a whole. groups: those of its users
    into which it was merged; empty if it is not grouped. answer: None until it is known.
    """

    publication: Publication
    allocation: Allocation | None = None
    groups: Sequence[Group] = ()
    answer: Published | None = None


@dataclass(slots=True)
class Allocation:
    """How the limits split a publication.

    parts: at least one, each for some of its audiences; the delayed part is the last one. delayed, refused:
    the number of audiences.
    """

    parts: Sequence[Item]
    delayed: int = 0
    refused: int = 0


@dataclass(slots=True, kw_only=True)
class Group:
    """A notification of one user into which others merge.

    id: of the row. actors: the latest senders, newest first; actors_count: the number of all senders.
    position: of the event that announced it last, 0 before the first one; earlier_position: the same before
    this transaction. owner, delivery: of the publication that it shows. shown: what frames and lists show
    besides the actors. shared: the text that it shows, None if it has its own; earlier_text_id: the id of the
    one that its row has shared before this transaction. announced_at: milliseconds, when it was announced
    last. is_new: whether this transaction creates it. is_announced: whether an event of this transaction
    announces it; if not, the change is pending. was_read: whether it was read or archived before this
    transaction.
    """

    user_id: str
    category: str
    group_key: str
    id: str
    actors: list[Mapping[str, Any]] = field(default_factory=list)
    actors_count: int = 0
    position: int = 0
    earlier_position: int = 0
    announced_at: int
    shown: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = 0
    expires_at: int | None = None
    owner: str = ""
    delivery: Mapping[str, Any] | None = None
    shared: SharedText | None = None
    earlier_text_id: str | None = None
    is_new: bool = False
    is_announced: bool = True
    was_read: bool = False

    audience: Audience = field(init=False)

    def __post_init__(self) -> None:
        self.audience = Audience.user(self.user_id)

    def merge(self, publication: Publication, created_at: int, created_text: str) -> None:
        """Show the content of a further publication. created_at, created_text: milliseconds, RFC 3339."""
        sender = publication.fields["sender"]
        others = [actor for actor in self.actors if actor["id"] != sender["id"]]
        self.actors = [sender, *others][:SHOWN_ACTORS]
        self.created_at, self.expires_at = created_at, publication.expires_at
        self.owner, self.delivery = publication.owner, publication.delivery
        self.shared = publication.shared
        fields = {**publication.own_fields, "group_key": self.group_key}
        self.shown = shown_fields(
            self.id, self.category, fields, created_at=created_text, expires_at=self.expires_at
        )

    @property
    def priority(self) -> Priority:
        """The priority of the publication that it shows."""
        fields = self.shown if self.shared is None else self.shared.fields
        priority: Priority = fields.get("priority") or "normal"
        return priority

    @property
    def texts(self) -> tuple[SharedText, ...]:
        """The text that it shows, if it is shared."""
        return () if self.shared is None else (self.shared,)

    def as_fields(self) -> dict[str, Any]:
        """Shape for frames and lists."""
        return {**self.shown, "actors": self.actors, "actors_count": self.actors_count}
