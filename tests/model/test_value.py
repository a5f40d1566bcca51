"""Value: equal by content, usable as a key, keyword-only."""

from __future__ import annotations

import pytest

from lumen_notify.model import EVERYONE, Event, value


@value
class Point:
    x: int
    y: int = 0


def test_values_are_equal_by_what_they_hold_and_can_be_keys() -> None:
    one, same = (
        Event(position=1, audience=EVERYONE, kind="x", category=None, body="{}", created_at=0)
        for _ in range(2)
    )
    assert one == same
    assert {one: 1}[same] == 1
    assert not hasattr(one, "__dict__")


def test_values_take_keywords_only_and_no_other_fields() -> None:
    assert Point(x=1) == Point(x=1, y=0)
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Point(x=1).z = 2  # type: ignore[attr-defined]
