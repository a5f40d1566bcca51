"""Deliveries: which fan-outs belong to which traces, by the positions of events. No I/O.

A fan-out may come first, or the message that says to which trace its event belongs: the one waits for the
other. The message may be lost. Both are kept for a bounded time and number.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import NamedTuple

MAX_EXPECTED = 10_000
"""Events of traces that are not delivered yet."""

MAX_FAN_OUTS = 256
"""Fan-outs that are remembered."""

EXPECTED_SECONDS = 60.0
"""How long an event is expected. After that, another log may have an event at its position."""


class FanOut(NamedTuple):
    """A fan-out that is done. first, last: the positions of its events. Times are wall-clock nanoseconds."""

    first: int
    last: int
    began_ns: int
    ended_ns: int


class Deliveries:
    """Matches events of traces with fan-outs."""

    def __init__(self) -> None:
        self._expected: OrderedDict[int, tuple[str, int]] = OrderedDict()
        self._fan_outs: deque[FanOut] = deque(maxlen=MAX_FAN_OUTS)

    def expect(self, position: int, parent: str, now_ns: int) -> FanOut | None:
        """Expect the event at a position; return its fan-out if that is done already. parent: the traceparent
        of the event."""
        for fan_out in reversed(self._fan_outs):
            if fan_out.first <= position <= fan_out.last:
                return fan_out
        self._expected[position] = (parent, now_ns)
        while len(self._expected) > MAX_EXPECTED:
            self._expected.popitem(last=False)
        return None

    def deliver(self, fan_out: FanOut) -> Iterator[tuple[int, str]]:
        """Take a fan-out; yield position and traceparent of each event of it that was expected."""
        self._fan_outs.append(fan_out)
        if not self._expected:
            return
        oldest_ns = fan_out.ended_ns - int(EXPECTED_SECONDS * 1e9)
        for position in [one for one in self._expected if one <= fan_out.last]:
            parent, since_ns = self._expected.pop(position)
            if position >= fan_out.first and since_ns >= oldest_ns:
                yield position, parent
