"""Audience: who an event or a notification is for.

| audience | text | reaches |
|---|---|---|
| one user | `user:<id>` | that user |
| a room | `room:<id>` | the room's members |
| everyone | `all` | every user, including users who do not exist yet |
| nobody | `nobody` | no user: for the instances alone |

Only this module knows the text. Only the SQL fragment `addressed` (`sql/queries/audiences.sql`) knows which
audiences a user belongs to. A new kind of audience is a new case in both.
"""

from __future__ import annotations

from typing import Literal

from lumen_notify.model.value import value

Scope = Literal["user", "room", "all", "nobody"]
"""The kinds of audience."""

_USER = "user:"
_ROOM = "room:"
_EVERYONE = "all"
_NOBODY = "nobody"

MAX_USER_ID_CHARACTERS = 128


class Audience(str):
    """An audience. It is its own text, so that it is stored, compared and hashed without encoding.

    The `scope` of a kind that a newer version has added is None.
    """

    __slots__ = ()

    @classmethod
    def user(cls, user_id: str) -> Audience:
        """Return the audience of one user."""
        return cls(_USER + user_id)

    @classmethod
    def room(cls, room_id: str) -> Audience:
        """Return the audience of a room's members."""
        return cls(_ROOM + room_id)

    @property
    def user_id(self) -> str | None:
        """The id of the one user that this is for, else None."""
        return self[len(_USER) :] if self.startswith(_USER) else None

    @property
    def room_id(self) -> str | None:
        """The id of the room that this is for, else None."""
        return self[len(_ROOM) :] if self.startswith(_ROOM) else None

    @property
    def scope(self) -> Scope | None:
        """The kind of audience; None if this version does not know it."""
        if self.startswith(_USER):
            return "user"
        if self.startswith(_ROOM):
            return "room"
        if self == _EVERYONE:
            return "all"
        return "nobody" if self == _NOBODY else None

    @property
    def is_personal(self) -> bool:
        """Whether this is for one user."""
        return self.startswith(_USER)


EVERYONE = Audience(_EVERYONE)
"""The audience of every user."""

NOBODY = Audience(_NOBODY)
"""The audience of events that only instances read."""


@value
class AudienceSpan:
    """The events of an audience after one position, up to another."""

    audience: Audience
    after: int
    up_to: int
