"""Rewriting: what remains of an event whose text was edited or withdrawn, and the event that tells it.

An event keeps its position, audience and kind, and its effect on counts. Only its text changes. The text of a
withdrawn event is WITHDRAWN: no frame shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.model.events.notifications import NotificationPublished
from lumen_notify.model.events.payload import Payload
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


def rewritten_body(kind: str, prefix: str, text: str) -> str:
    """Return the body of an event with another text.

    kind: of the event, a notification, a message or a change of one. prefix: of its body, at least
    PREFIX_CHARACTERS. text: JSON; WITHDRAWN for none.
    """
    if kind == NotificationPublished.kind:
        return text
    before, separator, _ = ("", "", "") if prefix.startswith(_FIRST) else prefix.partition(_LATER)
    return f"{before}{separator or _FIRST}{text}}}"
