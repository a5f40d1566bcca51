"""Retry-After: how long a service asks to wait (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

MAX_SECONDS = 86_400.0
"""A service that asks for more is asked again after this."""


def retry_after_seconds(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Return how many seconds to wait, from 0 to MAX_SECONDS; None if the header is missing or no number and
    no date. headers: by name in lower case."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        seconds = float(value)
    else:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now_ms / 1000
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_SECONDS)
