"""Fields: each type takes what is within its limits, and its error gives the limit and the actual value."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lumen_notify.http.fields import (
    MAX_AHEAD_DAYS,
    MAX_IDS,
    MAX_LATER_DAYS,
    Body,
    Content,
    Ids,
    OwnId,
    RoomId,
    TimeAhead,
    TimeToCome,
    Title,
    UserId,
    Users,
    slug,
    storable,
    whole,
)
from lumen_notify.model import rfc3339

NOW_MS = 1_793_000_000_000
DAY_MS = 86_400_000


def problem(field: Any, value: Any, **context: int) -> str | None:
    """Return why a value is refused; None if it is taken."""
    try:
        TypeAdapter(field).validate_python(value, context=context or None)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return None


@pytest.mark.parametrize("text", ["a", "9", "a.b-c_9", "a" * 64])
def test_a_slug_is_returned_as_it_is(text: str) -> None:
    assert slug(text) == text
    assert problem(RoomId, text) is None


@pytest.mark.parametrize("text", ["", "A", "-a", ".a", "a" * 65, "a b", "a/b", "a\n", "\u00fc", "a\0"])
def test_another_text_is_no_slug(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 64 characters"):
        slug(text)
    assert problem(RoomId, text) is not None


def test_content_may_have_lines_and_a_line_may_not() -> None:
    text = "two\nlines\tand a tab"
    assert problem(Content, text) is None
    for field in (UserId, Title):
        assert "U+000A" in (problem(field, text) or "")


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85"])
def test_no_text_has_a_control_character(character: str) -> None:
    for field in (Content, UserId, Title):
        assert f"U+{ord(character):04X}" in (problem(field, f"a{character}") or "")


def test_length_of_content_is_limited_by_the_setting() -> None:
    assert problem(Content, "\N{GRINNING FACE}" * 5, max_content_characters=5) is None
    found = problem(Content, "x" * 6, max_content_characters=5) or ""
    assert "at most 5 characters; this has 6" in found
    assert problem(Content, "x" * 100_000, max_content_characters=0) is None
    assert problem(Content, "x" * 100_000) is None


def test_length_of_a_list_is_limited_by_the_setting() -> None:
    assert problem(Ids, ["a", "b"], max_batch_rows=2) is None
    assert "at most 2 items; this has 3" in (problem(Ids, ["a", "b", "c"], max_batch_rows=2) or "")
    assert problem(Ids, ["a"] * (MAX_IDS + 1), max_batch_rows=0) is None
    assert f"at most {MAX_IDS} items" in (problem(Ids, ["a"] * (MAX_IDS + 1)) or "")
    for field in (Ids, Users):
        assert "at least one item" in (problem(field, []) or "")


@pytest.mark.parametrize(("field", "days"), [(TimeAhead, MAX_AHEAD_DAYS), (TimeToCome, MAX_LATER_DAYS)])
def test_a_time_is_in_the_future_and_not_too_far_ahead(field: Any, days: int) -> None:
    latest = NOW_MS + days * DAY_MS
    for at, expected in ((NOW_MS, False), (NOW_MS + 1, True), (latest, True), (latest + 1, False)):
        assert (problem(field, rfc3339(at), now=NOW_MS) is None) is expected, rfc3339(at)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"a": None}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_data_that_json_can_hold_is_returned_as_it_is() -> None:
    values: list[dict[str, Any]] = [{}, {"a\0": ["\N{GRINNING FACE}", 1.5, None]}, nested(249)]
    for value in values:
        assert storable(value) is value


@pytest.mark.parametrize(
    "value",
    [{"a": float("nan")}, {"a": [float("inf")]}, {"a": "\ud800"}, {"\udc00": 1}, {"a": 1j}, nested(250)],
    ids=["NaN", "infinity", "half a pair", "half a pair in a key", "no JSON", "too deep"],
)
def test_data_that_json_cannot_hold_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be valid JSON"):
        storable(value)


def test_a_number_without_a_fraction_is_whole() -> None:
    assert [whole(value) for value in (7.0, 7.5, 7, "7")] == [7, 7.5, 7, "7"]
    assert isinstance(whole(7.0), int)
    assert whole(True) is True


class Cup(Body):
    """A cup of tea."""

    leaves: int
    """Their number."""


def test_a_body_is_strict_and_refuses_unknown_fields_by_name() -> None:
    assert Cup.model_validate({"leaves": 3}).leaves == 3
    with pytest.raises(ValidationError) as caught:
        Cup.model_validate({"leaves": "3", "milk": True})
    assert {error["loc"] for error in caught.value.errors()} == {("leaves",), ("milk",)}
    assert Cup.model_json_schema()["properties"]["leaves"]["description"] == "Their number."


UUID = "01a20185-0647-7000-a5ee-00000000000f"


@pytest.mark.parametrize("text", [UUID, UUID.upper(), UUID.title()])
def test_ids_in_capitals_are_the_same_ids(text: str) -> None:
    assert TypeAdapter(OwnId).validate_python(text) == UUID
    assert TypeAdapter(RoomId).validate_python(text) == UUID


@pytest.mark.parametrize("text", [UUID.upper() + "A", UUID.upper()[1:], "G" + UUID.upper()[1:]])
def test_other_ids_keep_their_case(text: str) -> None:
    assert TypeAdapter(OwnId).validate_python(text) == text
    assert problem(RoomId, text) is not None
