"""Audience: who an event or a notification is for.

| audience | text | reaches |
|---|---|---|
| one user | `user:<id>` | that user |
| a room | `room:<id>` | the room's members |
| everyone | `all` | every user, including users who do not exist yet |
| a list | `list` | the users whom the event lists |
| nobody | `nobody` | no user: for the instances alone |
| nobody | `nobody:<check>` | no user: the event was for one who was deleted; its check is as it was |

Only this module knows the text. Only the SQL fragment `addressed` (`sql/queries/audiences.sql`) knows which
audiences a user belongs to. A new kind of audience is a new case in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, overload

from lumen_notify.model.value import value

Scope = Literal["user", "room", "all", "list", "nobody"]
"""The kinds of audience."""

_USER = "user:"
_ROOM = "room:"
_EVERYONE = "all"
_LIST = "list"
_NOBODY = "nobody"
_ERASED = "nobody:"

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

    @classmethod
    def nobody_with(cls, check: str) -> Audience:
        """Return the audience of an event for a user who was deleted. check: of the event."""
        return cls(_ERASED + check)

    @property
    def check(self) -> str | None:
        """The check of an event for a user who was deleted, else None."""
        return self[len(_ERASED) :] if self.startswith(_ERASED) else None

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
        if self == _LIST:
            return "list"
        return "nobody" if self == _NOBODY or self.startswith(_ERASED) else None

    @property
    def is_personal(self) -> bool:
        """Whether this is for one user."""
        return self.startswith(_USER)


EVERYONE = Audience(_EVERYONE)
"""The audience of every user."""

LIST = Audience(_LIST)
"""The audience of events that list their users themselves."""

NOBODY = Audience(_NOBODY)
"""The audience of events that only instances read."""


class UserAudiences(Sequence[Audience]):
    """The audiences of several users, each made when it is asked for. users: their ids, without repeats."""

    __slots__ = ("users",)

    def __init__(self, users: Sequence[str]) -> None:
        self.users = users

    def __len__(self) -> int:
        return len(self.users)

    @overload
    def __getitem__(self, index: int) -> Audience: ...

    @overload
    def __getitem__(self, index: slice) -> UserAudiences: ...

    def __getitem__(self, index: int | slice) -> Audience | UserAudiences:
        if isinstance(index, slice):
            return UserAudiences(self.users[index])
        return Audience.user(self.users[index])

    def __iter__(self) -> Iterator[Audience]:
        return map(Audience.user, self.users)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, UserAudiences) else other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def users_of(audiences: Sequence[Audience]) -> Sequence[str]:
    """Return the ids of the users of some audiences of one user each."""
    if isinstance(audiences, UserAudiences):
        return audiences.users
    return [audience.user_id or "" for audience in audiences]


@value
class AudienceSpan:
    """The events of an audience after one position, up to another."""

    audience: Audience
    after: int
    up_to: int
