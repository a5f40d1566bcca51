"""Quiet: the hours in which push waits; a pure function of a user's clock and the time.

A day's quiet begins at the first moment at which the user's clocks show `begin` and lasts until they first
show `end`, on the next day if `end` is not later. A time that the clocks skip is reckoned by the offset from
before the gap, one that they show twice is the first (RFC 5545, section 3.3.5).

Not here: who waits (push does, the stream does not), and that what is urgent passes.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lumen_notify.model import value

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}\Z")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\Z", re.ASCII)


@value
class QuietHours:
    """A user's quiet. begin, end: `HH:MM`, not the same. time_zone: its IANA name, such as `Europe/Paris`."""

    begin: str
    end: str
    time_zone: str


def is_quiet(hours: QuietHours | None, now_ms: int) -> bool:
    """Say whether a moment is in the quiet hours. None: there are none."""
    return hours is not None and quiet_until(hours, now_ms) is not None


def quiet_until(hours: QuietHours, now_ms: int) -> int | None:
    """Return when the quiet of a moment ends, in milliseconds; None if it is not quiet."""
    zone = zone_of(hours.time_zone)
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    begin, end = time_of(hours.begin), time_of(hours.end)
    # Yesterday's may still last; clocks change by less than a day, so no other can.
    for day in (now.date() - timedelta(days=1), now.date()):
        last_day = day if begin < end else day + timedelta(days=1)
        if _moment(day, begin, zone) <= now_ms < (until := _moment(last_day, end, zone)):
            return until
    return None


def time_of(text: str) -> time:
    """Read `HH:MM`. Raises ValueError."""
    found = _TIME.match(text)
    if found is None:
        raise ValueError("must be a time of day such as 22:30")
    return time(int(found[1]), int(found[2]))


@functools.lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises ValueError: there is no such zone."""
    try:
        if len(name) <= 64 and _ZONE.match(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ValueError("must be the IANA name of a time zone, such as Europe/Paris")


def _moment(day: date, at: time, zone: ZoneInfo) -> int:
    moment = datetime.combine(day, at, zone).astimezone(UTC)
    return int(moment.timestamp()) * 1000
