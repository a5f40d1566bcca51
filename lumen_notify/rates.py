"""Rates: the arithmetic of rate limits. The caller keeps the state and passes the time.

`Rate` is a token bucket that fills evenly (the generic cell rate algorithm, ITU-T I.371, annex A): once it is
empty, the next token is available after one step. `Window` is a fixed window: once it is used up, the next
attempt waits for its end.

Not here: where buckets are kept (`commit/notifications/rate_buckets`, `http/rate_limiter`), how log-ins are
counted (`commit/accounts/attempts`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

PATTERN = "[1-9][0-9]{0,5}/(second|minute|hour|day)"

_RATE = re.compile(rf"{PATTERN}\Z")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket that gets `number` tokens evenly in each period, as in `20/hour`.

    at_once: how many it holds; None for `number`. The state of a bucket is the time at which it is full
    again, in microseconds of the caller's clock. A time that has passed, such as 0, means a full bucket.
    """

    number: int
    period: str
    at_once: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `20/hour`. Raises ValueError; its text says what is valid."""
        if not _RATE.match(text):
            raise ValueError("must be a number of at most six digits, and how often: 20/hour, 600/minute")
        number, _, period = text.partition("/")
        return cls(int(number), period)

    @property
    def step_us(self) -> int:
        """The microseconds in which one token is added."""
        return _SECONDS[self.period] * 1_000_000 // self.number

    @property
    def capacity(self) -> int:
        """The tokens of a full bucket."""
        return self.number if self.at_once is None else self.at_once

    def wait_us(self, full_at: int, now: int, number: int = 1) -> int:
        """Return the microseconds until `number` tokens are available; 0 if they are."""
        return max(0, self.taken(full_at, now, number) - now - self.capacity * self.step_us)

    def taken(self, full_at: int, now: int, number: int = 1) -> int:
        """Return when the bucket is full again once `number` tokens are taken, available or not."""
        return max(now, full_at) + number * self.step_us

    def __str__(self) -> str:
        return f"{self.number}/{self.period}"


class Window(NamedTuple):
    """A window of time that begins with the first attempt. ends_at: milliseconds of the caller's clock."""

    ends_at: int
    attempts: int

    @classmethod
    def at(cls, now: int, seconds: int, last: Window | None) -> Window:
        """Return the window at a time: the last one, or a new one if it is over, or if the clock was set back
        by more than a window. The clocks of several instances differ by less."""
        if last is None or now >= last.ends_at or last.ends_at - now > 2 * seconds * 1000:
            return cls(ends_at=now + seconds * 1000, attempts=0)
        return last
