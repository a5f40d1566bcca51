"""Fan-out log: one line for each fan-out, however many users it has."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from lumen_notify.model import EVERYONE, Event

_log = logging.getLogger("lumen_notify.hub")


def log_fan_out(events: Sequence[Event], *, deliveries: int) -> None:
    """Log a fan-out that is done: INFO if it was a broadcast to users here, else DEBUG. deliveries: how many
    frames of these events users here were sent."""
    broadcasts = sum(event.category is not None and event.audience == EVERYONE for event in events)
    if broadcasts and deliveries:
        _log.info("Broadcast done: %d notifications, %d deliveries here.", broadcasts, deliveries)
    elif _log.isEnabledFor(logging.DEBUG):
        first, last = events[0].position, events[-1].position
        _log.debug("Delivered the events from %d to %d: %d deliveries here.", first, last, deliveries)
