"""Fan-out size: how many events go to the streams in one fan-out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lumen_notify.model import Event

MAX_FAN_OUT_BYTES = 64 * 1024
"""The most body bytes in one fan-out of several events; a larger event gets a fan-out of its own. A stream
gets a fan-out in one write, and its transport accepts a write of any size."""

MAX_FAN_OUT_EVENTS = 250
"""The most events in one fan-out: about 2 ms until other tasks run."""


def split(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Yield the events in runs of at most MAX_FAN_OUT_BYTES and MAX_FAN_OUT_EVENTS, or of one larger event.

    A body that several users share counts once: each of them gets one of its events. events: at least one.
    """
    begin = size = 0
    for number, event in enumerate(events):
        own = event.text_characters if event.has_own_body else 0
        size += own
        if number > begin and (size > MAX_FAN_OUT_BYTES or number - begin >= MAX_FAN_OUT_EVENTS):
            yield events[begin:number]
            begin, size = number, own
    yield events[begin:]
