"""Typing: told at once, renewed seldom, over by itself, and nobody hears it of himself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lumen_notify.deliver.ephemeral import typing as module
from lumen_notify.deliver.ephemeral.typing import Typing


class Told:
    """Stands in for the hub: keeps what is whispered."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, str, bool]] = []

    def whisper(
        self, audience: str, name: str, fields: Mapping[str, Any], *, exclude_user_id: str | None
    ) -> None:
        assert name == "typing"
        assert audience == "room:" + fields["room_id"]
        assert exclude_user_id == fields["user"]["id"]
        self.frames.append((audience, fields["user"]["id"], fields["is_typing"]))

    def take(self) -> list[bool]:
        """Return what was told since the last look."""
        taken, self.frames = [is_typing for _, _, is_typing in self.frames], []
        return taken


class Clocked:
    """A Typing with a clock that the test moves: the wheel turns once a second of it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.told = Told()
        self.typing = Typing(self.told, lambda: self.now)  # type: ignore[arg-type]

    def say(self, user: str = "ann", *, is_typing: bool = True, room: str = "r") -> None:
        self.typing.set(room, {"id": user}, is_typing=is_typing)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            before = int(self.now)
            self.now = round(self.now + 0.1, 1)
            if int(self.now) > before:
                self.typing.wheel.turn()


@pytest.fixture
def clocked() -> Clocked:
    return Clocked()


def test_it_is_told_at_once_and_over_after_six_seconds(clocked: Clocked) -> None:
    clocked.say()
    assert clocked.told.take() == [True]
    clocked.wait(5.9)
    assert clocked.told.take() == []
    clocked.wait(1.1)
    assert clocked.told.take() == [False]
    clocked.wait(9)
    assert clocked.told.take() == []
    assert len(clocked.typing) == len(clocked.typing.wheel) == 0


def test_renewals_are_passed_on_every_two_seconds_at_most(clocked: Clocked) -> None:
    for _ in range(100):
        if not clocked.typing.renew("r", "ann"):
            clocked.say()
        clocked.wait(0.1)
    assert clocked.told.take() == [True] * 5
    clocked.wait(7)
    assert clocked.told.take() == [False]


def test_a_renewal_that_is_not_passed_on_prolongs(clocked: Clocked) -> None:
    clocked.say()
    clocked.wait(1.5)
    assert clocked.typing.renew("r", "ann")
    clocked.told.take()
    clocked.wait(5.9)
    assert clocked.told.take() == []
    clocked.wait(1.1)
    assert clocked.told.take() == [False]


def test_only_who_types_there_can_renew(clocked: Clocked) -> None:
    assert not clocked.typing.renew("r", "ann")
    clocked.say()
    assert not clocked.typing.renew("s", "ann")
    assert not clocked.typing.renew("r", "bob")
    clocked.say(is_typing=False)
    assert not clocked.typing.renew("r", "ann")


def test_an_end_is_told_at_once_and_once(clocked: Clocked) -> None:
    clocked.say(is_typing=False)
    clocked.say()
    clocked.say(is_typing=False)
    clocked.say(is_typing=False)
    assert clocked.told.take() == [True, False]
    clocked.wait(9)
    assert clocked.told.take() == []
    assert len(clocked.typing) == 0


def test_who_turns_it_on_and_off_all_the_time_is_heard_once_in_two_seconds(clocked: Clocked) -> None:
    for _ in range(50):
        clocked.say()
        clocked.say(is_typing=False)
        clocked.wait(0.1)
    assert clocked.told.take() == [True, False] * 3


def test_who_begins_again_too_soon_is_told_a_little_later(clocked: Clocked) -> None:
    clocked.say()
    clocked.say(is_typing=False)
    clocked.say()
    assert clocked.told.take() == [True, False]
    clocked.wait(2.1)
    assert clocked.told.take() == [True]


def test_users_and_rooms_do_not_mix(clocked: Clocked) -> None:
    for user, room in (("ann", "r"), ("bob", "r"), ("ann", "s")):
        clocked.say(user, room=room)
    clocked.say("bob", is_typing=False)
    assert clocked.told.frames == [
        ("room:r", "ann", True),
        ("room:r", "bob", True),
        ("room:s", "ann", True),
        ("room:r", "bob", False),
    ]


def test_memory_is_bounded_and_who_began_first_gives_way(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TYPISTS", 3)
    for number in range(5):
        clocked.say(f"u{number}")
    assert len(clocked.typing) == len(clocked.typing.wheel) == 3
    assert [(user, is_typing) for _, user, is_typing in clocked.told.frames] == [
        ("u0", True),
        ("u1", True),
        ("u2", True),
        ("u0", False),
        ("u3", True),
        ("u1", False),
        ("u4", True),
    ]
    clocked.wait(10)
    assert len(clocked.typing) == len(clocked.typing.wheel) == 0
