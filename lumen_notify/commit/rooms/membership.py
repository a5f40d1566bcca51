"""Membership: users enter and leave rooms; the one place that writes who is in, and tells everybody.

Promises, for each room: who enters is told after the others (`member`, then `joined`), who leaves before
them (`left`, then `member`), so that nobody sees what is not his; `member.joined_position` is the position
of `joined`. Who enters has nothing of before unread, and what he had read when he was in last is forgotten.
The numbers that `joined` and `left` state are of the rooms in which the user is at that place.

Not here: who may do so (`members`, `rooms`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from lumen_notify.commit.counts import counts_in, stated_body
from lumen_notify.commit.transaction import Draft
from lumen_notify.model import Audience, Counts, to_json

MAX_TOLD = 100
"""Members that one `member` event names. Of more it tells the number."""

Change = Literal["joined", "left", "removed", "banned", "role"]
"""What became of members."""


class Membership:
    """What changes in one draft: collected first, then written with a fixed number of statements."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._told: list[tuple[Audience, str, dict[str, Any], bool]] = []
        self._entering: list[dict[str, Any]] = []
        self._leaving: list[dict[str, Any]] = []
        self._roles: list[dict[str, Any]] = []
        self._more: Counter[str] = Counter()

    @property
    def position(self) -> int:
        """The newest position, once all that was told so far is appended."""
        return self._draft.position + len(self._told)

    def enter(self, room_id: str, user_id: str, role: str, told: dict[str, Any]) -> None:
        """Let a user in who is not in. told: what his `joined` carries beside room_id and role."""
        self._tell(Audience.user(user_id), "joined", {"room_id": room_id, "role": role, **told}, counts=True)
        self._entering.append(
            {"room_id": room_id, "user_id": user_id, "role": role, "joined_position": self.position}
        )
        self._more[room_id] += 1

    def leave(self, room_id: str, user_id: str, since: int, told: dict[str, Any]) -> None:
        """Let a user out, or put him out. since: his joined_position."""
        data = {"room_id": room_id, "since": since, **told}
        self._tell(Audience.user(user_id), "left", data, counts=True)
        self._leaving.append({"room_id": room_id, "user_id": user_id})
        self._more[room_id] -= 1

    def set_role(self, room_id: str, user_id: str, role: str) -> None:
        """Change the role of a member. To be told by `tell_members`."""
        self._roles.append({"room_id": room_id, "user_id": user_id, "role": role})

    def tell_members(
        self, room_id: str, change: Change, who: Sequence[tuple[str, str | None]], *, by: str, count: int
    ) -> None:
        """Tell the room what became of some. who: (user, role), role None if he is out. count: of members."""
        data = {
            "room_id": room_id,
            "change": change,
            "members": [{"user_id": user_id, "role": role} for user_id, role in who[:MAX_TOLD]],
            "changed": len(who),
            "members_count": count,
            "by": by,
        }
        self._tell(Audience.room(room_id), "member", data)

    def tell_room(self, room_id: str, data: dict[str, Any]) -> None:
        """Tell the room what it is now."""
        self._tell(Audience.room(room_id), "room", {"room_id": room_id, **data})

    async def write(self) -> None:
        """Write it all: rows, counts, events."""
        draft = self._draft
        if self._entering:
            draft.add("insert_members", rows=self._entering)
            draft.add("settle_for_members", rows=self._entering)
        counted = await self._leave_and_count()
        if self._roles:
            draft.add("set_roles", rows=self._roles)
        if self._more:
            more = [{"room_id": room_id, "number": number} for room_id, number in self._more.items()]
            draft.add("add_to_members_counts", rows=more)
        self._append(counted)

    def _tell(self, audience: Audience, kind: str, data: dict[str, Any], *, counts: bool = False) -> None:
        self._told.append((audience, kind, data, counts))

    async def _leave_and_count(self) -> Sequence[Mapping[str, Counts]]:
        """Let those out who leave, and count at each turn those who are told of it then: at the last one, but
        for who leaves several rooms. What is told before he leaves another has still that one in it."""
        turns = self._turns()
        counted = []
        for turn, leaving in enumerate(turns):
            if leaving:
                self._draft.add("delete_receipts_of_members", rows=leaving)
                self._draft.add("delete_settled_of_members", rows=leaving)
                self._draft.add("delete_members", rows=leaving)
            users = {user for user, at in self._places(len(turns) - 1) if at == turn}
            counted.append(await counts_in(self._draft, sorted(users)) if users else {})
        return counted

    def _turns(self) -> Sequence[Sequence[dict[str, Any]]]:
        """List who leave in each turn: nobody in the first, a user's rooms one by one from then on."""
        turns: list[list[dict[str, Any]]] = [[]]
        left: Counter[str] = Counter()
        for row in self._leaving:
            left[row["user_id"]] += 1
            if left[row["user_id"]] == len(turns):
                turns.append([])
            turns[left[row["user_id"]]].append(row)
        return turns

    def _places(self, last: int) -> Iterator[tuple[str, int]]:
        """Give, for each event with numbers, its user and after which turn these are right: the last one
        that does, so that one query counts for many."""
        all_left = Counter(row["user_id"] for row in self._leaving)
        left: Counter[str] = Counter()
        for audience, kind, _, counts in self._told:
            if counts:
                user = audience.user_id or ""
                left[user] += kind == "left"
                yield user, last if left[user] == all_left[user] else left[user]

    def _append(self, counted: Sequence[Mapping[str, Counts]]) -> None:
        places = self._places(len(counted) - 1)
        for audience, kind, data, counts in self._told:
            if counts:
                user, turn = next(places)
                body = stated_body(_in_by(self._draft.position + 1, counted[turn][user]), data)
            else:
                body = to_json({"data": data})
            self._draft.append(audience=audience, kind=kind, body=body)


def _in_by(position: int, counts: Counts) -> Counts:
    """Leave out the rooms that a user enters later in the same transaction."""
    return replace(
        counts, rooms={room: n for room, n in counts.rooms.items() if counts.since[room] <= position}
    )
