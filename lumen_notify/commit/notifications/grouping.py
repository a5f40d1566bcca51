"""Groups: notifications with one group key are one row of their recipient, "alice and 3 others".

Promises: of a user, a category and a group key there is one row, counted once, that names the latest three
senders and the number of all; nothing that merges goes untold; and whatever the burst, what is unread is
told of at most once in QUIET_SECONDS. Every event states the user's absolute counts at its position.

| the row | what a notification does to it | event |
|---|---|---|
| is not there, or not any more | begins it | `notification` |
| is read or archived, or was last told of QUIET_SECONDS ago | is at the top, unread again | `update` |
| is unread, and was told of just now | changes what it says; no count moves | none yet: see `merging` |
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.notifications.group import Copy, Group, row_of
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Counts, to_json
from lumen_notify.model.events import NotificationUpdated

QUIET_SECONDS = 1
"""The least time between two events about one row that is unread."""


class Groups:
    """The rows that some notifications merge into, by user, category and group key.

    `gather` or `untold`, then `begin` for those that are new, `clear`, `tell`, `write`: in this order.
    """

    def __init__(self, by_place: Mapping[tuple[str, str, str], Group]) -> None:
        self._by_place = by_place

    @classmethod
    async def gather(cls, tx: Transaction, copies: Sequence[Copy], *, at_once: bool = False) -> Groups:
        """Find or begin the row of each, and merge them in this order.

        at_once: whether to tell of what was told of just now. The result's rows are not written yet.
        """
        if not copies:
            return cls({})
        found = await _find(tx, {copy.place for copy in copies}, at_once=at_once)
        senders: dict[tuple[str, str, str], None] = {}
        for copy in copies:
            group = found.get(copy.place)
            if group is None:
                user_id, category, group_key = copy.place
                group = found[copy.place] = Group(
                    user_id=user_id,
                    category=category,
                    group_key=group_key,
                    id=copy.id,
                    shown_at=tx.now,
                    is_new=True,
                )
            group.take(copy)
            senders[group.audience, group.id, copy.fields["sender"]["id"]] = None
        await _count_actors(tx, found.values(), senders)
        return cls(found)

    @classmethod
    async def untold(cls, tx: Transaction, limit: int) -> Groups:
        """Find those whose last change nobody was told of in time, the longest first: at most limit."""
        rows = await tx.run("untold_groups", now=tx.now, before=told_before(tx.now), limit=limit)
        found = {}
        for audience, category, group_key, id_, actors, actors_number, position, *times_, body in rows:
            user_id = Audience(audience).user_id or ""
            found[user_id, category, group_key] = Group(
                user_id=user_id,
                category=category,
                group_key=group_key,
                id=id_,
                actors=json.loads(actors),
                actors_number=actors_number,
                position=position,
                shown_at=tx.now,
                shown=json.loads(body),
                created_at=times_[0],
                expires_at=times_[1],
            )
        return cls(found)

    def __len__(self) -> int:
        return len(self._by_place)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._by_place.values())

    def of(self, copy: Copy) -> Group:
        """Return the row into which one has merged."""
        return self._by_place[copy.place]

    @property
    def begun(self) -> Sequence[Group]:
        """Those that are new: for the caller to insert, and to give their position."""
        return [one for one in self._by_place.values() if one.is_new]

    @property
    def told(self) -> Sequence[Group]:
        """Those that were there before, and that are to be told of."""
        return [one for one in self._by_place.values() if one.is_told and not one.is_new]

    async def clear(self, tx: Transaction) -> None:
        """Make what is told of unread again, in the counts too."""
        if not self.told:
            return
        by_row = {(one.user_id, one.id): one for one in self.told}
        rows = [{"user_id": user_id, "id": id_} for user_id, id_ in by_row]
        settled: Counter[tuple[str, str, str]] = Counter()
        for user_id, id_, read_at, archived_at in await tx.run("forget_receipts", rows=rows):
            if read_at is not None or archived_at is not None:
                group = by_row[user_id, id_]
                group.was_settled = True
                settled[user_id, group.audience, group.category] -= 1
        if settled:
            moved = [
                {"user_id": user_id, "audience": audience, "category": category, "count": number}
                for (user_id, audience, category), number in settled.items()
            ]
            tx.add("add_to_settled", rows=moved)

    async def tell(self, tx: Transaction) -> None:
        """Append an `update` for each that is to be told of: nothing may count after it but later events."""
        told = self.told
        if not told:
            return
        counts = dict(await counts_in(tx, list({one.user_id: None for one in told})))
        payloads = []
        for group in reversed(told):  # the counts are those after the last of them
            mine = counts[group.user_id]
            payloads.append(NotificationUpdated.of(mine, group.as_fields()))
            if group.was_settled:
                counts[group.user_id] = _without_one(mine, group.category)
        for group, payload in zip(told, reversed(payloads), strict=True):
            group.position = tx.append(group.audience, payload, category=group.category)

    def write(self, tx: Transaction) -> None:
        """Write all that has changed."""
        if not self._by_place:
            return
        changed = [row_of(one, one.position) for one in self._by_place.values() if not one.is_new]
        if changed:
            tx.add("change_notifications", rows=changed)
        kept = [
            {
                "audience": one.audience,
                "category": one.category,
                "group_key": one.group_key,
                "notification_id": one.id,
                "actors": to_json(one.actors),
                "actors_number": one.actors_number,
                "shown_at": one.shown_at,
                "is_pending": 0 if one.is_told else 1,
            }
            for one in self._by_place.values()
        ]
        tx.add("keep_groups", rows=kept)


async def _find(
    tx: Transaction, places: Iterable[tuple[str, str, str]], *, at_once: bool
) -> dict[tuple[str, str, str], Group]:
    rows = [
        {"user_id": user_id, "category": category, "group_key": group_key}
        for user_id, category, group_key in sorted(places)
    ]
    found: dict[tuple[str, str, str], Group] = {}
    for (
        user_id,
        category,
        group_key,
        id_,
        actors,
        actors_number,
        shown_at,
        position,
        is_settled,
    ) in await tx.run("groups", rows=rows):
        is_told = at_once or bool(is_settled) or tx.now - shown_at >= QUIET_SECONDS * 1000
        found[user_id, category, group_key] = Group(
            user_id=user_id,
            category=category,
            group_key=group_key,
            id=id_,
            actors=json.loads(actors),
            actors_number=actors_number,
            position=position,
            shown_at=tx.now if is_told else shown_at,
            is_told=is_told,
        )
    return found


async def _count_actors(
    tx: Transaction, groups: Iterable[Group], senders: Iterable[tuple[str, str, str]]
) -> None:
    rows = [
        {"audience": audience, "notification_id": id_, "actor_id": actor_id}
        for audience, id_, actor_id in senders
    ]
    further = Counter((audience, id_) for audience, id_ in await tx.run("keep_actors", rows=rows))
    for group in groups:
        group.actors_number += further[group.audience, group.id]


def _without_one(counts: Counts, category: str) -> Counts:
    """Return counts with one unread less of a category, if it is counted at all."""
    if category in counts.silent:
        return counts
    return counts.with_fewer({category: 1})


def told_before(now: int) -> int:
    """Return the time at which, or before which, a row must have been told of to be told of again."""
    return now - QUIET_SECONDS * 1000
