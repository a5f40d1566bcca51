"""Refusals: the errors for what a user may not do in a room.

kind: of the room, None if no such room exists. role: the user's, None if they are not a member. is_blocked:
in a direct room, whether the other user has blocked this one.
"""

from __future__ import annotations

from lumen_notify.commit.permissions.roles import is_moderator
from lumen_notify.errors import Conflict, Forbidden, NotFound, Refused

_DELETING = "deleting"
"""The kind of a deleted room until it is purged."""


def view_refusal(kind: str | None, role: str | None) -> Refused | None:
    """Return why a user may not read a room's messages and members, else None."""
    if kind in (None, _DELETING) or (kind != "public" and role is None):
        return room_not_found()
    return not_a_member() if role is None else None


def post_refusal(kind: str | None, role: str | None, *, is_blocked: object = False) -> Refused | None:
    """Return why a user may not post in a room, else None."""
    if (refusal := view_refusal(kind, role)) is not None:
        return refusal
    if role == "muted":
        return Forbidden("You are muted in this room: you can read messages but not post.", code="muted")
    return blocked() if is_blocked else None


def system_post_refusal(kind: str | None) -> Refused | None:
    """Return why the application may not post in a room, else None. The application need not be a member."""
    return room_not_found() if kind in (None, _DELETING) else None


def edit_refusal(
    kind: str | None, role: str | None, *, is_sender: bool, is_blocked: object = False
) -> Refused | None:
    """Return why a user may not edit a message, else None. Only its sender may, if they may still post."""
    if (refusal := post_refusal(kind, role, is_blocked=is_blocked)) is not None:
        return refusal
    return None if is_sender else Forbidden("Only the sender can edit a message.", code="role_too_low")


def delete_refusal(kind: str | None, role: str | None, *, is_sender: bool) -> Refused | None:
    """Return why a user may not delete a message, else None. Only its sender and moderators may."""
    if (refusal := view_refusal(kind, role)) is not None:
        return refusal
    return None if is_sender or is_moderator(role) else role_too_low()


def entry_refusal(
    user_id: str, *, is_self: bool, has_blocked: bool, rooms_count: int, max_rooms: int
) -> Refused | None:
    """Return why a user may not join a room, or a caller may not add them, else None.

    has_blocked: whether the user has blocked the caller. rooms_count: rooms that the user is in, without
    direct ones: by their own choice if they join, because others have added them if they are added. So nobody
    can use up the rooms that others may join. max_rooms: how many of either kind; 0 for no limit.
    """
    if has_blocked:
        return blocked_by(user_id)
    if 0 < max_rooms <= rooms_count:
        how = "by their own choice" if is_self else "because others have added them"
        return Conflict(
            f"The user {user_id} is in {rooms_count} rooms {how}, and the limit is {max_rooms}.",
            code="too_many_rooms",
        )
    return None


def room_not_found() -> NotFound:
    """Return the refusal for a room that does not exist, or that the caller may not see."""
    return NotFound("Room not found, or you are not a member.")


def not_a_member() -> Forbidden:
    """Return the refusal for a visible room that the caller has not joined."""
    return Forbidden("Only members can do this. Join the room first.", code="not_a_member")


def role_too_low() -> Forbidden:
    """Return the refusal for a role that does not allow the action."""
    return Forbidden("Your role in this room does not allow this.", code="role_too_low")


def not_banned() -> NotFound:
    """Return the refusal for a ban that does not exist."""
    return NotFound("This user is not banned from the room.")


def blocked() -> Forbidden:
    """Return the refusal for a direct message to a user who has blocked the caller."""
    return Forbidden("This user has blocked you.", code="blocked")


def blocked_by(user_id: str) -> Forbidden:
    """Return the refusal for adding a user to a room who has blocked the caller."""
    return Forbidden(f"The user {user_id} has blocked you.", code="blocked")
