"""Typing: sent at once, repeated seldom, ended by a time-out, and never sent to the user who types."""

from __future__ import annotations

import json
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
        self.sent: list[Mapping[str, Any]] = []
        self.typing = TypingUsers(self.hub, lambda: self.now, self.send)  # type: ignore[arg-type]

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        assert name == "typing"
        self.sent.append(fields)

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


# ------------------------------------------------------------------------------------ several instances
class Instances:
    """Three instances on one clock; what one sends reaches the others at once, unless `is_cut`."""

    def __init__(self) -> None:
        self.all = [TypingHarness() for _ in range(3)]
        self.is_cut = False

    def __getitem__(self, number: int) -> TypingHarness:
        return self.all[number]

    def say(self, number: int, *, is_typing: bool = True, user: str = "ann") -> None:
        """Report as the endpoint does, to one instance."""
        if not (is_typing and self[number].typing.renew("r", user)):
            self[number].say(user, is_typing=is_typing)
        self._carry()

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            for one in self.all:
                one.wait(0.1)
            self._carry()

    def take(self) -> list[list[bool]]:
        return [one.hub.take() for one in self.all]

    def _carry(self) -> None:
        for one in self.all:
            sent, one.sent = one.sent, []
            for fields in () if self.is_cut else sent:
                for other in self.all:
                    if other is not one:
                        other.typing.receive(json.loads(json.dumps(fields)))


def test_members_on_every_instance_are_sent_typing_and_its_end() -> None:
    instances = Instances()
    instances.say(0)
    assert instances.take() == [[True]] * 3
    instances.wait(5.9)
    assert instances.take() == [[]] * 3
    instances.wait(1.1)
    assert instances.take() == [[False]] * 3
    instances.wait(10)
    assert instances.take() == [[]] * 3
    assert [len(one.typing) for one in instances.all] == [0, 0, 0]


def test_reports_may_reach_a_different_instance_each_time() -> None:
    instances = Instances()
    for number in range(100):
        instances.say(number % 3)
        instances.wait(0.3)
    for taken in instances.take():
        assert set(taken) == {True}
        assert 12 <= len(taken) <= 16, "every two seconds at most"
    instances.say(2, is_typing=False)
    assert instances.take() == [[False]] * 3


def test_report_to_another_instance_restarts_the_time_out_everywhere() -> None:
    instances = Instances()
    instances.say(0)
    instances.wait(1.5)
    instances.say(1)
    assert instances.take() == [[True]] * 3
    instances.wait(5.9)
    assert instances.take() == [[]] * 3
    instances.wait(1.1)
    assert instances.take() == [[False]] * 3


def test_end_may_be_reported_to_any_instance() -> None:
    instances = Instances()
    instances.say(0)
    instances.say(1, is_typing=False)
    assert instances.take() == [[True, False]] * 3
    instances.wait(10)
    assert instances.take() == [[]] * 3


def test_end_that_is_lost_comes_by_the_time_out_of_each_instance() -> None:
    instances = Instances()
    instances.say(0)
    instances.is_cut = True
    instances.say(0, is_typing=False)
    assert instances.take() == [[True, False], [True], [True]]
    instances.wait(module.REMOTE_TIMEOUT_SECONDS + 1)
    assert instances.take() == [[], [False], [False]]
    assert [len(one.typing) for one in instances.all] == [0, 0, 0]


def test_typing_of_an_instance_that_lives_is_not_ended_by_the_others() -> None:
    instances = Instances()
    instances.say(0)
    instances.wait(1.9)
    instances.say(0)  # within two seconds: nothing is sent
    instances.wait(5.9)
    assert instances.take() == [[True]] * 3
    instances.wait(1.1)
    assert instances.take() == [[False]] * 3


def test_flood_of_another_instance_is_shown_once_in_two_seconds_and_bounded(
    harness: TypingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TYPING_USERS", 3)
    report = {"room_id": "r", "user": {"id": "ann"}, "is_typing": True}
    for number in range(1000):
        harness.typing.receive({**report, "is_typing": number % 2 == 0})
    assert harness.hub.take() == [True, False]
    for number in range(1000):
        harness.typing.receive({**report, "user": {"id": f"u{number}"}})
    assert len(harness.typing) == len(harness.typing.wheel) == 3
    assert harness.sent == [], "nothing is sent on"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"room_id": "r"},
        {"room_id": 7, "user": {"id": "ann"}, "is_typing": True},
        {"room_id": "r", "user": "ann", "is_typing": True},
        {"room_id": "r", "user": {"id": None}, "is_typing": True},
        {"room_id": "r", "user": {"id": "ann"}, "is_typing": "no"},
        {"room_id": "r", "user": [["id", "ann"]], "is_typing": True},
    ],
)
def test_message_that_is_no_report_is_refused(fields: dict[str, Any], harness: TypingHarness) -> None:
    with pytest.raises(ValueError, match="not a report"):
        harness.typing.receive(fields)
    assert len(harness.typing) == 0


def test_message_of_a_newer_version_may_have_more_fields(harness: TypingHarness) -> None:
    newer = {"room_id": "r", "user": {"id": "ann", "mood": "x"}, "is_typing": True, "kind": "voice"}
    harness.typing.receive(newer)
    assert harness.hub.take() == [True]


def test_picture_that_is_too_long_for_a_message_is_left_out(harness: TypingHarness) -> None:
    user = {"id": "ann", "username": "Ann", "avatar": "é" * 2048}
    harness.typing.set("r", user, is_typing=True)
    assert harness.sent == [
        {"room_id": "r", "user": {"id": "ann", "username": "Ann", "avatar": None}, "is_typing": True}
    ]
