"""Responses about notifications: published, scheduled, listed and marked ones."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.accept.notifications.bodies import MAX_ACTIONS, DeviceKind, Push, To
from lumen_notify.commit.notifications.batch import SHOWN_ACTORS
from lumen_notify.commit.notifications.publication import Status
from lumen_notify.http.fields import Priority
from lumen_notify.http.responses import AnyData, NextCursor, PlainContent, PositiveInt, Time
from lumen_notify.model.events.fields import Count, Position, Uuid

UnreadCount = Annotated[int, Field(ge=0, description="All unread items: an absolute number, never a delta.")]


class Sender(TypedDict):
    """The user shown as the sender."""

    id: str
    username: str
    avatar: Annotated[str | None, Field(description="The address of a picture.")]


class Unread(TypedDict):
    """Unread counts by name, without zeros. Their sum is `unread_count`."""

    categories: dict[str, PositiveInt]
    rooms: dict[str, PositiveInt]


class Action(TypedDict):
    """A link beside the content, such as a button."""

    id: NotRequired[str]
    label: str
    url: Annotated[str, Field(description="An `http` or `https` URL, or a path.")]


class _Content(TypedDict):
    id: Uuid
    category: str
    room_id: NotRequired[
        Annotated[str, Field(description="The room whose members get it; absent for other recipients.")]
    ]
    sender: Sender
    title: NotRequired[str]
    content: PlainContent
    data: NotRequired[Annotated[AnyData, Field(description="The publisher's own JSON object.")]]
    url: NotRequired[Annotated[str, Field(description="Where a click leads; absent for nowhere.")]]
    actions: NotRequired[Annotated[list[Action], Field(min_length=1, max_length=MAX_ACTIONS)]]
    icon: NotRequired[Annotated[str, Field(description="The address of a picture.")]]
    priority: Priority
    expires_at: NotRequired[
        Annotated[Time, Field(description="When it is removed for everybody; absent for never.")]
    ]
    group_key: NotRequired[
        Annotated[str, Field(description="The key of the group that it is merged into; absent for none.")]
    ]


class Notification(_Content):
    """A notification as frames carry it."""

    created_at: Time
    edited_at: NotRequired[
        Annotated[Time, Field(description="When its publisher last changed it; absent for never.")]
    ]
    actors: NotRequired[
        Annotated[
            list[Sender],
            Field(
                min_length=1,
                max_length=SHOWN_ACTORS,
                description="The latest senders of a group, newest first; absent without `group_key`.",
            ),
        ]
    ]
    actors_count: NotRequired[
        Annotated[
            int, Field(ge=1, description="The number of senders of a group; absent without `group_key`.")
        ]
    ]


class ListedNotification(Notification):
    """A notification in the list of a user."""

    position: Position
    is_read: bool
    seen_at: Annotated[Time | None, Field(description="When it was first seen; null for never.")]
    read_at: Annotated[Time | None, Field(description="When it was read; null if it is unread.")]
    archived_at: Annotated[
        Time | None,
        Field(description="When it was archived; null if it is not. Archived notifications are not unread."),
    ]


class Notifications(TypedDict):
    """One page, newest first."""

    items: list[ListedNotification]
    next_cursor: NextCursor


class Counts(TypedDict):
    """The caller's unread counts."""

    unread_count: UnreadCount
    unread: Unread
    position: Position


class Marked(TypedDict):
    """The mark is committed. The counts are those after it."""

    changed: Annotated[int, Field(ge=0, description="How many notifications changed.")]
    unread_count: UnreadCount
    unread: Unread
    position: Position
    unknown: Annotated[
        list[str], Field(description="Those of the `ids` that are not of the caller's notifications.")
    ]


class Published(TypedDict):
    """The notification is committed."""

    id: Uuid
    recipients: Annotated[Count | None, Field(description="How many users get it; null for all users.")]
    position: Annotated[
        Position | None, Field(description="Its position in the log; null if it has none yet.")
    ]
    status: Annotated[
        Status,
        Field(
            description="`merged`: into an existing notification with this id; if no event announces it yet, "
            "the position is the newest of the log. `bundled`: held back for the user's digest. `delayed`: "
            "a limit delays it until `deliver_at`."
        ),
    ]
    deliver_at: NotRequired[Annotated[Time, Field(description="When the delayed users get it.")]]
    delayed: NotRequired[
        Annotated[int, Field(ge=1, description="How many users a limit has delayed, if not all.")]
    ]
    refused: NotRequired[
        Annotated[int, Field(ge=1, description="How many further users do not get it because of a limit.")]
    ]


class PublishedBatch(TypedDict):
    """All notifications are committed."""

    items: Annotated[list[Published], Field(min_length=1)]


class ScheduledNotification(_Content):
    """A notification that will be published."""

    to: To
    push: NotRequired[Push]
    devices: NotRequired[list[DeviceKind]]
    deliver_at: Time


class ScheduledNotifications(TypedDict):
    """One page, soonest first."""

    items: list[ScheduledNotification]
    next_cursor: NextCursor


class Edited(TypedDict):
    """The change is committed."""

    id: Uuid
    changed: Annotated[int, Field(ge=0, description="How many recipients' lists changed; a room is one.")]
    position: Position


PushStatus = Literal["pending", "waiting", "done", "not_pushed"]


class Delivery(TypedDict):
    """What became of a push to a user, or to one of their devices."""

    user: str
    device_id: Annotated[
        str | None,
        Field(
            description="Null if it is about all devices of the user.", json_schema_extra={"format": "uuid"}
        ),
    ]
    outcome: Annotated[
        str,
        Field(
            description=(
                "`pushed`; `read`: the user had read, seen, archived or deleted it; `online`: they had an "
                "open stream; `muted`; `no_device`; `expired`; `removed`; `not_allowed`: they are not a "
                "member of the room, have blocked the sender, or are the sender; `quiet`, `bundled`, "
                "`limit`: it waits for the end of quiet hours, for others, or for the limit of the hour; "
                "`retry: ` and `failed: ` with the reason; `gone`: the device does not exist any more. "
                "For publishers without the scope `notify:publish` all but `pushed` is `not_pushed`."
            )
        ),
    ]
    at: Annotated[Time, Field(description="When it was decided.")]


class Deliveries(TypedDict):
    """One page, oldest first."""

    items: list[Delivery]
    next_cursor: NextCursor
    status: Annotated[
        PushStatus,
        Field(
            description=(
                "`pending`: it is still to be decided about users; `waiting`: it waits for single users; "
                "`done`; `not_pushed`: it is not to be pushed, or nobody whom it reaches had a device."
            )
        ),
    ]
