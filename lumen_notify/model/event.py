"""Event: one row of the log.

Not here: what each kind of event carries (`events`), how it looks on the wire (`deliver/frames`).
"""

from __future__ import annotations

from lumen_notify.model.audience import Audience
from lumen_notify.model.value import value


@value
class Event:
    """One row of the log, immutable once committed.

    position: from 1, gapless. kind: see `model/events`. category: of a notification, else None. body: JSON,
    the encoded `Payload`. created_at: milliseconds.
    """

    position: int
    audience: Audience
    kind: str
    category: str | None
    body: str
    created_at: int
