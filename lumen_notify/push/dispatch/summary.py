"""Summary: one line in the log for the pushes of a page, however many it has.

Not here: the line for each push, which is DEBUG (`dispatcher`); that a provider begins to fail (`outages`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from lumen_notify.push.push import Delivery, Result

MAX_REASONS = 5
"""Of one line."""

MAX_REASON_CHARACTERS = 80

_log = logging.getLogger("lumen_notify.push")


def log_page(deliveries: Sequence[Delivery], results: Sequence[Result]) -> None:
    """Log what was handed over, as INFO, and what has failed, as WARNING. What was not tried is neither."""
    done: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for delivery, result in zip(deliveries, results, strict=True):
        provider = delivery.target.provider
        if result.outcome in ("sent", "gone"):
            done[f"{result.outcome} by {provider}"] += 1
        elif not result.is_untried:
            reason = result.reason[:MAX_REASON_CHARACTERS] or "no reason"
            failed[f"{result.outcome} by {provider} ({reason})"] += 1
    if done:
        _log.info("Pushes handed over: %s", _listed(done))
    if failed:
        _log.warning("Pushes failed: %s", _listed(failed))


def _listed(counts: Counter[str]) -> str:
    parts = [f"{number} {what}" for what, number in counts.most_common(MAX_REASONS)]
    rest = counts.total() - sum(number for _, number in counts.most_common(MAX_REASONS))
    return ", ".join([*parts, f"{rest} others"] if rest else parts)
