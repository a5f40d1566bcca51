"""Typing: which users are typing in which rooms, sent to the other members who are connected here.

Nothing is stored in the database. The instance that gets a report sends it to the other instances. Each of
them keeps the same state, so that the next report may reach any of them, and sends it to the members who are
connected there. The instance of the newest report ends it.

Promises: `typing` is repeated at most every REPEAT_SECONDS, and its end is sent once. A user who does not
report it again within TIMEOUT_SECONDS counts as stopped. If a message between instances is lost, or the
instance that sent it has died, the others end the typing by themselves, REMOTE_TIMEOUT_SECONDS after its last
message. Memory is bounded by MAX_TYPING_USERS, of all instances together.

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

from lumen_notify.deliver.backplane.backplane import MAX_MESSAGE_BYTES
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.timer_wheel import TimerWheel
from lumen_notify.model import Audience
from lumen_notify.model.encoding import json_bytes

REPEAT_SECONDS = 2.0
TIMEOUT_SECONDS = 6.0

REMOTE_TIMEOUT_SECONDS = REPEAT_SECONDS + TIMEOUT_SECONDS + 1.0
"""The end comes at most so long after the last message: reports within REPEAT_SECONDS send none."""

MAX_FIELDS_BYTES = MAX_MESSAGE_BYTES - 256
"""Of a message, besides its name."""

MAX_TYPING_USERS = 10_000
"""How many users may type at once. One more ends the typing of the user who started first."""


class TypingUser:
    """One user who types in one room.

    is_own: whether the user's last report reached this instance. is_typing: what they reported. is_sent:
    whether `typing` is the state that was last sent to the members here. ends_at, sent_at: seconds of the
    clock; sent_at: when `typing` was last sent.
    """

    __slots__ = ("ends_at", "is_own", "is_sent", "is_typing", "room_id", "sent_at", "slot", "user")

    def __init__(self, room_id: str, user: Mapping[str, Any], *, is_own: bool) -> None:
        self.room_id = room_id
        self.user = user
        self.is_own = is_own
        self.is_typing = True
        self.is_sent = False
        self.ends_at = 0.0
        self.sent_at = -math.inf
        self.slot = 0


class TypingUsers:
    """All users who are typing.

    clock: monotonic seconds. send: the backplane's. wheel: start and close it with the streams.
    """

    def __init__(
        self, hub: Hub, clock: Callable[[], float], send: Callable[[str, Mapping[str, Any]], None]
    ) -> None:
        self.wheel: TimerWheel[TypingUser] = TimerWheel(self._check, clock, on_failure=self._remove)
        self._hub = hub
        self._clock = clock
        self._send = send
        self._users: dict[tuple[str, str], TypingUser] = {}

    def __len__(self) -> int:
        return len(self._users)

    def renew(self, room_id: str, user_id: str) -> bool:
        """Restart the time-out of a user who is typing already; return False if `set` is needed instead."""
        typing = self._users.get((room_id, user_id))
        if typing is None or not (typing.is_own and typing.is_typing):
            return False
        now = self._clock()
        if now >= typing.sent_at + REPEAT_SECONDS:
            return False
        typing.ends_at = now + TIMEOUT_SECONDS
        return True

    def set(self, room_id: str, user: Mapping[str, Any], *, is_typing: bool) -> None:
        """Record what a user reports here. user: as the frame shows them, `{id, ..}`."""
        typing = self._record(room_id, user, is_typing=is_typing, seconds=TIMEOUT_SECONDS, is_own=True)
        if typing is not None:
            is_elsewhere, typing.is_own = not typing.is_own, True
            if not self._show(typing, self._clock()) and is_elsewhere:
                self._tell_others(typing)  # or the other instance would end it by its own time-out

    def receive(self, fields: Mapping[str, Any]) -> None:
        """Record what a user has reported to another instance. Raises ValueError if the fields are not such
        a report."""
        match fields:
            case {"room_id": str(room_id), "user": {"id": str()} as user, "is_typing": bool(is_typing)}:
                pass
            case _:
                raise ValueError("not a report of typing")
        typing = self._record(
            room_id, user, is_typing=is_typing, seconds=REMOTE_TIMEOUT_SECONDS, is_own=False
        )
        if typing is not None:
            typing.is_own = False
            self._show(typing, self._clock())

    def _record(
        self, room_id: str, user: Mapping[str, Any], *, is_typing: bool, seconds: float, is_own: bool
    ) -> TypingUser | None:
        """Record a state that lasts for some seconds; None if a user stops who was not typing. is_own: of a
        user who begins."""
        key = (room_id, user["id"])
        typing = self._users.get(key)
        if typing is None:
            if not is_typing:
                return None
            if len(self._users) >= MAX_TYPING_USERS:
                self._evict(next(iter(self._users.values())))
            typing = self._users[key] = TypingUser(room_id, user, is_own=is_own)
            self.wheel.schedule(typing, self.wheel.now + 1)
        typing.is_typing = is_typing
        typing.ends_at = self._clock() + seconds
        return typing

    def _check(self, typing: TypingUser) -> int | None:
        now = self._clock()
        if now >= typing.ends_at:
            typing.is_typing = False
        if typing.is_typing != typing.is_sent:
            self._show(typing, now)
        if not typing.is_typing and now >= typing.sent_at + REPEAT_SECONDS:
            self._remove(typing)
            return None
        return self.wheel.now + 1

    def _show(self, typing: TypingUser, now: float) -> bool:
        """Send the state to the other members, unless they know it or got `typing` too recently; return
        whether it was sent. The other instances get what was reported here."""
        if typing.is_typing and now >= typing.sent_at + REPEAT_SECONDS:
            typing.sent_at = now
        elif typing.is_typing or not typing.is_sent:
            return False
        typing.is_sent = typing.is_typing
        room = Audience.room(typing.room_id)
        self._hub.send_ephemeral(room, "typing", _fields(typing), exclude_user_id=typing.user["id"])
        if typing.is_own:
            self._tell_others(typing)
        return True

    def _tell_others(self, typing: TypingUser) -> None:
        fields = _fields(typing)
        if json_bytes(fields) > MAX_FIELDS_BYTES:
            fields["user"] = {**typing.user, "avatar": None}
        self._send("typing", fields)

    def _evict(self, typing: TypingUser) -> None:
        typing.is_typing = False
        self._show(typing, self._clock())
        self.wheel.cancel(typing)
        del self._users[typing.room_id, typing.user["id"]]

    def _remove(self, typing: TypingUser) -> None:
        self._users.pop((typing.room_id, typing.user["id"]), None)


def _fields(typing: TypingUser) -> dict[str, Any]:
    return {"room_id": typing.room_id, "user": typing.user, "is_typing": typing.is_typing}
