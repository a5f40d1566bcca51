"""Request id: names one request in its response, in its log lines and in its problem document.

It is the `X-Request-ID` of the request if that is 1 to 64 letters, digits, `-`, `_`, `.` and `:`, so that a
proxy or the caller may choose it; a JWT is longer. Any other value is replaced, since it would stand in the
log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar

from lumen_notify.model import new_id

HEADER = "X-Request-ID"

MAX_CHARACTERS = 64

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that the running task answers; None in all other tasks."""

_NAME = HEADER.lower().encode()
_GOOD = re.compile(rb"[0-9A-Za-z_.:-]{1,%d}\Z" % MAX_CHARACTERS)


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id of a request with these headers, whose names are in lower case."""
    for name, value in headers:
        if name == _NAME:
            return value.decode("ascii") if _GOOD.match(value) else new_id()
    return new_id()
