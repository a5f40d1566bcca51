"""Rate: so many in a second, a minute, an hour or a day, as in `20/hour`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

PATTERN = "[1-9][0-9]{0,5}/(second|minute|hour|day)"

_RATE = re.compile(rf"{PATTERN}\Z")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and as many again, evenly, in each period."""

    number: int
    period: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `20/hour`. Raises ValueError, which says what it must be."""
        if not _RATE.match(text):
            raise ValueError("must be a number of at most six digits, and how often: 20/hour, 600/minute")
        number, _, period = text.partition("/")
        return cls(int(number), period)

    @property
    def step_us(self) -> int:
        """After how many microseconds there is room for one more."""
        return _SECONDS[self.period] * 1_000_000 // self.number

    def __str__(self) -> str:
        return f"{self.number}/{self.period}"
