"""Bodies about categories: their definitions, sent by HTTP or read from a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from lumen_notify.commit.preferences.categories import Over, PushContent
from lumen_notify.http.fields import Body, Priority
from lumen_notify.rates import PATTERN, Rate


def _rate(value: str) -> str:
    Rate.parse(value)
    return value


class LimitsBody(Body):
    """How many notifications of a category one recipient gets."""

    per_recipient: Annotated[str, AfterValidator(_rate), Field(json_schema_extra={"pattern": f"^{PATTERN}$"})]
    """A rate per second, minute, hour or day, such as `20/hour`. Up to this number may come at once."""

    over: Over = "refuse"
    """What happens over the limit: refuse, delay, or merge notifications."""


class CategoryBody(Body):
    """The definition of a category. Fields that are left out get their default."""

    in_app: bool = True
    """Whether it appears in lists, counts and streams. Users may override it."""

    push: bool = True
    """Whether it is pushed to devices. Users may override it."""

    may_mute: bool = True
    """False: users cannot mute or hide it."""

    priority: Priority | None = None
    """The priority of notifications that have none; null for `normal`."""

    limits: LimitsBody | None = None
    """Null for none."""

    push_content: PushContent | None = None
    """How much a push shows: all, no more than the title, or only the number of unread notifications. Null:
    as the server is set."""
