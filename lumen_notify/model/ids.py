"""Ids: UUIDv7 text, in lower case."""

from __future__ import annotations

import random
import re
import threading

from lumen_notify.model.times import now_ms

UUID_PATTERN = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
"""A UUID as clients may write it. It means the same to Python and to JSON schema (ECMA-262)."""

_UUID = re.compile(rf"{UUID_PATTERN}\Z")


def canonical_id(text: str) -> str:
    """Return a UUID in lower case (RFC 9562, section 4: case does not matter); any other text unchanged."""
    return text.lower() if len(text) == 36 and _UUID.match(text) else text


def id_text(number: int) -> str:
    """Return a UUID, given as its 128 bits, as text."""
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class _Ids:
    """Makes UUIDv7 text (RFC 9562, section 5.7) that ascends within this process.

    The 12 bits after the time are a counter (method 1 of section 6.2), so that ids made within one
    millisecond sort in the order in which they were made. They are unique, but not secret.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        """Make one, as text."""
        return id_text(self.number())

    def number(self) -> int:
        """Make one, as its 128 bits."""
        with self._lock:
            self._last = max(self._last + 1, now_ms() << 12)
            stamp = self._last
        at_ms, counter = stamp >> 12, stamp & 0xFFF
        return at_ms << 80 | 7 << 76 | counter << 64 | 2 << 62 | random.getrandbits(62)


new_id = _Ids()
"""Make a new UUIDv7 as text. Its counter is the only mutable state at module level: ids must ascend for all
callers."""
