"""Standings: what a caller is in a room, looked up in the transaction that acts on it.

Promise: a room that the caller may not see is answered as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.commit.access import no_room, refusal, too_low
from lumen_notify.commit.log import Draft
from lumen_notify.commit.roles import Role, rules
from lumen_notify.model import value


@value
class Standing:
    """A command's room as it is, and what the caller is there. owners: how many it has."""

    kind: str
    title: str | None
    members_count: int
    role: Role | None
    since: int | None
    owners: int

    def require_rule(self) -> None:
        """Do nothing if the caller looks after the room. Raises NotFound, Forbidden."""
        if (refused := refusal(self.kind, self.role)) is not None:
            raise refused
        if not rules(self.role):
            raise too_low()

    def require_sight(self) -> None:
        """Do nothing if the caller may know of the room. Raises NotFound."""
        if self.role is None and self.kind != "public":
            raise no_room()


async def standings(draft: Draft, rooms_and_callers: Sequence[tuple[str, str]]) -> Mapping[int, Standing]:
    """Look up rooms and what the callers are there, by number in the list; what is no room is left out."""
    rows = [
        {"n": n, "room_id": room_id, "caller": caller}
        for n, (room_id, caller) in enumerate(rooms_and_callers)
    ]
    return {
        n: Standing(
            kind=kind, title=title, members_count=members_count, role=role, since=since, owners=owners
        )
        for n, kind, title, members_count, role, since, owners in await draft.run("room_standings", rows=rows)
    }


def found(standing: Standing | None) -> Standing:
    """Return the standing in a room that there is. Raises NotFound."""
    if standing is None:
        raise no_room()
    return standing
