"""Retries: when a request is sent again, and after how long. No I/O.

| what happened | it is sent again |
|---|---|
| no connection was made | always: the server has not seen it |
| 429 | always: the server has refused it; after `Retry-After` |
| the connection was lost, or no response came in time | if it may be repeated |
| 502, 503, 504 | if it may be repeated; after `Retry-After` |
| any other status | never |

Waits double from FIRST_SECONDS on, with jitter from 50 % to 100 %. `Retry-After` is added to that, so that
clients which are told the same do not come back at the same moment.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import httpx

from lumen_notify.client.problems import error_of, retry_after_seconds, unreachable

RETRIES = 3
FIRST_SECONDS = 0.5
MAX_SECONDS = 30.0

MAX_RETRY_AFTER_SECONDS = 60.0
"""A request that may be sent again only later than this fails at once: the caller knows better what to do."""

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
NEVER_RETRIED = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
TOO_MANY = 429
UNAVAILABLE = frozenset({502, 503, 504})


class Attempts:
    """The attempts to make one call.

    is_repeatable: whether the call may be sent again if it is unknown what became of it. retries: how often
    it is sent again at most. jitter: returns a random number from 0 to 1.
    """

    def __init__(
        self, *, is_repeatable: bool, retries: int = RETRIES, jitter: Callable[[], float] = random.random
    ) -> None:
        self._is_repeatable = is_repeatable
        self._left = retries
        self._seconds = FIRST_SECONDS
        self._jitter = jitter

    def after_error(self, error: httpx.TransportError, url: str) -> float:
        """Return how many seconds to wait before the next attempt. Raises Unreachable if there is none."""
        is_safe = isinstance(error, NEVER_SENT) or self._is_repeatable
        if isinstance(error, NEVER_RETRIED) or not is_safe or not self._left:
            raise unreachable(url, error) from None
        return self._next_seconds()

    def after_response(self, response: httpx.Response) -> float:
        """Return how many seconds to wait after a response that has failed. Raises its error if there is no
        next attempt. The body must have been read."""
        status, asked = response.status_code, retry_after_seconds(response)
        is_safe = status == TOO_MANY or (status in UNAVAILABLE and self._is_repeatable)
        if not is_safe or not self._left or asked > MAX_RETRY_AFTER_SECONDS:
            raise error_of(response)
        return asked + self._next_seconds()

    def _next_seconds(self) -> float:
        seconds = self._seconds * (1 + self._jitter()) / 2
        self._left -= 1
        self._seconds = min(2 * self._seconds, MAX_SECONDS)
        return seconds
