"""Event history: all events before the log is trimmed, and what each user must see of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lumen_notify.commit.log import Log
from lumen_notify.model import EVERYONE, Audience, Event, from_rfc3339
from lumen_notify.model.events import decode

from .room_states import Said, said

CONTENT = ("notification", "update", "notification_edited", "bundle")


class EventHistory:
    """All events so far, ascending. Call `follow` before the log can be trimmed."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.events: list[Event] = []
        self._withdrawn: set[int] = set()
        self._withdrawn_of_user: set[tuple[str, int]] = set()
        self._roles: dict[tuple[str, str], str | None] = {}

    async def follow(self) -> None:
        """Read the new events, and those that were rewritten."""
        while page := await self.log.after(self.events[-1].position if self.events else 0):
            self.events += page
            for event in page:
                self._follow_roles(event)
                if event.kind == "rewritten":
                    await self._read_again(json.loads(event.body)["positions"])
            assert not any(_is_late(event) for event in page), "an expired notification was announced"
        assert [event.position for event in self.events] == list(range(1, len(self.events) + 1))

    def copied(self) -> EventHistory:
        """Return a copy: what was rewritten or decided later is not in it."""
        copy = EventHistory(self.log)
        copy.events, copy._withdrawn, copy._roles = self.events[:], set(self._withdrawn), dict(self._roles)
        copy._withdrawn_of_user = set(self._withdrawn_of_user)
        return copy

    async def _read_again(self, positions: Sequence[int]) -> None:
        """Take what rewritten events say now. A withdrawn one may have been seen live; it is in no replay."""
        for event in await self.log.at(positions):
            assert event.withdrawn.issubset(event.users)
            self._withdrawn_of_user |= {(user, event.position) for user in event.withdrawn}
            if decode(event).is_withdrawn:
                self._withdrawn.add(event.position)
            else:
                self.events[event.position - 1] = event

    def _follow_roles(self, event: Event) -> None:
        """Follow who has which role. Assert that what a moderator scheduled comes only while they are one."""
        if event.kind in ("joined", "left"):
            data, user = _data(event), event.audience.user_id or ""
            self._roles[data["room_id"], user] = data["role"] if event.kind == "joined" else None
        elif event.kind == "member":
            data = _data(event)
            for one in data["members"]:
                self._roles[data["room_id"], one["user_id"]] = one["role"]
        elif event.kind == "notification" and event.audience.room_id is not None:
            author = json.loads(event.body).get("data", {}).get("moderator")
            role = self._roles.get((event.audience.room_id, author))
            assert author is None or role in ("owner", "moderator"), event

    def published(self) -> set[str]:
        """Return the ids of all notifications published one by one, not in a bundle."""
        whole = (event for event in self.events if event.position not in self._withdrawn)
        return {json.loads(event.body)["id"] for event in whole if event.kind == "notification"}

    def of_user(self, user: str) -> list[Event]:
        """Return the events for a user: their own, those for everyone, and those of rooms while a member."""
        audiences = {Audience.user(user), EVERYONE}
        joined: dict[Audience, int] = {}
        mine = []
        for event in self.events:
            if event.audience not in audiences and user not in event.users:
                continue
            # Of what a room got before the user joined it, there is nothing to change for them.
            if event.kind != "notification_edited" or _published_position(event) > joined.get(
                event.audience, -1
            ):
                mine.append(event)
            if event.kind in ("joined", "left") and event.audience == Audience.user(user):
                room = Audience.room(_data(event)["room_id"])
                assert (room in audiences) == (event.kind == "left"), event
                audiences ^= {room}
                joined[room] = event.position
        return mine

    def seen(self, user: str, since: int) -> tuple[set[int], set[int]]:
        """Return the positions after `since` that a stream of the user must have, and those that it may have.

        They differ by events of a category that was silent for a part of that time: those depend on when the
        stream was opened.
        """
        must, may = set(), set()
        ever: frozenset[str] = frozenset()
        always: frozenset[str] | None = None
        # Backwards, so that of each event it is known what was silent then, and what at any time since.
        for event, silent in reversed(list(self._silences(self.of_user(user)))):
            ever |= silent
            always = silent if always is None else always & silent
            if event.position <= since:
                break
            if event.kind not in CONTENT or event.category not in ever:
                must.add(event.position)
            if event.kind not in CONTENT or event.category not in always:
                may.add(event.position)
        own = {position for user_id, position in self._withdrawn_of_user if user_id == user}
        return must - self._withdrawn - own, may

    def _silences(self, mine: list[Event]) -> Iterator[tuple[Event, frozenset[str]]]:
        silent: frozenset[str] = frozenset()
        for event in mine:
            if event.kind == "preferences":
                silent = frozenset(json.loads(event.body)["silent"])
            yield event, silent

    def said_in(self, room_id: str) -> dict[int, Said]:
        """Return the messages of a room by seq, according to the log."""
        messages: dict[int, Said] = {}
        for event in self.events:
            if event.audience == Audience.room(room_id) and event.kind.startswith("message"):
                one = _data(event)
                if not one:  # an edit that was followed by another one
                    continue
                assert one["seq"] == len(messages) + 1 if event.kind == "message" else one["seq"] in messages
                messages[one["seq"]] = said(one)
        return messages


def _data(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(event.body)["data"]
    return data


def _published_position(event: Event) -> int:
    return json.loads(event.body).get("position") or 0


def _is_late(event: Event) -> bool:
    """Return whether it is a bundle with an expired notification. Other events may be late, because the clock
    may jump between acceptance and commit."""
    ends = [row.get("expires_at") for row in _data(event)["items"]] if event.kind == "bundle" else []
    return any(at is not None and from_rfc3339(at) <= event.created_at for at in ends)
