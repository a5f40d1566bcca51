"""Dead letters: the problem, where the message was, and the message itself; never too long."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from lumen_notify.errors import Fault, Invalid
from lumen_notify.intake.dead_letters import MAX_BYTES, MAX_KEY_BYTES, MAX_MESSAGE_BYTES, dead_letter

from .fake_source import incoming, notification


def test_dead_letter_has_the_problem_the_place_and_the_message() -> None:
    error = Invalid.of([Fault(field="body.to", message="is required")])
    letter = dead_letter(incoming(7, notification()), error, 1_800_000_000_000)
    assert letter.key == b"k"
    document = json.loads(letter.body)
    assert document["problem"] == {
        "type": "urn:lumen-notify:invalid",
        "title": "Request is invalid",
        "status": 422,
        "code": "invalid",
        "detail": "1 field is invalid: `body.to` is required.",
        "errors": [{"field": "body.to", "message": "is required"}],
    }
    assert document["source"] == {"broker": "fake", "topic": "events", "partition": 0, "offset": 7}
    assert document["at"] == "2027-01-15T08:00:00.000Z"
    assert json.loads(document["message"]) == notification()


def test_defect_says_nothing_of_itself() -> None:
    document = json.loads(dead_letter(incoming(1, b"{}"), KeyError("secret"), 0).body)
    assert document["problem"]["code"] == "internal"
    assert document["problem"]["status"] == 500
    assert "secret" not in str(document)


def test_what_is_no_text_is_base64() -> None:
    document = json.loads(dead_letter(incoming(1, b"\xff\x00"), Invalid("no"), 0).body)
    assert base64.b64decode(document["message_base64"]) == b"\xff\x00"
    assert "message" not in document


def test_long_message_is_cut_and_says_so() -> None:
    for body in (b"\x01" * 10_000_000, "\u00e4".encode() * 5_000_000, b"\xff" * 10_000_000):
        letter = dead_letter(incoming(1, body), Invalid("no"), 0)
        assert len(letter.body) <= MAX_BYTES < 1024 * 1024
        document = json.loads(letter.body)
        assert document["bytes"] == 10_000_000
        assert len(document["message"]) <= MAX_MESSAGE_BYTES


def test_long_key_is_left_out() -> None:
    for length, is_kept in ((MAX_KEY_BYTES, True), (MAX_KEY_BYTES + 1, False)):
        message = replace(incoming(1, b"{}"), key=b"k" * length)
        assert dead_letter(message, Invalid("no"), 0).key == (message.key if is_kept else None)
    assert MAX_BYTES + MAX_KEY_BYTES < 1_000_000


def test_half_of_a_surrogate_pair_can_be_written() -> None:
    error = Invalid.of([Fault(field="body.\ud83d", message="is not a known field")])
    assert b"\\ud83d" in dead_letter(incoming(1, b"{}"), error, 0).body
