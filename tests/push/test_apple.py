"""Apple: what of a push goes to APNs, on each way."""

from __future__ import annotations

import pytest

from lumen_notify.push import apple
from lumen_notify.push.push import Priority

from .device import Device
from .pushes import PAYLOAD, phone, shown, silent

PLAIN = phone("apns", "ab")
NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("priority", "number", "level", "sound"),
    [
        ("low", "5", "passive", None),
        ("normal", "10", "active", "default"),
        ("high", "10", "active", "default"),
        ("urgent", "10", "time-sensitive", "default"),
    ],
)
def test_priority_says_how_much_a_push_disturbs(
    priority: Priority, number: str, level: str, sound: str | None
) -> None:
    push = shown(priority=priority)
    aps = apple.aps(push, PLAIN)
    assert (aps["interruption-level"], aps.get("sound")) == (level, sound)
    assert apple.headers(push, PLAIN, NOW)["apns-priority"] == number


def test_silent_push_of_low_priority_wakes_no_device() -> None:
    push = silent()
    low = type(push)(
        payload=push.payload, collapse_key="read", badge=0, ttl_seconds=1, priority="low", is_silent=True
    )
    assert apple.headers(low, PLAIN, NOW)["apns-priority"] == "1"


def test_messages_of_a_room_are_a_thread() -> None:
    push = shown(payload={**PAYLOAD, "room_id": "tea", "category": None})
    assert apple.aps(push, PLAIN)["thread-id"] == "room-tea"


def test_push_without_words_says_something() -> None:
    assert apple.aps(shown(title="", content=""), PLAIN)["alert"] == {"title": "New notification"}
    assert apple.aps(shown(title="", content="Hi"), PLAIN)["alert"] == {"body": "Hi"}


def test_push_that_expires_now_is_not_kept() -> None:
    assert apple.headers(shown(ttl_seconds=0), PLAIN, NOW)["apns-expiration"] == "0"


@pytest.mark.parametrize("key", ["x" * 65, "茶", "a\nb", ""])
def test_collapse_id_has_64_bytes_of_ascii_at_most(key: str) -> None:
    made = apple.collapse_id(shown(collapse_key=key), PLAIN)
    assert made.isalnum()
    assert 0 < len(made) <= 64
    assert made == apple.collapse_id(shown(collapse_key=key), PLAIN)
    assert made != apple.collapse_id(shown(collapse_key=key + "x"), PLAIN)


def test_what_groups_pushes_of_a_device_with_keys_is_unlike_that_of_others() -> None:
    one, other = phone("apns", "ab", device=Device()), phone("apns", "cd", device=Device())
    assert apple.collapse_id(shown(), one) == apple.collapse_id(shown(), one)
    assert len({apple.collapse_id(shown(), target) for target in (PLAIN, one, other)}) == 3
    assert len({apple.aps(shown(), target)["thread-id"] for target in (PLAIN, one, other)}) == 3
