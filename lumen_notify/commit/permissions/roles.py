"""Roles: what one role may do to another. Pure functions; a role of None is a user who is not a member."""

from __future__ import annotations

from typing import get_args

from lumen_notify.model.events import Role

ROLES: tuple[Role, ...] = get_args(Role)
"""The highest first."""

_RANKS: dict[str | None, int] = {role: rank for rank, role in enumerate(reversed(ROLES), start=1)} | {None: 0}


def is_moderator(role: str | None) -> bool:
    """Return whether this role moderates the room: owners do, too."""
    return role in ("owner", "moderator")


def may_remove(role: str | None, other: str | None) -> bool:
    """Return whether this role may remove or ban another user. other: that user's role."""
    return role == "owner" or (role == "moderator" and not is_moderator(other))


def may_assign_role(role: str | None, before: str | None, after: str) -> bool:
    """Return whether this role may change another user's role from `before` to `after`.

    before: None to add the user to the room with the role `after`.
    """
    return role == "owner" or (role == "moderator" and not is_moderator(before) and not is_moderator(after))


def may_step_down(before: str, after: str) -> bool:
    """Return whether users may give themselves a lower role. Nobody can mute or unmute themselves."""
    return is_moderator(before) and after != "muted" and _RANKS[after] < _RANKS[before]


def may_claim(before: str, after: str, owners_count: int) -> bool:
    """Return whether members may make themselves owner: in a room without one, unless they are muted."""
    return after == "owner" and before != "muted" and owners_count == 0
