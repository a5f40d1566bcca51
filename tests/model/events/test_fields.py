"""Fields: the schema names limits and words, and decoding refuses neither."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from lumen_notify.model.events import RoomLeft, decode
from lumen_notify.model.events.fields import (
    Count,
    LeaveReason,
    NotificationJson,
    Position,
    RoleWord,
    Seq,
    Uuid,
)

from .examples import COUNTS, event


@pytest.mark.parametrize(
    ("type_", "schema", "value"),
    [
        (Count, {"type": "integer", "minimum": 0}, -1),
        (Position, {"type": "integer", "minimum": 0}, -1),
        (Seq, {"type": "integer", "minimum": 1}, 0),
        (Uuid, {"type": "string", "format": "uuid"}, "no UUID"),
        (RoleWord, {"type": "string", "x-model": "Role"}, "a role of a newer version"),
        (NotificationJson, {"type": "object", "x-model": "Notification"}, {}),
    ],
    ids=["Count", "Position", "Seq", "Uuid", "RoleWord", "NotificationJson"],
)
def test_limit_is_in_the_schema_and_not_checked(type_: Any, schema: dict[str, Any], value: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    assert schema.items() <= adapter.json_schema().items()
    assert adapter.validate_python(value) == value


def test_event_with_a_word_of_a_newer_version_is_decoded() -> None:
    assert "moved" not in get_args(LeaveReason)
    left = RoomLeft.of(COUNTS, {"room_id": "tea", "since": 4, "reason": "moved", "by": None})
    assert decode(event("left", "user:ann", left.encode())) == left
