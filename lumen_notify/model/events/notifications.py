"""Notification events: published, updated, delivered in a digest, marked, removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.model.encoding import to_json
from lumen_notify.model.event import Event
from lumen_notify.model.events.fields import NotificationJson, SelectionJson, Uuid, model
from lumen_notify.model.events.payload import CountsPayload, Payload, UnknownEvent, extensible
from lumen_notify.model.value import value


@value
class NotificationPublished(Payload):
    """A notification was published.

    notification: its JSON, as lists and frames show it.
    """

    kind = "notification"
    scopes = ("user", "room", "all", "list")
    shown = "notification"

    notification: Annotated[str, model("Notification")]

    @property
    def is_withdrawn(self) -> bool:
        """Whether the message that it is about was deleted, or its room."""
        return self.notification == "{}"

    def encode(self) -> str:
        """Return the notification itself."""
        return self.notification

    @classmethod
    def decode(cls, event: Event) -> Self:
        """Take the body as it is, without parsing it."""
        if event.category is None or not (event.body.startswith("{") and event.body.endswith("}")):
            raise UnknownEvent("unknown shape")
        return cls(notification=event.body)


@value
class NotificationUpdated(CountsPayload):
    """Others have merged into a notification: it is at the top of the list, and unread again."""

    kind = "update"

    data: NotificationJson

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was edited or removed since."""
        return not self.data


@value
class NotificationEdited(Payload):
    """The content of a notification has changed. It keeps its place, and no count changes.

    position: of a notification to a room, so that only those get it who were members by then; else None.
    """

    kind = "notification_edited"
    scopes = ("user", "room", "all")

    position: int | None = None

    data: NotificationJson

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was edited again, or removed."""
        return not self.data

    def encode(self) -> str:
        """Return the body. The text is last, for `rewritten_body`."""
        position = "" if self.position is None else f'"position":{self.position},'
        return f'{{{position}"data":{to_json(self.data)}}}'


@extensible
class DigestData(TypedDict):
    """The notifications of a digest."""

    items: Annotated[
        list[NotificationJson],
        Field(description="The newest first. One with a known id replaces the one that the client has."),
    ]


@value
class DigestDelivered(CountsPayload):
    """Notifications of low priority arrive together, as one event."""

    kind = "bundle"

    data: DigestData

    @property
    def is_withdrawn(self) -> bool:
        """Whether all of its notifications were removed, or are of categories that the user has silenced."""
        return not self.data["items"]


@value
class NotificationsMarked(CountsPayload):
    """The user has marked notifications."""

    data: Annotated[SelectionJson, Field(description="Which ones, in the form of the request.")]


@value
class NotificationsRead(NotificationsMarked):
    """The user has read notifications."""

    kind = "read"


@value
class NotificationsSeen(NotificationsMarked):
    """The user has seen notifications."""

    kind = "seen"


@value
class NotificationsUnread(NotificationsMarked):
    """The user has marked notifications as unread."""

    kind = "unread"


@value
class NotificationsArchived(NotificationsMarked):
    """The user has archived notifications."""

    kind = "archive"


@value
class NotificationsUnarchived(NotificationsMarked):
    """The user has taken notifications out of the archive."""

    kind = "unarchive"


@value
class NotificationsDeleted(NotificationsMarked):
    """The user has deleted notifications from their list."""

    kind = "delete"


@extensible
class RemovedData(TypedDict):
    """The ids of removed notifications."""

    ids: list[Uuid]


@value
class NotificationsRemoved(CountsPayload):
    """Notifications of the user have expired or been removed."""

    kind = "expire"

    data: RemovedData


Removed = tuple[str, str, int]
"""One notification that was removed: its id, category and position."""


@value
class SharedNotificationsRemoved(Payload):
    """Notifications to a room or to everyone have expired or been removed.

    The counts differ by user, so each instance computes them for its connected users.
    """

    kind = "expire"
    scopes = ("room", "all")

    data: RemovedData
    gone: Sequence[Removed]

    @classmethod
    def of(cls, removed: Sequence[Removed]) -> Self:
        """Build it."""
        return cls(data={"ids": [id_ for id_, _, _ in removed]}, gone=removed)
