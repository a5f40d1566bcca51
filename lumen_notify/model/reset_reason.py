"""Reset reason: why a cursor cannot be served."""

from __future__ import annotations

from enum import StrEnum


class ResetReason(StrEnum):
    """Why a cursor cannot be served: the same word in the frame, the log line and the metric label."""

    EPOCH = "epoch"
    """It belongs to another database, or is no cursor at all."""

    AHEAD = "ahead"
    """The log ends before it: the database was restored from an older copy."""

    DIVERGED = "diverged"
    """The log has another event at its position: the database was restored, and has gone on differently."""

    TRIMMED = "trimmed"
    """Retention has removed the events that would follow."""

    TOO_MANY = "too_many"
    """More events would follow than LUMEN_MAX_REPLAY_EVENTS."""

    INTERNAL = "internal"
    """An event that would follow cannot be shown: a defect, which is logged."""
