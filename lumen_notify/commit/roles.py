"""Roles: what a member may do in his room. Rules alone, no rows.

| role | reads | sends | mutes, removes, bans | adds | title | makes moderators, owners | ends the room |
|---|---|---|---|---|---|---|---|
| owner | yes | yes | anybody else | yes | yes | yes | yes |
| moderator | yes | yes | members and muted | as member or muted | yes | no | no |
| member | yes | yes | no | no | no | no | no |
| muted | yes | no | no | no | no | no | no |

The two of a direct room are members: nobody rules there.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["owner", "moderator", "member", "muted"]

ROLES: tuple[Role, ...] = ("owner", "moderator", "member", "muted")
"""The highest first."""

_RANKS: dict[str | None, int] = {role: rank for rank, role in enumerate(reversed(ROLES), start=1)} | {None: 0}


def rules(role: str | None) -> bool:
    """Tell whether this role looks after others. None: not a member."""
    return role in ("owner", "moderator")


def may_put_out(role: str | None, other: str | None) -> bool:
    """Tell whether this role may mute, remove or ban somebody else. other: his role; None: not a member."""
    return role == "owner" or (role == "moderator" and not rules(other))


def may_give(role: str | None, before: str | None, after: str) -> bool:
    """Tell whether this role may let somebody else in as `after`, or change him from `before` to it."""
    return role == "owner" or (role == "moderator" and not rules(before) and not rules(after))


def may_step_down(before: str, after: str) -> bool:
    """Tell whether one may change one's own role so. A voice once lost is not to be taken back by oneself."""
    return rules(before) and after != "muted" and _RANKS[after] < _RANKS[before]
