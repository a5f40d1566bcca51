"""User events: what is stored of preferences, categories, sessions and streams."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.model import Counts
from lumen_notify.model.events import (
    PAYLOADS,
    CategoriesChanged,
    Payload,
    PreferencesChanged,
    SessionsRevoked,
    StreamsEnded,
)
from lumen_notify.model.events import users as module

from .examples import STORED_COUNTS, assert_stored_as

BODIES: dict[type[Payload], dict[str, Any]] = {
    PreferencesChanged: {"data": {"digest": {"minutes": 5}}, **STORED_COUNTS},
    CategoriesChanged: {"data": {"categories": ["like"]}},
    SessionsRevoked: {"data": {}},
    StreamsEnded: {"data": {"ids": ["s1"]}},
}


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_stored_body_stays_as_it_is(kind: type[Payload]) -> None:
    assert_stored_as(kind, BODIES[kind])


def test_each_kind_of_the_module_is_here() -> None:
    assert set(BODIES) == {kind for kind in PAYLOADS if kind.__module__ == module.__name__}


def test_changed_preferences_state_that_no_category_is_silenced() -> None:
    assert PreferencesChanged.of(Counts({}, {}), {}).silent == []
