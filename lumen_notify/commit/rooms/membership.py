"""Membership: adds users to rooms and removes them; the one place that writes who is in a room.

Promises, for each room: the other members see a user join before the user does (`member`, then `joined`), and
see the user leave after the user does (`left`, then `member`), so that nobody gets an event of a room that
they are not in; `member.joined_position` is the position of `joined`. A user who joins has nothing unread
from before, nor any read marks of an earlier membership. The counts in `joined` and `left` cover the rooms
that the user is in at that position.

Not here: permissions (`commit/permissions`), which users join and leave (`members`, `rooms`, `deletion`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Counts
from lumen_notify.model.events import (
    MAX_NAMED_MEMBERS,
    CountsPayload,
    MemberChange,
    MembersChanged,
    Payload,
    RoomChanged,
    RoomJoined,
    RoomLeft,
    RoomPayload,
)


def room_conflict_key(room_id: str) -> str:
    """Return the conflict key of commands that change a room or its members.

    One of them runs in a transaction, so that each is checked against the room after the one before.
    """
    return "changed-room " + room_id


class Membership:
    """Collects the changes of one transaction; `write` writes them with a fixed number of statements."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._events: list[tuple[Audience, type[Payload], Any]] = []
        self._added: list[dict[str, Any]] = []
        self._removed: list[dict[str, Any]] = []
        self._roles: list[dict[str, Any]] = []
        self._count_changes: Counter[str] = Counter()

    @property
    def position(self) -> int:
        """The newest position, once all events collected so far are appended."""
        return self._tx.position + len(self._events)

    def add(self, room_id: str, user_id: str, role: str, data: dict[str, Any], *, by_choice: bool) -> None:
        """Add a user who is not a member.

        data: the fields of `JoinedData` besides room_id and role. by_choice: False if others add them.
        """
        self._announce(Audience.user(user_id), RoomJoined, {"room_id": room_id, "role": role, **data})
        self._added.append(
            {
                "room_id": room_id,
                "user_id": user_id,
                "role": role,
                "joined_position": self.position,
                "by_choice": int(by_choice),
            }
        )
        self._count_changes[room_id] += 1

    def remove(self, room_id: str, user_id: str, joined_position: int, data: dict[str, Any]) -> None:
        """Remove a member. data: the fields of `LeftData` besides room_id and since."""
        fields = {"room_id": room_id, "since": joined_position, **data}
        self._announce(Audience.user(user_id), RoomLeft, fields)
        self._removed.append({"room_id": room_id, "user_id": user_id})
        self._count_changes[room_id] -= 1

    def set_role(self, room_id: str, user_id: str, role: str) -> None:
        """Change the role of a member, without an event: see `announce_members`."""
        self._roles.append({"room_id": room_id, "user_id": user_id, "role": role})

    def announce_members(
        self,
        room_id: str,
        change: MemberChange,
        members: Sequence[tuple[str, str | None]],
        *,
        by: str,
        count: int,
    ) -> None:
        """Send the room a `member` event. members: (user, role), role None if removed. count: of members."""
        data = {
            "room_id": room_id,
            "change": change,
            "members": [{"user_id": user_id, "role": role} for user_id, role in members[:MAX_NAMED_MEMBERS]],
            "changed": len(members),
            "members_count": count,
            "by": by,
        }
        self._announce(Audience.room(room_id), MembersChanged, data)

    def announce_title(self, room_id: str, title: str | None, *, by: str) -> None:
        """Send the room a `room` event."""
        self._announce(Audience.room(room_id), RoomChanged, {"room_id": room_id, "title": title, "by": by})

    async def write(self) -> None:
        """Write the rows, then append the events with the counts at their positions."""
        tx = self._tx
        if self._added:
            tx.add("insert_members", rows=self._added)
            tx.add("insert_read_counts_of_members", rows=self._added)
        counts = await self._remove_and_count()
        if self._roles:
            tx.add("set_roles", rows=self._roles)
        if self._count_changes:
            rows = [{"room_id": room_id, "number": number} for room_id, number in self._count_changes.items()]
            tx.add("add_to_members_counts", rows=rows)
        self._append(counts)

    def _announce(self, audience: Audience, kind: type[Payload], data: Any) -> None:
        self._events.append((audience, kind, data))

    async def _remove_and_count(self) -> Sequence[Mapping[str, Counts]]:
        """Delete memberships in rounds; return for each round the counts, by user, after it.

        A user who leaves several rooms leaves them one by one, a room a round, so that every `left` event
        states the counts at its own position: they still include the rooms that the user leaves later.
        Round 0 deletes nothing: it is for users who only join. Each round counts the users whose events state
        its counts (see `_rounds_of_events`), with one query.
        """
        rounds = self._removals_by_round()
        counted = []
        for number, removals in enumerate(rounds):
            if removals:
                rooms = [
                    {"user_id": row["user_id"], "audience": Audience.room(row["room_id"]), "category": None}
                    for row in removals
                ]
                self._tx.add("keep_marks_of_removed", rows=rooms)
                self._tx.add("delete_spans_of_members", rows=rooms)
                self._tx.add("delete_receipts_of_members", rows=removals)
                self._tx.add("delete_read_counts_of_members", rows=removals)
                self._tx.add("delete_members", rows=removals)
            users = {user for user, round_ in self._rounds_of_events(len(rounds) - 1) if round_ == number}
            counted.append(await counts_in(self._tx, sorted(users)) if users else {})
        return counted

    def _removals_by_round(self) -> Sequence[Sequence[dict[str, Any]]]:
        """Split the removals: round 0 is empty, round 1 has the first removal of each user, and so on."""
        rounds: list[list[dict[str, Any]]] = [[]]
        removals: Counter[str] = Counter()
        for row in self._removed:
            removals[row["user_id"]] += 1
            if removals[row["user_id"]] == len(rounds):
                rounds.append([])
            rounds[removals[row["user_id"]]].append(row)
        return rounds

    def _rounds_of_events(self, last: int) -> Iterator[tuple[str, int]]:
        """Yield, for each event that states counts, its user and the round after which the counts hold.

        A user's counts stay the same after their last removal, so the last round is yielded for it: most
        transactions then need one query.
        """
        all_removals = Counter(row["user_id"] for row in self._removed)
        removals: Counter[str] = Counter()
        for audience, kind, _ in self._events:
            if (user := audience.user_id) is not None:
                removals[user] += kind is RoomLeft
                yield user, last if removals[user] == all_removals[user] else removals[user]

    def _append(self, counted: Sequence[Mapping[str, Counts]]) -> None:
        rounds = self._rounds_of_events(len(counted) - 1)
        for audience, kind, data in self._events:
            if issubclass(kind, CountsPayload):
                user, number = next(rounds)
                counts = counted[number][user].without_later_rooms(self._tx.position + 1)
                self._tx.append(audience, kind.of(counts, data))
            elif issubclass(kind, RoomPayload):
                self._tx.append(audience, kind(data=data))
