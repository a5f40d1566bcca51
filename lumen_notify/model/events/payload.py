"""Payload: the base of what events carry, and how it becomes a body and is read back."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import TypeAdapter, ValidationError, with_config

from lumen_notify.model.audience import Scope
from lumen_notify.model.counts import Counts
from lumen_notify.model.encoding import to_json
from lumen_notify.model.event import Event
from lumen_notify.model.value import value

extensible = with_config(extra="allow")
"""Marks a TypedDict of a frame's `data`: a field that a newer version adds reaches the client, too."""


class UnknownEvent(Exception):
    """An event of a kind, an audience or a shape that this version does not know."""


@value
class Payload:
    """What one event carries. kind: of the event that it is stored with."""

    kind: ClassVar[str]
    scopes: ClassVar[tuple[Scope, ...]]

    def encode(self) -> str:
        """Return the event's body: JSON."""
        return to_json(self)

    @classmethod
    def decode(cls, event: Event) -> Self:
        """Read the body of an event of this kind. Raises UnknownEvent."""
        kind: Any = cls
        try:
            # Not `validate_json`: it refuses data that is nested as deeply as a request may nest it.
            payload: Self = _adapter(kind).validate_python(json.loads(event.body))
        except ValidationError as error:
            raise UnknownEvent(f"unknown shape: {error.error_count()} errors") from None
        except (ValueError, RecursionError):
            raise UnknownEvent("not JSON") from None
        return payload


@functools.cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


@value
class CountsPayload(Payload):
    """A payload that states all of the user's unread numbers, whatever they were before.

    data: what the frame shows. categories, rooms: see `Counts`. silent: the categories that the user has
    silenced, ascending; None if they are as before.
    """

    scopes = ("user",)

    data: Mapping[str, Any]
    categories: Mapping[str, int]
    rooms: Mapping[str, int]
    silent: Sequence[str] | None = None

    @classmethod
    def of(cls, counts: Counts, data: Any) -> Self:
        """Build it. counts: as they are at the event's position."""
        return cls(data=data, categories=counts.categories, rooms=counts.rooms, silent=sorted(counts.silent))


@value
class RoomPayload(Payload):
    """A payload for the members of a room. data: what the frame shows."""

    scopes = ("room",)

    data: Mapping[str, Any]
