"""Results: what became of the deliveries of a page -> what is written about it. No I/O.

| result | outcome | the device | then |
|---|---|---|---|
| `sent` | `pushed` | was used, and shows it | |
| `retry` | `retry: why`, the first time | may show it | it waits; once it is too late, it is a dead letter |
| `gone` | `gone` | is dropped | |
| `refused` | `failed: why` | has failed once more, and may be dropped | it is a dead letter |

Too late is when it has expired, or a day after the first try.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from lumen_notify.commit.push.dead_letters import DeadLetter
from lumen_notify.commit.push.progress import DeviceResult, PushOutcome, WaitingRow
from lumen_notify.model import value
from lumen_notify.push.pages.entries import Entry, Sending
from lumen_notify.push.push import Result

FIRST_SECONDS = 5.0
MAX_SECONDS = 900.0
"""The bounds of the pause before a push is tried again, which doubles. It is longer if the provider asks."""

MAX_REFUSALS = 5
"""Pages of pushes in a row that are refused until a device that is at fault is dropped."""

DAY_MS = 86_400_000


@value
class Written:
    """What is written about deliveries: see `AdvancePushes`."""

    devices: tuple[DeviceResult, ...]
    waiting: tuple[WaitingRow, ...]
    dead_letters: tuple[DeadLetter, ...]
    outcomes: tuple[PushOutcome, ...]


def results_of(
    sendings: Sequence[Sending],
    results: Sequence[Result],
    now: int,
    random_number: Callable[[], float] = random.random,
) -> Written:
    """Return what is written about some deliveries. now: milliseconds. random_number: from 0 to 1."""
    devices: list[DeviceResult] = []
    waiting: list[WaitingRow] = []
    dead_letters: list[DeadLetter] = []
    outcomes: list[PushOutcome] = []
    for sending, result in zip(sendings, results, strict=True):
        devices.append(_device(sending, result))
        word = _word(result)
        if result.outcome == "retry":
            again = _again(sending, result, now, random_number)
            waiting += again
            if not again:
                word = f"failed: {result.reason}"
        if result.outcome == "refused" or word.startswith("failed"):
            dead_letters += [_dead_letter(entry, sending, result) for entry in sending.entries]
        if not sending.is_silent and not (word.startswith("retry") and sending.entries[0].is_retry):
            outcomes += [outcome_of(entry, word, sending.delivery.target.id) for entry in sending.entries]
    return Written(
        devices=tuple(devices),
        waiting=tuple(waiting),
        dead_letters=tuple(dead_letters),
        outcomes=tuple(outcomes),
    )


def outcome_of(entry: Entry, word: str, device_id: str | None = None) -> PushOutcome:
    """Return the outcome of an entry. device_id: None if it is about all devices of the user."""
    return PushOutcome(
        push_id=entry.push.id,
        user_id=entry.user_id,
        device_id=device_id or entry.device_id or None,
        word=word,
        notification_id=entry.notification_id,
    )


def pause_seconds(attempts: int, retry_seconds: float | None, random_number: float) -> float:
    """Return how long to wait before a push is tried again. attempts: how many failed before.

    Never less than the provider asks for, nor less because it asks for little: users choose the services of
    Web Push. A part of it is random, so that not all come at once.
    """
    pause = min(MAX_SECONDS, FIRST_SECONDS * 2.0 ** min(attempts, 20))
    pause = max(FIRST_SECONDS, pause * (1 + random_number) / 2)
    return max(pause, (retry_seconds or 0.0) * (1 + random_number / 10))


def _device(sending: Sending, result: Result) -> DeviceResult:
    is_sent, may_show = result.outcome == "sent", result.outcome in ("sent", "retry")
    return DeviceResult(
        device_id=sending.delivery.target.id,
        user_id=sending.delivery.target.user_id,
        registered_at=sending.delivery.target.registered_at or 0,
        is_sent=is_sent,
        is_gone=result.outcome == "gone",
        failure=result.reason if result.outcome in ("gone", "refused") else None,
        max_failures=MAX_REFUSALS if result.outcome == "refused" and result.is_for_device else None,
        shown=sending.shown if may_show else (),
        hidden=sending.hidden if is_sent else (),
        badge=sending.delivery.push.badge if is_sent else None,
    )


def _word(result: Result) -> str:
    if result.outcome == "sent":
        return "pushed"
    if result.outcome == "gone":
        return "gone"
    return f"{'retry' if result.outcome == 'retry' else 'failed'}: {result.reason}"


def _again(
    sending: Sending, result: Result, now: int, random_number: Callable[[], float]
) -> list[WaitingRow]:
    """Return the rows of a push that is tried again; none if that would be too late."""
    delivery = sending.delivery
    first = sending.entries[0].waited
    tried_at = now if first is None or first.tried_at is None else first.tried_at
    number = random_number()
    if result.is_untried:
        attempts, pause = delivery.attempts, (result.retry_seconds or 0.0) * (1 + number / 10)
    else:
        attempts = delivery.attempts + 1
        pause = pause_seconds(delivery.attempts, result.retry_seconds, number)
    due_at = now + int(pause * 1000)
    if due_at > tried_at + DAY_MS or (delivery.expires_at is not None and due_at >= delivery.expires_at):
        return []
    return [
        WaitingRow(
            key=entry.key(delivery.target.id),
            category=sending.category or entry.push.category,
            reason="retry",
            due_at=due_at,
            collapse_key=delivery.push.collapse_key,
            attempts=attempts,
            tried_at=tried_at,
        )
        for entry in sending.entries
    ]


def _dead_letter(entry: Entry, sending: Sending, result: Result) -> DeadLetter:
    target = sending.delivery.target
    return DeadLetter(
        push_id=entry.push.id,
        notification_id=entry.notification_id,
        user_id=entry.user_id,
        device_id=target.id,
        provider=target.provider,
        reason=result.reason,
    )
