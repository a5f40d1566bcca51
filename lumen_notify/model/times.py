"""Times: wall-clock milliseconds since 1970, UTC, and their RFC 3339 text."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_ms() -> int:
    """Return the wall-clock time in milliseconds."""
    return time.time_ns() // 1_000_000


def rfc3339(at_ms: int) -> str:
    """Render a time as RFC 3339, UTC, with milliseconds: `2026-01-31T08:00:00.000Z`."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def from_rfc3339(text: str) -> int:
    """Parse an RFC 3339 time with an offset: milliseconds, rounded down. Raises ValueError."""
    if not _RFC3339.match(text):
        raise ValueError("must be an RFC 3339 time with an offset, such as 2026-01-31T08:00:00Z")
    try:
        # Whole numbers: a float of seconds loses milliseconds.
        return (datetime.fromisoformat(text.upper()) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise ValueError("is not a valid date") from None
