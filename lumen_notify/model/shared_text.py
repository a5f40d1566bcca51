"""Shared text: what groups and digests of several users show of one publication. It is stored once.

    "sender": {..}, "content": ..                                          the text: the publication's fields
    {"id": .., "category": .., "text_id": .., "created_at": .., "actors": ..}      a user's own notification

`text_id` stands in the place of the text. The body of an event with such notifications begins with their
texts, as it is stored: {"shared": [text ids], "event": body}.

Not here: how long a text is stored (`commit/shared_texts`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.model.encoding import to_json
from lumen_notify.model.ids import new_id
from lumen_notify.model.value import value

TEXT_ID = "text_id"

Pieces = str | tuple[str, ...]
"""A text, or the parts of one. Frames keep the parts, so that all that show a shared text keep one object."""

_OWN = re.compile(r'\{"id":"[^"]*","category":"[^"]*",("text_id":"([^"]*)")')
"""The beginning of a user's own notification. What clients have written comes later, and never matches."""

_SHARED, _EVENT = '{"shared":', ',"event":'


@value
class SharedText:
    """A text that is stored once. text: members of a JSON object, without its braces; not empty."""

    id: str
    text: str

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> SharedText:
        """Make a new one. fields: at least one."""
        return cls(id=new_id(), text=to_json(fields)[1:-1])

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the publication."""
        fields: dict[str, Any] = json.loads(f"{{{self.text}}}")
        return fields


def text_id_of(notification: str) -> str | None:
    """Return the id of the text that a notification shares, None if it has its own. notification: JSON."""
    found = _OWN.match(notification)
    return None if found is None else found[2]


def pieces_of(notification: str, shared: Sequence[SharedText]) -> Pieces:
    """Put the text that a notification shares in its place. notification: JSON."""
    found = _OWN.match(notification) if shared else None
    text = next((one.text for one in shared if found is not None and one.id == found[2]), None)
    if found is None or text is None:
        return notification
    return notification[: found.start(1)], text, notification[found.end(1) :]


def joined(pieces: Pieces) -> str:
    """Return the text of pieces."""
    return pieces if isinstance(pieces, str) else "".join(pieces)


def wrapped(body: str, text_ids: Iterable[str]) -> str:
    """Return the body of an event as it is stored. text_ids: of the texts that its notifications share."""
    ids = list(text_ids)
    return f"{_SHARED}{to_json(ids)}{_EVENT}{body}}}" if ids else body


def unwrapped(stored: str) -> tuple[str, Sequence[str]]:
    """Return the body of an event, and the ids of the texts that its notifications share."""
    if not stored.startswith(_SHARED + "["):
        return stored, ()
    ids, _, body = stored[len(_SHARED) : -1].partition(_EVENT)
    return body, json.loads(ids)
