"""Envelopes: what a message may say, and what is refused by name."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from lumen_notify.commit.marks.marks import ACTIONS
from lumen_notify.intake.envelopes import ENVELOPE, ENVELOPES, AnyEnvelope

BODY = {"to": "ann", "category": "like", "content": "hi"}
GOOD: dict[str, dict[str, Any]] = {
    "notification": {"body": BODY},
    "notifications": {"body": [BODY, BODY], "publisher": "shop"},
    "message": {"sender": "bob", "room": "general", "body": {"content": "hi"}},
    "direct_message": {"sender": {"id": "bob", "username": "Bob"}, "body": {"to": "ann", "content": "hi"}},
    "room_read": {"user": "bob", "room": "general", "body": {"up_to": 7}},
    **{action: {"user": "bob", "body": {"all": True}} for action in ACTIONS},
}


def test_each_envelope_has_its_type_and_is_one_of_all() -> None:
    assert set(GOOD) == set(ENVELOPES)
    assert set(get_args(AnyEnvelope)) == set(ENVELOPES.values())
    for name, model in ENVELOPES.items():
        assert get_args(model.model_fields["type"].annotation) == (name,)


@pytest.mark.parametrize("name", GOOD)
def test_good_envelope_is_taken_with_a_key_or_without(name: str) -> None:
    for more in ({}, {"idempotency_key": "order-7"}):
        envelope = ENVELOPE.validate_python({"type": name, **GOOD[name], **more})
        assert type(envelope) is ENVELOPES[name]


@pytest.mark.parametrize("name", GOOD)
def test_unknown_and_missing_fields_are_refused(name: str) -> None:
    given = {"type": name, **GOOD[name]}
    for wrong in ({**given, "colour": "red"}, {key: one for key, one in given.items() if key != "body"}):
        with pytest.raises(ValidationError):
            ENVELOPE.validate_python(wrong)


def test_sender_is_an_id_or_an_object() -> None:
    for sender in ("bob", {"id": "bob"}):
        envelope = ENVELOPE.validate_python({"type": "message", **GOOD["message"], "sender": sender})
        assert envelope.sender.id == "bob"  # type: ignore[union-attr]


@pytest.mark.parametrize("key", ["", "x" * 129, "ä", "a\n"])
def test_key_is_printable_ascii(key: str) -> None:
    with pytest.raises(ValidationError):
        ENVELOPE.validate_python({"type": "notification", "body": BODY, "idempotency_key": key})


@pytest.mark.parametrize("name", ENVELOPES)
def test_each_model_has_a_schema_that_closes_it(name: str) -> None:
    schema = ENVELOPES[name].model_json_schema()
    assert schema["additionalProperties"] is False
    assert {"type", "body"} <= set(schema["required"])
    assert schema["description"]
