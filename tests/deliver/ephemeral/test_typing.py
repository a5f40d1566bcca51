"""Typing: sent at once, repeated seldom, ended by a time-out, and never sent to the user who types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lumen_notify.deliver.ephemeral import typing as module
from lumen_notify.deliver.ephemeral.typing import TypingUsers


class RecordingHub:
    """Stands in for the hub: records the ephemeral frames."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, str, bool]] = []

    def send_ephemeral(
        self, audience: str, name: str, fields: Mapping[str, Any], *, exclude_user_id: str | None
    ) -> None:
        assert name == "typing"
        assert audience == "room:" + fields["room_id"]
        assert exclude_user_id == fields["user"]["id"]
        self.frames.append((audience, fields["user"]["id"], fields["is_typing"]))

    def take(self) -> list[bool]:
        """Return and clear what was sent."""
        taken, self.frames = [is_typing for _, _, is_typing in self.frames], []
        return taken


class TypingHarness:
    """TypingUsers on a clock that the test moves; the timer wheel ticks once a second."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.hub = RecordingHub()
        self.typing = TypingUsers(self.hub, lambda: self.now)  # type: ignore[arg-type]

    def say(self, user: str = "ann", *, is_typing: bool = True, room: str = "r") -> None:
        self.typing.set(room, {"id": user}, is_typing=is_typing)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            before = int(self.now)
            self.now = round(self.now + 0.1, 1)
            if int(self.now) > before:
                self.typing.wheel.tick()


@pytest.fixture
def harness() -> TypingHarness:
    return TypingHarness()


def test_typing_is_sent_at_once_and_ends_after_six_seconds(harness: TypingHarness) -> None:
    harness.say()
    assert harness.hub.take() == [True]
    harness.wait(5.9)
    assert harness.hub.take() == []
    harness.wait(1.1)
    assert harness.hub.take() == [False]
    harness.wait(9)
    assert harness.hub.take() == []
    assert len(harness.typing) == len(harness.typing.wheel) == 0


def test_typing_is_repeated_every_two_seconds_at_most(harness: TypingHarness) -> None:
    for _ in range(100):
        if not harness.typing.renew("r", "ann"):
            harness.say()
        harness.wait(0.1)
    assert harness.hub.take() == [True] * 5
    harness.wait(7)
    assert harness.hub.take() == [False]


def test_renewal_that_is_not_sent_restarts_the_time_out(harness: TypingHarness) -> None:
    harness.say()
    harness.wait(1.5)
    assert harness.typing.renew("r", "ann")
    harness.hub.take()
    harness.wait(5.9)
    assert harness.hub.take() == []
    harness.wait(1.1)
    assert harness.hub.take() == [False]


def test_only_a_user_who_types_in_the_room_can_renew(harness: TypingHarness) -> None:
    assert not harness.typing.renew("r", "ann")
    harness.say()
    assert not harness.typing.renew("s", "ann")
    assert not harness.typing.renew("r", "bob")
    harness.say(is_typing=False)
    assert not harness.typing.renew("r", "ann")


def test_end_is_sent_at_once_and_once(harness: TypingHarness) -> None:
    harness.say(is_typing=False)
    harness.say()
    harness.say(is_typing=False)
    harness.say(is_typing=False)
    assert harness.hub.take() == [True, False]
    harness.wait(9)
    assert harness.hub.take() == []
    assert len(harness.typing) == 0


def test_user_who_toggles_all_the_time_is_sent_once_in_two_seconds(harness: TypingHarness) -> None:
    for _ in range(50):
        harness.say()
        harness.say(is_typing=False)
        harness.wait(0.1)
    assert harness.hub.take() == [True, False] * 3


def test_user_who_starts_again_too_soon_is_sent_a_little_later(harness: TypingHarness) -> None:
    harness.say()
    harness.say(is_typing=False)
    harness.say()
    assert harness.hub.take() == [True, False]
    harness.wait(2.1)
    assert harness.hub.take() == [True]


def test_users_and_rooms_do_not_mix(harness: TypingHarness) -> None:
    for user, room in (("ann", "r"), ("bob", "r"), ("ann", "s")):
        harness.say(user, room=room)
    harness.say("bob", is_typing=False)
    assert harness.hub.frames == [
        ("room:r", "ann", True),
        ("room:r", "bob", True),
        ("room:s", "ann", True),
        ("room:r", "bob", False),
    ]


def test_memory_is_bounded_and_the_user_who_started_first_is_evicted(
    harness: TypingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TYPING_USERS", 3)
    for number in range(5):
        harness.say(f"u{number}")
    assert len(harness.typing) == len(harness.typing.wheel) == 3
    assert [(user, is_typing) for _, user, is_typing in harness.hub.frames] == [
        ("u0", True),
        ("u1", True),
        ("u2", True),
        ("u0", False),
        ("u3", True),
        ("u1", False),
        ("u4", True),
    ]
    harness.wait(10)
    assert len(harness.typing) == len(harness.typing.wheel) == 0
