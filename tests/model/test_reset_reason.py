"""Reset reasons: words for a frame, a log line and a metric label."""

from __future__ import annotations

from lumen_notify.model import ResetReason, to_json


def test_reason_is_its_word() -> None:
    words = ["epoch", "ahead", "diverged", "trimmed", "too_many", "internal"]
    assert [f"{reason}" for reason in ResetReason] == words
    assert to_json({"reason": ResetReason.TOO_MANY}) == '{"reason":"too_many"}'
