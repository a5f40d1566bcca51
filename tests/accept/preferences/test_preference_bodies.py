"""Bodies about preferences: what the model takes, its published schema takes, and nothing else."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from lumen_notify.accept.preferences.preference_bodies import PreferencesBody

from ..body_schemas import fits, is_taken, undescribed
from .preference_requests import NIGHT

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (PreferencesBody, {}),
    (PreferencesBody, {"categories": {"like": None, "news": {"in_app": None, "push": True, "muted": False}}}),
    (PreferencesBody, {"categories": {}, "quiet_hours": None, "digest": None}),
    (PreferencesBody, {"quiet_hours": NIGHT, "digest": {"minutes": 0}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"to": "23:59"}, "digest": {"minutes": 1440.0}}),
    (PreferencesBody, {"digest": {"minutes": 5}}),
    (PreferencesBody, {"presence": "hidden"}),
    (PreferencesBody, {"rooms": {"tea": {"push": False}, "a.b-c": None, "chess": {"push": None}, "go": {}}}),
    (PreferencesBody, {"rooms": {"01A20185-0647-7000-A5EE-000000000001": {"push": True}}}),
    (PreferencesBody, {"presence": None}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (PreferencesBody, {"categories": None}),
    (PreferencesBody, {"categories": []}),
    (PreferencesBody, {"categories": {"Like": {}}}),
    (PreferencesBody, {"categories": {"chat": {"muted": True}}}),
    (PreferencesBody, {"categories": {f"c{number}": None for number in range(501)}}),
    (PreferencesBody, {"categories": {"like": {"mute": True}}}),
    (PreferencesBody, {"categories": {"like": {"muted": "yes"}}}),
    (PreferencesBody, {"quiet_hours": {"from": "22:30", "to": "07:00"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"begin": "22:30"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"from": "24:00"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"to": "7:00"}}),
    (PreferencesBody, {"quiet_hours": NIGHT | {"time_zone": "E" * 65}}),
    (PreferencesBody, {"presence": "away"}),
    (PreferencesBody, {"rooms": None}),
    (PreferencesBody, {"rooms": {"Tea": {"push": False}}}),
    (PreferencesBody, {"rooms": {"tea": False}}),
    (PreferencesBody, {"rooms": {"tea": {"push": 0}}}),
    (PreferencesBody, {"rooms": {"tea": {"muted": True}}}),
    (PreferencesBody, {"rooms": {f"r{number}": None for number in range(501)}}),
    (PreferencesBody, {"digest": {"minutes": 4}}),
    (PreferencesBody, {"digest": {"minutes": 1441}}),
    (PreferencesBody, {"digest": {"minutes": -5}}),
    (PreferencesBody, {"digest": {"minutes": 7.5}}),
    (PreferencesBody, {"digest": {}}),
]


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


def test_every_field_says_what_it_is() -> None:
    assert undescribed(PreferencesBody) == []
