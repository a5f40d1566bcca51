"""Bodies about preferences: choices about categories and rooms, quiet hours, digest, presence."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from lumen_notify.commit.preferences.preferences import MAX_CHOICES
from lumen_notify.commit.preferences.quiet_hours import time_of, zone_of
from lumen_notify.commit.preferences.silent_rooms import MAX_SILENT_ROOMS
from lumen_notify.http.fields import SLUG_PATTERN, Body, RoomId, category_name, room_id, whole
from lumen_notify.model import RESERVED_CATEGORIES, UUID_PATTERN

LEAST_DIGEST_MINUTES = 5
DAY_MINUTES = 1440


def _time(value: str) -> str:
    time_of(value)
    return value


def _another(value: str, info: ValidationInfo) -> str:
    if value == info.data.get("begin"):
        raise ValueError("must differ from `from`")
    return value


def _zone(value: str) -> str:
    zone_of(value)
    return value


def _names(value: Any) -> Any:
    # Runs before the values are validated, so that the fields of their faults contain only valid names.
    if isinstance(value, dict):
        if len(value) > MAX_CHOICES:
            raise ValueError(f"may have at most {MAX_CHOICES} categories; this has {len(value)}")
        for name in value:
            category_name(name)
    return value


def _minutes(value: int) -> int:
    if 0 < value < LEAST_DIGEST_MINUTES:
        raise ValueError(f"must be 0, or {LEAST_DIGEST_MINUTES} to {DAY_MINUTES}")
    return value


def _rooms(value: Any) -> Any:
    # As for `_names`.
    if isinstance(value, dict):
        if len(value) > MAX_SILENT_ROOMS:
            raise ValueError(f"may have at most {MAX_SILENT_ROOMS} rooms; this has {len(value)}")
        for room in value:
            room_id(room)
    return value


TimeOfDay = Annotated[
    str,
    AfterValidator(_time),
    Field(json_schema_extra={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]


class ChoiceBody(Body):
    """The caller's choices about one category. Fields that are left out stay; null resets to the default."""

    in_app: bool | None = None
    """False: hidden from lists, counts and streams. True shows existing ones again."""

    push: bool | None = None
    """False: not pushed to devices."""

    muted: bool | None = None
    """True: listed, but neither counted nor streamed nor pushed."""


class RoomChoiceBody(Body):
    """The caller's choices about one room."""

    push: bool | None = None
    """False: no push of its messages and of notifications to it. Null is the same as true."""


class QuietHoursBody(Body):
    """The hours without push, in a time zone. They end on the next day if `to` is earlier than `from`."""

    begin: Annotated[TimeOfDay, Field(alias="from", json_schema_extra={"examples": ["22:30"]})]
    """The time of day at which they start."""

    to: Annotated[TimeOfDay, AfterValidator(_another), Field(json_schema_extra={"examples": ["07:00"]})]
    """The time of day at which they end."""

    time_zone: Annotated[
        str,
        Field(json_schema_extra={"maxLength": 64, "examples": ["Europe/Paris"]}),
        AfterValidator(_zone),
    ]
    """The IANA name of the time zone."""


class DigestBody(Body):
    """How often the user gets low-priority notifications in a batch."""

    minutes: Annotated[
        int,
        Field(
            ge=0,
            le=DAY_MINUTES,
            json_schema_extra={"not": {"exclusiveMinimum": 0, "exclusiveMaximum": LEAST_DIGEST_MINUTES}},
        ),
        BeforeValidator(whole),
        AfterValidator(_minutes),
    ]
    """The minutes between batches, from 5 to 1,440; 0: no batches."""


class PreferencesBody(Body):
    """A change of the caller's preferences. Fields that are left out stay as they are."""

    categories: Annotated[
        dict[str, ChoiceBody | None],
        BeforeValidator(_names),
        Field(
            json_schema_extra={
                "propertyNames": {"pattern": f"^{SLUG_PATTERN}$", "not": {"enum": list(RESERVED_CATEGORIES)}},
                "maxProperties": MAX_CHOICES,
            }
        ),
    ] = Field(default={})
    """Choices by the name of the category; null resets all choices about it."""

    rooms: Annotated[
        dict[RoomId, RoomChoiceBody | None],
        BeforeValidator(_rooms),
        Field(
            json_schema_extra={
                "propertyNames": {"pattern": f"^({SLUG_PATTERN}|{UUID_PATTERN})$"},
                "maxProperties": MAX_SILENT_ROOMS,
            }
        ),
    ] = Field(default={})
    """Choices by the id of a room that the caller is a member of; null resets them."""

    quiet_hours: QuietHoursBody | None = None
    """Null: no quiet hours."""

    digest: DigestBody | None = None
    """Null is the same as `{"minutes": 0}`."""

    presence: Literal["shown", "hidden"] | None = None
    """`hidden`: the caller appears offline to others. Null is the same as `shown`."""
