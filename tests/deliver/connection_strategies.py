"""Connection strategies: what the state machines that test connections draw and write."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.model import CloseReason

from .fakes import HOUR_MS

REASONS = [reason for reason in CloseReason if reason is not CloseReason.GONE]

RETRY_MS = 2000
"""What the machines let every close reason ask for."""

reasons = st.sampled_from(REASONS)
sizes = st.sampled_from([1, 10, 500, 4_000, 20_000, 70_000])
retries = st.sampled_from([RETRY_MS, 1500])
write_counts = st.sampled_from([0, 3, 10, 30])  # how many writes come before the stream may end
bounds = st.sampled_from([0, 1, 1_000, 30_000, 100_000])

CONNECTION_FIELDS: dict[str, Any] = {
    "user_id": "ann",
    "device": None,
    "address": "192.0.2.1",
    "connected_at": 0,
    "expires_at": HOUR_MS,
}


class NumberedChunks:
    """Makes chunks that are filled with their own number, so that a lost, repeated or mixed-up byte shows."""

    def __init__(self) -> None:
        self._number = 0

    def next(self, size: int) -> bytes:
        self._number += 1
        tag = b"<%d>" % self._number
        return chunk((tag * (size // len(tag) + 1))[:size])
