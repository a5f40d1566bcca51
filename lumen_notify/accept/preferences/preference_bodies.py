"""Bodies about preferences: what a user wants of each category, quiet hours, digest."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from lumen_notify.commit.preferences.preferences import MAX_CHOICES
from lumen_notify.commit.preferences.quiet_hours import time_of, zone_of
from lumen_notify.http.fields import SLUG_PATTERN, Body, slug, whole

LEAST_DIGEST_MINUTES = 5
DAY_MINUTES = 1440


def _time(value: str) -> str:
    time_of(value)
    return value


def _another(value: str, info: ValidationInfo) -> str:
    if value == info.data.get("begin"):
        raise ValueError("must be another time than from")
    return value


def _zone(value: str) -> str:
    zone_of(value)
    return value


def _names(value: Any) -> Any:
    # Before what they name is looked at: the fields that are told are then names of ours.
    if isinstance(value, dict):
        if len(value) > MAX_CHOICES:
            raise ValueError(f"may be about {MAX_CHOICES} categories at most, this is about {len(value)}")
        for name in value:
            slug(name)
    return value


def _minutes(value: int) -> int:
    if 0 < value < LEAST_DIGEST_MINUTES:
        raise ValueError(f"must be 0, or from {LEAST_DIGEST_MINUTES} to {DAY_MINUTES}")
    return value


TimeOfDay = Annotated[
    str,
    AfterValidator(_time),
    Field(json_schema_extra={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]


class ChoiceBody(Body):
    """What the caller wants of one category. What is left out stays; null: as the category has it."""

    in_app: bool | None = None
    """False: not in his lists, counts and streams. What is there comes back with true."""

    push: bool | None = None
    """False: not pushed to his devices."""

    muted: bool | None = None
    """True: in his list, but neither counted nor streamed nor pushed."""


class QuietHoursBody(Body):
    """When push waits, by the clocks of a time zone; on the next day if `to` is not later than `from`."""

    begin: Annotated[TimeOfDay, Field(alias="from", json_schema_extra={"examples": ["22:30"]})]
    """From this time of day."""

    to: Annotated[TimeOfDay, AfterValidator(_another), Field(json_schema_extra={"examples": ["07:00"]})]
    """To this one, which is another."""

    time_zone: Annotated[
        str,
        Field(json_schema_extra={"maxLength": 64, "examples": ["Europe/Paris"]}),
        AfterValidator(_zone),
    ]
    """The IANA name of a time zone."""


class DigestBody(Body):
    """How often those of low priority come, together."""

    minutes: Annotated[
        int,
        Field(
            ge=0,
            le=DAY_MINUTES,
            json_schema_extra={"anyOf": [{"const": 0}, {"minimum": LEAST_DIGEST_MINUTES}]},
        ),
        BeforeValidator(whole),
        AfterValidator(_minutes),
    ]
    """Every so many minutes, from 5 to 1,440; 0: each at once."""


class PreferencesBody(Body):
    """What is to change of the caller's preferences; what is left out stays."""

    categories: Annotated[
        dict[str, ChoiceBody | None],
        BeforeValidator(_names),
        Field(
            json_schema_extra={
                "propertyNames": {"pattern": f"^{SLUG_PATTERN}$"},
                "maxProperties": MAX_CHOICES,
            }
        ),
    ] = Field(default={})
    """By the name of the category; null: all of it as the category has it."""

    quiet_hours: QuietHoursBody | None = None
    """Null: no quiet hours."""

    digest: DigestBody | None = None
    """Null is like `{"minutes": 0}`."""
