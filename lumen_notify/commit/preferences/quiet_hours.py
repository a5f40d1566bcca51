"""Quiet hours: the hours in which a user gets no push, a pure function of their time zone and the time.

Each day they begin when the user's clock first shows `begin`, and last until it first shows `end`, on the
next day if `end` is not later than `begin`. A time that the clock skips is interpreted with the UTC offset
before the gap; of a time that it shows twice, the first counts (RFC 5545, section 3.3.5).

Not here: what waits (push does, streams do not), and that urgent notifications do not wait.
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
    """A user's quiet hours. begin, end: `HH:MM`, not equal. time_zone: an IANA name: `Europe/Paris`."""

    begin: str
    end: str
    time_zone: str


def is_quiet(hours: QuietHours | None, now_ms: int) -> bool:
    """Return whether a time is in the quiet hours. hours: None for none."""
    return hours is not None and quiet_until(hours, now_ms) is not None


def quiet_until(hours: QuietHours, now_ms: int) -> int | None:
    """Return the end of the quiet hours that a time is in, in milliseconds; None if it is in none."""
    zone = zone_of(hours.time_zone)
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    begin, end = time_of(hours.begin), time_of(hours.end)
    # Yesterday's may still last. Clocks change by less than a day, so those of no earlier day can.
    for day in (now.date() - timedelta(days=1), now.date()):
        last_day = day if begin < end else day + timedelta(days=1)
        if _moment(day, begin, zone) <= now_ms < (until := _moment(last_day, end, zone)):
            return until
    return None


def time_of(text: str) -> time:
    """Parse `HH:MM`. Raises ValueError."""
    match = _TIME.match(text)
    if match is None:
        raise ValueError("must be a time of day such as 22:30")
    return time(int(match[1]), int(match[2]))


@functools.lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises ValueError if it does not exist."""
    try:
        if len(name) <= 64 and _ZONE.match(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ValueError("must be the IANA name of a time zone, such as Europe/Paris")


def _moment(day: date, at: time, zone: ZoneInfo) -> int:
    moment = datetime.combine(day, at, zone).astimezone(UTC)
    return int(moment.timestamp()) * 1000
