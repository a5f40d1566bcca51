"""Alias: what stands in the place of a deleted user in what others keep. No I/O.

Others keep their conversations and notifications. Where one of them names the deleted user as a person (the
sender, a member, who was mentioned), it names the alias from then on: an id that is made up for this deletion
and nowhere else, with the name DELETED_NAME. Each deleted user has another alias, so that a conversation with
several of them can still be followed.

Texts that others have written are theirs, and stay as they are: `content`, `title`, and the application's own
`data`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from lumen_notify.model import to_json, value

DELETED_NAME = "Deleted user"
"""The name of an alias."""

_IDS = frozenset(
    {
        "by",
        "deleted_by",
        "exclude_user_id",
        "owner",
        "peer_id",
        "publisher",
        "required_moderator",
        "sender_id",
        "user_id",
    }
)
"""The fields that have a user's id."""

_LISTS = frozenset({"mentions"})
"""The fields that have a list of user ids."""

_PEOPLE = frozenset({"sender", "actors"})
"""The fields that have people, as `{id, username, avatar}`."""

_TEXTS = frozenset({"content", "title", "data"})
"""The fields that others have written."""


def new_alias() -> str:
    """Make an alias."""
    return f"deleted-{secrets.token_hex(8)}"


@value
class Alias:
    """An alias in the place of a user."""

    user_id: str
    alias: str

    @property
    def pattern(self) -> str:
        """What `LIKE ... ESCAPE '!'` finds in JSON that may name the user."""
        return pattern_of(self.user_id)

    def of(self, user_id: str | None) -> str | None:
        """Return the id that stands there from now on."""
        return self.alias if user_id == self.user_id else user_id

    def in_json(self, text: str, *, is_frame: bool = False) -> str | None:
        """Return JSON that names the alias instead; None if it does not name the user.

        is_frame: whether its field `data` is ours, as in most events, and not the application's.
        """
        before = json.loads(text)
        after = self._replaced(before, is_frame=is_frame)
        return None if after == before else to_json(after)

    def in_members(self, text: str) -> str | None:
        """Return the members of a JSON object, without its braces, as `in_json` does."""
        changed = self.in_json(f"{{{text}}}")
        return None if changed is None else changed[1:-1]

    def in_people(self, text: str) -> str | None:
        """Return a JSON list of people, as `in_json` does."""
        before = json.loads(text)
        after = self._person(before)
        return None if after == before else to_json(after)

    def in_group_key(self, key: str) -> str:
        """Return the key of a group of one sender's notifications; any other key as it is."""
        return f"sender:{self.alias}" if key == f"sender:{self.user_id}" else key

    def _replaced(self, fields: Any, *, is_frame: bool = False) -> Any:
        if isinstance(fields, list):
            return [self._replaced(one) for one in fields]
        if not isinstance(fields, Mapping):
            return fields
        return {name: self._field(name, one, is_frame=is_frame) for name, one in fields.items()}

    def _field(self, name: str, field: Any, *, is_frame: bool) -> Any:
        if name in _PEOPLE:
            return self._person(field)
        if name in _IDS:
            return self.of(field)
        if name in _LISTS and isinstance(field, list):
            return [self.of(one) for one in field]
        if name == "group_key" and isinstance(field, str):
            return self.in_group_key(field)
        if name in _TEXTS and not (name == "data" and is_frame):
            return field
        return self._replaced(field)

    def _person(self, field: Any) -> Any:
        if isinstance(field, list):
            return [self._person(one) for one in field]
        if isinstance(field, Mapping) and field.get("id") == self.user_id:
            return {"id": self.alias, "username": DELETED_NAME, "avatar": None}
        return field


def pattern_of(user_id: str) -> str:
    """Return what `LIKE ... ESCAPE '!'` finds in JSON that has a user's id, or their audience, as a
    string."""
    text = to_json(user_id)[1:]
    for special in "!%_":
        text = text.replace(special, "!" + special)
    return f"%{text}%"
