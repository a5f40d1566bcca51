"""Bodies about notifications: publishing them, and marking one's own."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from lumen_notify.http.fields import (
    ActionId,
    ActionLabel,
    All,
    Avatar,
    Body,
    Category,
    Content,
    GroupKey,
    Ids,
    JsonObject,
    NewCategory,
    Priority,
    RoomId,
    TimeAhead,
    TimeToCome,
    Title,
    UserId,
    Users,
    has,
    implies,
    some,
    whole,
)
from lumen_notify.http.links import Url
from lumen_notify.http.one_of import OneOfBody
from lumen_notify.model import from_rfc3339

MAX_ACTIONS = 3
"""The actions of a notification: as many as the notifications of operating systems show."""


class To(OneOfBody):
    """The recipients: exactly one of `user`, `users`, `room`, `all`."""

    forms: ClassVar = {"ToUser": ("user",), "ToUsers": ("users",), "ToRoom": ("room",), "ToAll": ("all",)}
    rule: ClassVar = 'must be {"user": id}, {"users": [id, ..]}, {"room": id} or {"all": true}'

    user: UserId | None = None
    """The id of one user: the `sub` of their token."""

    users: Users | None = None
    """The ids of several users. Repeated ids count once."""

    room: RoomId | None = None
    """The id of a room: its members."""

    all: All | None = None
    """All users, including future ones."""


_UserId = Annotated[UserId, Field(json_schema_extra={"x-model": "UserId"})]


def _to_user(value: Any) -> Any:
    return {"user": value} if isinstance(value, str) else value


def _few(value: tuple[ActionBody, ...]) -> tuple[ActionBody, ...]:
    if len(value) > MAX_ACTIONS:
        raise ValueError(f"may have at most {MAX_ACTIONS} items; this has {len(value)}")
    return value


def _different(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("may have each kind only once")
    return value


class SenderBody(Body):
    """The user shown as the sender."""

    id: UserId
    """The user's id."""

    username: UserId | None = None
    """The name to show; by default the id."""

    avatar: Avatar | None = None
    """The address of a picture, as your own pages resolve it."""


class ActionBody(Body):
    """A link beside the content, such as a button."""

    id: ActionId | None = None
    """Your own name of it."""

    label: ActionLabel
    """The text of the button: one line."""

    url: Url
    """Where it leads: an `http` or `https` URL, or a path."""

    def as_fields(self) -> dict[str, str]:
        """Shape for frames and lists."""
        return self.model_dump(exclude_none=True)


Actions = Annotated[
    tuple[ActionBody, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": MAX_ACTIONS}),
    AfterValidator(some),
    AfterValidator(_few),
]


Push = Literal["offline", "always", "never", "only"]
DeviceKind = Literal["mobile", "desktop", "tablet"]
Devices = Annotated[
    tuple[DeviceKind, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": 3, "uniqueItems": True}),
    AfterValidator(some),
    AfterValidator(_different),
]


class PublicationBody(Body):
    """One notification."""

    model_config = ConfigDict(
        json_schema_extra=implies(
            has("group_key", type="string"),
            {
                "required": ["to"],
                "properties": {
                    "to": {"anyOf": [has("user"), has("users")]},
                    "push": {"not": {"const": "only"}},
                },
            },
        )
    )

    to: Annotated[To, BeforeValidator(_to_user, json_schema_input_type=_UserId | To)]
    """The recipients. A text is the id of one user."""

    category: NewCategory
    """Any slug but the names of frames: `like`, `comment`, `follow`, `system`, ..."""

    content: Content
    """Plain text: shown as it is, never as HTML."""

    title: Title | None = None
    """One line of text."""

    data: JsonObject | None = None
    """Your own JSON object, passed on unchanged."""

    url: Url | None = None
    """Where a click leads: an `http` or `https` URL, or a path, which clients resolve against their page."""

    actions: Actions | None = None
    """Links beside the content, such as buttons."""

    icon: Url | None = None
    """The address of a picture: an `http` or `https` URL, or a path."""

    sender: SenderBody | None = None
    """The user shown as the sender; by default the caller."""

    priority: Priority | None = None
    """Passed on to the client. By default the priority of the category."""

    push: Push | None = None
    """When it is pushed to the devices of its recipients. `offline`, the default: if the user has no open
    stream, and has neither read nor seen it by then; `always`: with an open stream, too; `never`: not at all;
    `only`: nothing but the push: no list, count or stream has it."""

    devices: Devices | None = None
    """The kinds of devices to push to; by default all. Open streams of other kinds do not count for
    `offline`."""

    deliver_at: TimeAhead | None = None
    """When to publish it, at most a year ahead. Until then it is scheduled and can be cancelled."""

    expires_at: TimeToCome | None = None
    """When it is removed for everybody, read or not. Must be after `deliver_at`."""

    @field_validator("expires_at")
    @classmethod
    def _after_delivery(cls, value: str | None, info: ValidationInfo) -> str | None:
        deliver_at = info.data.get("deliver_at")
        if value is not None and deliver_at is not None and from_rfc3339(value) <= from_rfc3339(deliver_at):
            raise ValueError("must be after deliver_at")
        return value

    group_key: GroupKey | None = None
    """Notifications of one category and key merge into one: "alice and 3 others". Only for users."""

    @field_validator("group_key")
    @classmethod
    def _to_users(cls, value: str | None, info: ValidationInfo) -> str | None:
        to = info.data.get("to")
        if value is not None and to is not None and to.user is None and to.users is None:
            raise ValueError("may only be used with user or users")
        if value is not None and info.data.get("push") == "only":
            raise ValueError("may not be used with push only")
        return value


class NotificationEditBody(Body):
    """A change of a notification. Fields that are left out stay as they are; null removes a field."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    content: Content = Field(default_factory=str)
    """Plain text: shown as it is, never as HTML."""

    title: Title | None = None
    """One line of text."""

    data: JsonObject | None = None
    """Your own JSON object, in place of the one before."""

    url: Url | None = None
    """Where a click leads."""

    actions: Actions | None = None
    """Links beside the content, in place of those before."""

    icon: Url | None = None
    """The address of a picture."""

    expires_at: TimeToCome | None = None
    """When it is removed for everybody; null for never."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must have at least one field")
        return self


class MarkBody(OneOfBody):
    """Which notifications: `ids`, or `all`, or those of a `category`, those up to a position, or both."""

    forms: ClassVar = {
        "MarkIds": ("ids",),
        "MarkAll": ("all",),
        "MarkCategory": ("category", "up_to"),
        "MarkUpTo": ("up_to",),
    }
    rule: ClassVar = (
        'must be {"ids": [id, ..]}, {"all": true}, {"category": name}, {"up_to": position}, '
        "or have category and up_to"
    )

    ids: Ids | None = None
    """The ids of notifications. The response has those that are not the caller's in `unknown`."""

    category: Category | None = None
    """All notifications of this category."""

    up_to: Annotated[int, Field(ge=0, le=2**63 - 1), BeforeValidator(whole)] | None = None
    """All notifications up to and including this position of the log."""

    all: All | None = None
    """All current notifications."""


class ReadBody(Body):
    """The mark of one notification."""

    is_read: bool
    """True: read; false: unread."""
