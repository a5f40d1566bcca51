"""Rewriting: what remains of an event whose text was edited or withdrawn, and the event that tells it.

An event keeps its position, audience and kind, and its effect on counts. Only its text changes. The text of a
withdrawn event is WITHDRAWN: no frame shows it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from lumen_notify.model.encoding import to_json
from lumen_notify.model.events.notifications import (
    DigestDelivered,
    NotificationEdited,
    NotificationPublished,
    NotificationUpdated,
)
from lumen_notify.model.events.payload import Payload
from lumen_notify.model.shared_text import TEXT_ID, text_id_of
from lumen_notify.model.value import value

WITHDRAWN = "{}"
"""The text of a withdrawn event, as JSON."""

PREFIX_CHARACTERS = 2000
"""How much of a body `rewritten_body` needs: its fields before the text, at most two user ids."""

_FIRST = '{"data":'
_LATER = ',"data":'
"""What stands before the text, as the first or a later field. Neither can be a part of a JSON string, where
quotes have a backslash."""


@value
class EventsRewritten(Payload):
    """The text of earlier events has changed: instances drop what they keep of it. No user gets it."""

    kind = "rewritten"
    scopes = ("nobody",)

    positions: Sequence[int]


Text = str | Mapping[str, str]
"""The new text of an event, as JSON; WITHDRAWN for none. Of a notification that a digest may have delivered:
by its id."""


def rewritten_body(kind: str, prefix: str, text: Text) -> str:
    """Return the body of an event with another text.

    kind: of the event, a notification, a message or a change of one. prefix: of its body, at least
    PREFIX_CHARACTERS; all of it for an update or a digest.
    """
    if kind == DigestDelivered.kind:
        return _rewritten_digest(prefix, {} if isinstance(text, str) else text)
    if not isinstance(text, str):
        (text,) = text.values()
    if kind == NotificationPublished.kind:
        return text
    if kind == NotificationUpdated.kind:
        return to_json(json.loads(prefix) | {"data": json.loads(text)})
    before, separator, _ = ("", "", "") if prefix.startswith(_FIRST) else prefix.partition(_LATER)
    return f"{before}{separator or _FIRST}{text}}}"


def text_ids_in(kind: str, body: str) -> Sequence[str]:
    """Return the ids of the texts that the notifications in the body of an event share, each once."""
    if f'"{TEXT_ID}":' not in body:
        return ()
    if kind == DigestDelivered.kind:
        items = json.loads(body)["data"]["items"]
        return list(dict.fromkeys(item[TEXT_ID] for item in items if TEXT_ID in item))
    if kind in (NotificationUpdated.kind, NotificationEdited.kind):
        body = body.removeprefix(_FIRST)
    elif kind != NotificationPublished.kind:
        return ()
    text_id = text_id_of(body)
    return () if text_id is None else (text_id,)


def without_texts(kind: str, body: str, missing: Collection[str]) -> str:
    """Return the body of an event without the notifications that share a missing text."""
    if kind != DigestDelivered.kind:
        return rewritten_body(kind, body, WITHDRAWN)
    items = json.loads(body)["data"]["items"]
    withdrawn = {item["id"]: WITHDRAWN for item in items if item.get(TEXT_ID) in missing}
    return rewritten_body(kind, body, withdrawn)


def _rewritten_digest(body: str, texts: Mapping[str, str]) -> str:
    """Return the body of a digest with other texts of some items, and without those that are withdrawn."""
    fields = json.loads(body)
    items = fields["data"]["items"]
    changed = [json.loads(texts[item["id"]]) if item["id"] in texts else item for item in items]
    fields["data"]["items"] = [item for item in changed if item]
    return to_json(fields)
