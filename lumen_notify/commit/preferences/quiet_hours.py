"""Quiet hours: the hours in which a user gets no push, a pure function of their time zone and the time.

Each day they begin when the user's clock first shows `begin`, and last until it first shows `end`, on the
next day if `end` is not later than `begin`. A time that the clock skips is interpreted with the UTC offset
before the gap; of a time that it shows twice, the first counts (RFC 5545, section 3.3.5).

Earlier versions also accepted `localtime` and the like: stored hours in a zone that is not known count as
UTC.

Not here: what waits (push does, streams do not), and that urgent notifications do not wait.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from lumen_notify.model import value

NOT_ZONES = frozenset({"Factory", "localtime", "posixrules"})
"""Files in the time zone database that name no place: what they mean depends on the machine."""

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
    zone = _zone_or_utc(hours.time_zone)
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


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises ValueError if it does not exist."""
    if name not in zone_names():
        raise ValueError("must be the IANA name of a time zone, such as Europe/Paris")
    return ZoneInfo(name)


@functools.cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones. The first call looks through the system's files: some 50 ms."""
    return frozenset(available_timezones()) - NOT_ZONES


def _zone_or_utc(name: str) -> tzinfo:
    """Return a time zone that was accepted earlier; UTC if the system does not know it any more."""
    try:
        return zone_of(name)
    except ValueError:
        return UTC


def _moment(day: date, at: time, zone: tzinfo) -> int:
    moment = datetime.combine(day, at, zone).astimezone(UTC)
    return int(moment.timestamp()) * 1000
