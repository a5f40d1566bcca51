"""Typing: who is typing in which room, told to the others who are here. Nothing of it is stored.

Promises: one is told at most every TELL_SECONDS that he is, and once that he no longer is; who does not
say it again for GONE_SECONDS, has ended; memory is bounded, whoever types.

| what comes | what the others are told |
|---|---|
| typing, for the first time | at once |
| typing again, within TELL_SECONDS | nothing: it only lasts longer |
| typing again, later | again, so that who has come meanwhile knows |
| no longer typing | at once, if they had been told that he was |
| nothing for GONE_SECONDS | that he no longer is, within a second |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.timer_wheel import Wheel
from lumen_notify.model import Audience

TELL_SECONDS = 2.0
GONE_SECONDS = 6.0

MAX_TYPISTS = 10_000
"""Who types at once, at most; one more, and he who began first has ended."""


class Typist:
    """One who types in one room. ends_at, told_at: the clock's seconds; told_at: when it was last told that
    he types. is_told: what the others believe."""

    __slots__ = ("ends_at", "is_told", "is_typing", "room_id", "slot", "told_at", "user")

    def __init__(self, room_id: str, user: Mapping[str, Any]) -> None:
        self.room_id = room_id
        self.user = user
        self.is_typing = True
        self.is_told = False
        self.ends_at = 0.0
        self.told_at = -math.inf
        self.slot = 0


class Typing:
    """All who type here. clock: monotonic seconds. wheel: to be started and closed with the streams."""

    def __init__(self, hub: Hub, clock: Callable[[], float]) -> None:
        self.wheel: Wheel[Typist] = Wheel(self._check, clock)
        self._hub = hub
        self._clock = clock
        self._typists: dict[tuple[str, str], Typist] = {}

    def __len__(self) -> int:
        return len(self._typists)

    def renew(self, room_id: str, user_id: str) -> bool:
        """Let one who types go on, if nobody needs to be told; return whether it is so."""
        one = self._typists.get((room_id, user_id))
        if one is None or not one.is_typing or self._clock() >= one.told_at + TELL_SECONDS:
            return False
        one.ends_at = self._clock() + GONE_SECONDS
        return True

    def set(self, room_id: str, user: Mapping[str, Any], *, is_typing: bool) -> None:
        """Take down whether a user types. user: as the others are shown him, `{id, ..}`."""
        key = (room_id, user["id"])
        one = self._typists.get(key)
        if one is None:
            if not is_typing:
                return
            if len(self._typists) >= MAX_TYPISTS:
                self._forget(next(iter(self._typists.values())))
            one = self._typists[key] = Typist(room_id, user)
            self.wheel.put(one, self.wheel.now + 1)
        now = self._clock()
        one.is_typing = is_typing
        one.ends_at = now + GONE_SECONDS
        self._tell(one, now)

    def _check(self, one: Typist) -> int | None:
        now = self._clock()
        if now >= one.ends_at:
            one.is_typing = False
        if one.is_typing != one.is_told:
            self._tell(one, now)
        if not one.is_typing and now >= one.told_at + TELL_SECONDS:
            self._typists.pop((one.room_id, one.user["id"]), None)
            return None
        return self.wheel.now + 1

    def _tell(self, one: Typist, now: float) -> None:
        if one.is_typing and now >= one.told_at + TELL_SECONDS:
            one.told_at = now
        elif one.is_typing or not one.is_told:
            return
        one.is_told = one.is_typing
        fields = {"room_id": one.room_id, "user": one.user, "is_typing": one.is_typing}
        self._hub.whisper(Audience.room(one.room_id), "typing", fields, exclude_user_id=one.user["id"])

    def _forget(self, one: Typist) -> None:
        one.is_typing = False
        self._tell(one, self._clock())
        self.wheel.drop(one)
        del self._typists[one.room_id, one.user["id"]]
