"""Standings: what a caller is in a room, looked up in the transaction that acts on it.

Promise: a room that the caller may not see is answered as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lumen_notify.commit.log import Draft
from lumen_notify.commit.roles import Role, rules
from lumen_notify.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
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
        self.require_sight()
        if not rules(self.role):
            raise too_low()

    def require_sight(self) -> None:
        """Do nothing if the caller may know of the room. Raises NotFound."""
        if self.role is None and self.kind != "public":
            raise no_room()


def no_room() -> NotFound:
    """Say that there is no such room, or none that the caller may see."""
    return NotFound("there is no such room for you")


def too_low() -> Forbidden:
    """Say that it takes another role."""
    return Forbidden("your role in this room does not allow this", code="role_too_low")


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


def not_a_member() -> Forbidden:
    """Say that this is for members."""
    return Forbidden("this is for members of the room: join it first", code="not_a_member")
