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
from typing import Any, Literal

from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Counts
from lumen_notify.model.events import (
    CountsPayload,
    MembersChanged,
    Payload,
    RoomChanged,
    RoomJoined,
    RoomLeft,
    RoomPayload,
)

MAX_TOLD = 100
"""Members that one `member` event names. Of more it tells the number."""

Change = Literal["joined", "left", "removed", "banned", "role"]
"""What became of members."""


class Membership:
    """What changes in one tx: collected first, then written with a fixed number of statements."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._told: list[tuple[Audience, type[Payload], Any]] = []
        self._entering: list[dict[str, Any]] = []
        self._leaving: list[dict[str, Any]] = []
        self._roles: list[dict[str, Any]] = []
        self._more: Counter[str] = Counter()

    @property
    def position(self) -> int:
        """The newest position, once all that was told so far is appended."""
        return self._tx.position + len(self._told)

    def enter(self, room_id: str, user_id: str, role: str, told: dict[str, Any]) -> None:
        """Let a user in who is not in. told: what his `joined` carries beside room_id and role."""
        self._tell(Audience.user(user_id), RoomJoined, {"room_id": room_id, "role": role, **told})
        self._entering.append(
            {"room_id": room_id, "user_id": user_id, "role": role, "joined_position": self.position}
        )
        self._more[room_id] += 1

    def leave(self, room_id: str, user_id: str, since: int, told: dict[str, Any]) -> None:
        """Let a user out, or put him out. since: his joined_position."""
        data = {"room_id": room_id, "since": since, **told}
        self._tell(Audience.user(user_id), RoomLeft, data)
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
        self._tell(Audience.room(room_id), MembersChanged, data)

    def tell_room(self, room_id: str, data: dict[str, Any]) -> None:
        """Tell the room what it is now."""
        self._tell(Audience.room(room_id), RoomChanged, {"room_id": room_id, **data})

    async def write(self) -> None:
        """Write it all: rows, counts, events."""
        tx = self._tx
        if self._entering:
            tx.add("insert_members", rows=self._entering)
            tx.add("settle_for_members", rows=self._entering)
        counted = await self._leave_and_count()
        if self._roles:
            tx.add("set_roles", rows=self._roles)
        if self._more:
            more = [{"room_id": room_id, "number": number} for room_id, number in self._more.items()]
            tx.add("add_to_members_counts", rows=more)
        self._append(counted)

    def _tell(self, audience: Audience, kind: type[Payload], data: Any) -> None:
        self._told.append((audience, kind, data))

    async def _leave_and_count(self) -> Sequence[Mapping[str, Counts]]:
        """Let those out who leave, and count at each turn those who are told of it then: at the last one, but
        for who leaves several rooms. What is told before he leaves another has still that one in it."""
        turns = self._turns()
        counted = []
        for turn, leaving in enumerate(turns):
            if leaving:
                self._tx.add("delete_receipts_of_members", rows=leaving)
                self._tx.add("delete_settled_of_members", rows=leaving)
                self._tx.add("delete_members", rows=leaving)
            users = {user for user, at in self._places(len(turns) - 1) if at == turn}
            counted.append(await counts_in(self._tx, sorted(users)) if users else {})
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
        for audience, kind, _ in self._told:
            if (user := audience.user_id) is not None:
                left[user] += kind is RoomLeft
                yield user, last if left[user] == all_left[user] else left[user]

    def _append(self, counted: Sequence[Mapping[str, Counts]]) -> None:
        places = self._places(len(counted) - 1)
        for audience, kind, data in self._told:
            if issubclass(kind, CountsPayload):
                user, turn = next(places)
                counts = counted[turn][user].without_later_rooms(self._tx.position + 1)
                self._tx.append(audience, kind.of(counts, data))
            elif issubclass(kind, RoomPayload):
                self._tx.append(audience, kind(data=data))
