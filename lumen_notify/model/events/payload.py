"""Payload: the base class of what events carry; encodes and decodes it."""

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
"""Marks a TypedDict of a frame's `data`: clients also get the fields that a newer version adds."""


class UnknownEvent(Exception):
    """An event of a kind, an audience or a shape that this version does not know."""


@value
class Payload:
    """What an event carries. The first line of each class is also its description in the API document.

    kind, scopes: of the events that are stored with it. shown: the field that frames show as their `data`.
    """

    kind: ClassVar[str]
    scopes: ClassVar[tuple[Scope, ...]]
    shown: ClassVar[str] = "data"

    @property
    def is_withdrawn(self) -> bool:
        """Whether the text was withdrawn: the event still changes counts, but is not shown."""
        return False

    def encode(self) -> str:
        """Return the event's body: JSON."""
        return to_json(self)

    @classmethod
    def decode(cls, event: Event) -> Self:
        """Read the body of an event of this kind. Raises UnknownEvent."""
        kind: Any = cls
        try:
            payload: Self = _adapter(kind).validate_json(event.body)
        except ValidationError as error:
            if "recursion limit" not in str(error):
                raise UnknownEvent(f"unknown shape: {error.error_count()} errors") from None
            payload = cls._decode_deep(event.body)
        return payload

    @classmethod
    def _decode_deep(cls, body: str) -> Self:
        """Read a body that is nested deeper than pydantic reads JSON (200 levels); `to_json` writes 255."""
        kind: Any = cls
        try:
            fields = json.loads(body)
            to_json(fields)  # so that frames can be made of it
            payload: Self = _adapter(kind).validate_python(fields)
        except (ValueError, RecursionError) as error:
            raise UnknownEvent(f"unknown shape: {type(error).__name__}") from None
        return payload


@functools.cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


@value
class CountsPayload(Payload):
    """A payload with all of the user's unread numbers, as absolute values.

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
