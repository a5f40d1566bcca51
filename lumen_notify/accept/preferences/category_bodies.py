"""Bodies about categories: what the application says of one, by HTTP or in a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from lumen_notify.commit.preferences.categories import Over
from lumen_notify.http.fields import Body, Priority
from lumen_notify.rates import PATTERN, Rate


def _rate(value: str) -> str:
    Rate.parse(value)
    return value


class LimitsBody(Body):
    """How many of a category one recipient gets."""

    per_recipient: Annotated[str, AfterValidator(_rate), Field(json_schema_extra={"pattern": f"^{PATTERN}$"})]
    """So many at once, and as many again, evenly, in each second, minute, hour or day: `20/hour`."""

    over: Over = "refuse"
    """What becomes of one too many: it is refused, or published when there is room, or merged."""


class CategoryBody(Body):
    """A category, whole: what is left out is as it says here."""

    in_app: bool = True
    """In lists, counts and streams, unless a user wants it otherwise."""

    push: bool = True
    """Pushed to devices, unless a user wants it otherwise."""

    may_mute: bool = True
    """False: no user can silence it."""

    priority: Priority | None = None
    """Of notifications that name none; null for `normal`."""

    limits: LimitsBody | None = None
    """Null for none."""
