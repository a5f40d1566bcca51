"""Typing: which users are typing in which rooms, sent to the other members who are connected here.

Nothing is stored in the database.

Promises: `typing` is repeated at most every REPEAT_SECONDS, and its end is sent once. A user who does not
report it again within TIMEOUT_SECONDS counts as stopped. Memory is bounded by MAX_TYPING_USERS.

| the user reports | the other members get |
|---|---|
| typing, for the first time | `typing` at once |
| typing again, within REPEAT_SECONDS | nothing; the time-out starts again |
| typing again, later | `typing` again, for members who have connected since |
| no longer typing | the end at once, if they had got `typing` |
| nothing for TIMEOUT_SECONDS | the end, within a second |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.timer_wheel import TimerWheel
from lumen_notify.model import Audience

REPEAT_SECONDS = 2.0
TIMEOUT_SECONDS = 6.0

MAX_TYPING_USERS = 10_000
"""How many users may type at once. One more ends the typing of the user who started first."""


class TypingUser:
    """One user who types in one room.

    is_typing: what the user reported last. is_sent: whether `typing` is the state that was last sent to the
    others. ends_at, sent_at: seconds of the clock; sent_at: when `typing` was last sent.
    """

    __slots__ = ("ends_at", "is_sent", "is_typing", "room_id", "sent_at", "slot", "user")

    def __init__(self, room_id: str, user: Mapping[str, Any]) -> None:
        self.room_id = room_id
        self.user = user
        self.is_typing = True
        self.is_sent = False
        self.ends_at = 0.0
        self.sent_at = -math.inf
        self.slot = 0


class TypingUsers:
    """All users who are typing here. clock: monotonic seconds. wheel: start and close it with the streams."""

    def __init__(self, hub: Hub, clock: Callable[[], float]) -> None:
        self.wheel: TimerWheel[TypingUser] = TimerWheel(self._check, clock, on_failure=self._remove)
        self._hub = hub
        self._clock = clock
        self._users: dict[tuple[str, str], TypingUser] = {}

    def __len__(self) -> int:
        return len(self._users)

    def renew(self, room_id: str, user_id: str) -> bool:
        """Restart the time-out of a user who is typing already; return False if `set` is needed instead."""
        typing = self._users.get((room_id, user_id))
        if typing is None or not typing.is_typing or self._clock() >= typing.sent_at + REPEAT_SECONDS:
            return False
        typing.ends_at = self._clock() + TIMEOUT_SECONDS
        return True

    def set(self, room_id: str, user: Mapping[str, Any], *, is_typing: bool) -> None:
        """Record whether a user is typing. user: as the frame shows them, `{id, ..}`."""
        key = (room_id, user["id"])
        typing = self._users.get(key)
        if typing is None:
            if not is_typing:
                return
            if len(self._users) >= MAX_TYPING_USERS:
                self._evict(next(iter(self._users.values())))
            typing = self._users[key] = TypingUser(room_id, user)
            self.wheel.schedule(typing, self.wheel.now + 1)
        now = self._clock()
        typing.is_typing = is_typing
        typing.ends_at = now + TIMEOUT_SECONDS
        self._send(typing, now)

    def _check(self, typing: TypingUser) -> int | None:
        now = self._clock()
        if now >= typing.ends_at:
            typing.is_typing = False
        if typing.is_typing != typing.is_sent:
            self._send(typing, now)
        if not typing.is_typing and now >= typing.sent_at + REPEAT_SECONDS:
            self._remove(typing)
            return None
        return self.wheel.now + 1

    def _send(self, typing: TypingUser, now: float) -> None:
        """Send the state to the other members, unless they know it or got `typing` too recently."""
        if typing.is_typing and now >= typing.sent_at + REPEAT_SECONDS:
            typing.sent_at = now
        elif typing.is_typing or not typing.is_sent:
            return
        typing.is_sent = typing.is_typing
        user_id = typing.user["id"]
        fields = {"room_id": typing.room_id, "user": typing.user, "is_typing": typing.is_typing}
        self._hub.send_ephemeral(Audience.room(typing.room_id), "typing", fields, exclude_user_id=user_id)

    def _evict(self, typing: TypingUser) -> None:
        typing.is_typing = False
        self._send(typing, self._clock())
        self.wheel.cancel(typing)
        del self._users[typing.room_id, typing.user["id"]]

    def _remove(self, typing: TypingUser) -> None:
        self._users.pop((typing.room_id, typing.user["id"]), None)
