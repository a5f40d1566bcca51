"""Decision: whether a user gets a push now, later, or not at all. No I/O.

The first line that is true decides. Urgent pushes skip the lines with a `*`.

| fact | decision |
|---|---|
| it has expired | `expired` |
| it was removed, or never was addressed to the user | `removed` |
| the user is no member of its room any more, has blocked its sender, or is its sender (1) | `not_allowed` |
| the user has read, seen, archived or deleted it | `read` |
| the user wants no pushes of its category, or has silenced its room | `muted` |
| no device of a kind that it is for | `no_device` |
| policy `offline`, and an open stream on a device of a kind that it is for | `online` |
| * quiet hours of the user | waits for their end: `quiet` |
| * priority `low`, and it has not waited yet | waits for its bundle: `bundled` |
| * as many pushes of the category within an hour as the limit | waits until it allows one: `limit` |
| else | `pushed` |

1. Of one to a room or to everyone.

The limit counts pushes, not notifications, so it comes last (`limit_until`). What has waited is decided
again. Not here: what each device gets (`payload`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from lumen_notify.commit.preferences.quiet_hours import QuietHours, quiet_until
from lumen_notify.commit.push.due import OutboxPush
from lumen_notify.commit.push.facts import Facts
from lumen_notify.model import value

Word = Literal[
    "pushed",
    "expired",
    "removed",
    "not_allowed",
    "read",
    "muted",
    "no_device",
    "online",
    "quiet",
    "bundled",
    "limit",
]

WAITING_REASONS = {"quiet": "quiet", "bundled": "bundle", "limit": "limit"}
"""The reason of a row that waits, by the word of the decision."""

HOUR_MS = 3_600_000


@value
class Rules:
    """The settings that decide. bundle_ms: how long pushes of low priority wait for others. max_per_hour: of
    one user and category, 0 for no limit."""

    bundle_ms: int = 900_000
    max_per_hour: int = 20


@value
class Candidate:
    """A push and one of its users.

    device_kinds: of the user's devices, None for one that has no kind; streams: of their open streams.
    is_due: whether the push has waited. messages: how many new messages of a
    room the user has not read; None if the push is about a notification.
    """

    push: OutboxPush
    user_id: str
    facts: Facts
    device_kinds: Collection[str | None]
    streams: Collection[str | None] = ()
    is_due: bool = False
    messages: int | None = None


@value
class Decision:
    """What is decided. due_at: when it is decided again, in milliseconds; None if it is not."""

    word: Word
    due_at: int | None = None


def decide(candidate: Candidate, rules: Rules, now: int) -> Decision:
    """Decide whether a user gets a push, but for the limit of the hour. now: milliseconds."""
    refusal = _refusal(candidate, now)
    if refusal is not None:
        return Decision(word=refusal)
    push, facts = candidate.push, candidate.facts
    if push.priority == "urgent":
        return Decision(word="pushed")
    if facts.quiet is not None:
        begin, end, time_zone = facts.quiet
        until = quiet_until(QuietHours(begin=begin, end=end, time_zone=time_zone), now)
        if until is not None:
            return Decision(word="quiet", due_at=until)
    if push.priority == "low" and not candidate.is_due:
        due_at = facts.bundle_due_at or push.created_at + rules.bundle_ms
        if due_at > now:
            return Decision(word="bundled", due_at=due_at)
    return Decision(word="pushed")


def limit_until(pushed_at: Collection[int], rules: Rules, now: int) -> int | None:
    """Return when the limit of the hour allows the next push; None if it does now.

    pushed_at: of the last pushes, oldest first. Those that lie ahead, because the clock was set back, do not
    count.
    """
    recent = [at for at in pushed_at if now - HOUR_MS < at <= now]
    if not rules.max_per_hour or len(recent) < rules.max_per_hour:
        return None
    return recent[-rules.max_per_hour] + HOUR_MS


def counts(kind: str | None, push: OutboxPush) -> bool:
    """Return whether a device or a stream of a kind is one that the push is for."""
    return push.device_kinds is None or kind in push.device_kinds


def _refusal(candidate: Candidate, now: int) -> Word | None:
    push, facts = candidate.push, candidate.facts
    if _is_expired(push, facts, now):
        return "expired"
    if _is_removed(candidate):
        return "removed"
    if _is_not_allowed(candidate):
        return "not_allowed"
    if facts.is_read or candidate.messages == 0:
        return "read"
    if not facts.pushes or facts.is_silent:
        return "muted"
    if not any(counts(kind, push) for kind in candidate.device_kinds):
        return "no_device"
    if push.policy == "offline" and any(counts(kind, push) for kind in candidate.streams):
        return "online"
    return None


def _is_expired(push: OutboxPush, facts: Facts, now: int) -> bool:
    # An edit changes the time of the notification.
    expires_at = push.expires_at if facts.position is None else facts.expires_at
    return expires_at is not None and expires_at <= now


def _is_removed(candidate: Candidate) -> bool:
    return candidate.messages is None and candidate.push.body is None and candidate.facts.position is None


def _is_not_allowed(candidate: Candidate) -> bool:
    push, facts = candidate.push, candidate.facts
    to_many = push.audience is not None and not push.audience.is_personal
    if facts.is_blocked or (to_many and push.sender_id == candidate.user_id):
        return True
    room_id = push.room_id or (push.audience.room_id if push.audience is not None else None)
    if room_id is None and facts.mentioned_in is None:
        return False
    joined = facts.joined_position
    return joined is None or (facts.position is not None and facts.position <= joined)
