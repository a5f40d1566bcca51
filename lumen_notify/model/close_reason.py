"""Close reason: why a stream ended."""

from __future__ import annotations

from enum import Enum


class CloseReason(Enum):
    """Why a stream ended: the same word in the frame, the log line and the metric label.

    reconnect: whether the client should reconnect by itself.
    """

    SHUTDOWN = ("shutdown", True)
    SLOW = ("slow", True)
    OVERLOADED = ("overloaded", True)
    EXPIRED = ("expired", False)
    REVOKED = ("revoked", False)
    REPLACED = ("replaced", False)
    GONE = ("gone", True)

    def __init__(self, word: str, reconnect: bool) -> None:
        self.word = word
        self.reconnect = reconnect
