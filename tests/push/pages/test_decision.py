"""Who gets a push, who waits and who does not, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.commit.push.due import OutboxPush
from lumen_notify.commit.push.facts import Facts
from lumen_notify.model import EVERYONE, Audience
from lumen_notify.push.pages.decision import HOUR_MS, Candidate, Decision, Rules, decide, limit_until

NOW = 1_800_000_000_000  # 2027-01-15, 08:00 UTC
NIGHT = ("22:00", "09:00", "UTC")
END_OF_NIGHT = NOW + HOUR_MS

RULES = Rules(bundle_ms=900_000, max_per_hour=3)


def push_of(**fields: Any) -> OutboxPush:
    given: dict[str, Any] = {
        "id": "p",
        "kind": "notification",
        "audience": EVERYONE,
        "notification_id": "n",
        "positions": (0, 0),
        "targets": (),
        "room_id": None,
        "first_seq": None,
        "sender_id": "alice",
        "category": "like",
        "priority": "normal",
        "policy": "offline",
        "device_kinds": None,
        "body": None,
        "expires_at": None,
        "created_at": NOW - 10_000,
        "is_open": False,
        "done_user": "",
    }
    return OutboxPush(**(given | fields))


def decided(
    push: dict[str, Any] | None = None, facts: dict[str, Any] | None = None, **fields: Any
) -> Decision:
    candidate = Candidate(
        push=push_of(**(push or {})),
        user_id="bob",
        facts=Facts(**{"position": 5, "category": "like", **(facts or {})}),
        **{"device_kinds": ["mobile", None], **fields},
    )
    return decide(candidate, RULES, NOW)


def word(*args: Any, **fields: Any) -> str:
    return decided(*args, **fields).word


def test_who_is_unread_and_offline_gets_it() -> None:
    assert decided() == Decision(word="pushed")


@pytest.mark.parametrize("priority", ["low", "normal", "high", "urgent"])
@pytest.mark.parametrize(
    ("expected", "push", "facts"),
    [
        ("expired", {}, {"expires_at": NOW}),
        ("expired", {"body": "{}", "expires_at": NOW}, {"position": None}),
        ("removed", {}, {"position": None}),
        ("not_allowed", {"sender_id": "bob"}, {}),
        ("not_allowed", {}, {"is_blocked": True}),
        ("not_allowed", {"audience": Audience.room("r")}, {}),
        ("not_allowed", {"audience": Audience.room("r")}, {"joined_position": 5}),
        ("read", {}, {"is_read": True}),
        ("muted", {}, {"pushes": False}),
        ("muted", {}, {"is_silent": True}),
        ("no_device", {"device_kinds": frozenset({"tablet"})}, {}),
    ],
)
def test_refusals_hold_for_every_priority(
    expected: str, push: dict[str, Any], facts: dict[str, Any], priority: str
) -> None:
    assert word({**push, "priority": priority}, facts) == expected


def test_an_expiry_that_was_edited_counts() -> None:
    assert word({"expires_at": NOW - 1}, {"expires_at": NOW + 1}) == "pushed"


def test_a_member_gets_what_came_after_they_joined() -> None:
    assert word({"audience": Audience.room("r")}, {"joined_position": 4}) == "pushed"


def test_what_is_nowhere_else_needs_no_notification() -> None:
    assert word({"body": "{}", "policy": "only"}, {"position": None}, streams=[None]) == "pushed"


def test_new_messages_count_by_themselves() -> None:
    push = {"kind": "messages", "audience": Audience.room("r"), "room_id": "r", "notification_id": None}
    member = {"position": None, "joined_position": 1}
    assert word(push, member, messages=2) == "pushed"
    assert word(push, member, messages=0) == "read"
    assert word(push, {"position": None}, messages=2) == "not_allowed"


@pytest.mark.parametrize(
    ("policy", "kinds", "streams", "expected"),
    [
        ("offline", None, ["desktop"], "online"),
        ("offline", None, [None], "online"),
        ("offline", frozenset({"mobile"}), ["desktop"], "pushed"),
        ("offline", frozenset({"mobile"}), [None], "pushed"),
        ("offline", frozenset({"mobile"}), ["desktop", "mobile"], "online"),
        ("always", None, ["desktop"], "pushed"),
        ("always", frozenset({"mobile"}), ["mobile"], "pushed"),
        ("only", None, ["mobile"], "pushed"),
    ],
)
def test_an_open_stream_of_a_kind_that_counts_is_enough(
    policy: str, kinds: frozenset[str] | None, streams: list[str | None], expected: str
) -> None:
    assert word({"policy": policy, "device_kinds": kinds}, streams=streams) == expected


def test_who_publishes_to_themselves_gets_the_push() -> None:
    assert word({"sender_id": "bob", "audience": Audience.user("bob")}) == "pushed"
    assert word({"sender_id": "bob", "audience": None, "positions": (1, 1)}) == "pushed"


def test_quiet_hours_defer_it_to_their_end_unless_it_is_urgent() -> None:
    assert decided(facts={"quiet": NIGHT}) == Decision(word="quiet", due_at=END_OF_NIGHT)
    assert word({"priority": "urgent"}, {"quiet": NIGHT}) == "pushed"
    assert word({"priority": "high"}, {"quiet": NIGHT}) == "quiet"
    assert word(facts={"quiet": NIGHT}, is_due=True) == "quiet", "it is decided again"
    assert word(facts={"quiet": ("09:00", "22:00", "UTC")}) == "pushed"
    assert word(facts={"quiet": NIGHT}, streams=["desktop"]) == "online", "they are awake"


def test_low_priority_waits_for_its_bundle_once() -> None:
    low = {"priority": "low"}
    assert decided(low) == Decision(word="bundled", due_at=NOW - 10_000 + 900_000)
    assert decided(low, {"bundle_due_at": NOW + 7}) == Decision(word="bundled", due_at=NOW + 7)
    assert word(low, is_due=True) == "pushed"
    assert word({**low, "created_at": NOW - 900_000}) == "pushed"
    assert word(facts={"bundle_due_at": NOW + 7}) == "pushed", "others do not join"


def test_the_limit_of_the_hour_slides() -> None:
    def until(*ago: int) -> int | None:
        due_at = limit_until([NOW - one for one in ago], RULES, NOW)
        return None if due_at is None else due_at - NOW

    assert until() is None
    assert until(2, 1) is None
    assert until(HOUR_MS, 2, 1) is None
    assert until(HOUR_MS - 5, 2, 1) == 5
    assert until(HOUR_MS - 5, HOUR_MS - 9, 2, 1) == 9, "until two of the four are an hour ago"
    assert until(-1, -2, -3) is None, "the clock was set back"
    assert limit_until([NOW] * 99, Rules(max_per_hour=0), NOW) is None
