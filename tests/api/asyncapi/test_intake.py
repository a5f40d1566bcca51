"""Intake: the document has each message of the queue, in the shape by which it is taken in."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from closed_schemas import closed
from lumen_notify import Settings
from lumen_notify.api.asyncapi.intake import BROKERS
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.context import Limits
from lumen_notify.intake.dead_letters import MAX_MESSAGE_BYTES, dead_letter
from lumen_notify.intake.envelopes import ENVELOPE, ENVELOPES
from lumen_notify.intake.source import Incoming
from lumen_notify.settings.intake_url import parse_intake_url

LIMITS = Limits(max_body_bytes=65536, max_content_characters=8000, max_batch_rows=7, max_rooms=1000)


def validator(document: Any, name: str) -> jsonschema_rs.Draft7Validator:
    """Return the validator of the payload of a message, closed."""
    payload = document["components"]["messages"][name]["payload"]
    components = {"schemas": document["components"]["schemas"]}
    return jsonschema_rs.Draft7Validator(
        closed({"components": components, "allOf": [payload]}), validate_formats=True
    )


def is_taken(value: Any) -> bool:
    """Return whether intake takes a message."""
    try:
        ENVELOPE.validate_python(value, context=LIMITS.validation(0))
    except ValidationError:
        return False
    return True


def test_each_type_of_message_is_one_of_the_channel(document: Any) -> None:
    messages = document["channels"]["intake"]["messages"]
    assert messages == {kind: {"$ref": f"#/components/messages/intake_{kind}"} for kind in ENVELOPES}


@pytest.mark.parametrize("kind", ENVELOPES)
def test_document_and_intake_take_the_same_messages(document: Any, kind: str) -> None:
    checker = validator(document, f"intake_{kind}")
    (example,) = document["components"]["messages"][f"intake_{kind}"]["examples"]
    right = example["payload"]
    wrong = [
        {**right, "added": 1},
        {**right, "type": "added"},
        {**right, "body": None},
        {**right, "idempotency_key": "é"},
        {**right, "idempotency_key": "k" * 129},
        *(
            {name: text for name, text in right.items() if name != left}
            for left in right
            if left != "publisher"
        ),
    ]
    for one in (right, {**right, "idempotency_key": "k"}):
        assert checker.is_valid(one)
        assert is_taken(one)
    for one in wrong:
        assert not checker.is_valid(one), one
        assert not is_taken(one), one


@pytest.mark.parametrize("body", [b'{"type":"poll"}', b"\xff\xfe", b"x" * (MAX_MESSAGE_BYTES + 1)])
@pytest.mark.parametrize("error", [NotFound("Gone."), Invalid("is required", field="body.to")])
def test_dead_letters_are_as_described(document: Any, body: bytes, error: Exception) -> None:
    message = Incoming(source="kafka:events:0", id="7", body=body, position={"topic": "events", "offset": 7})
    written = dead_letter(message, error, 0).body.decode()
    checker = validator(document, "dead_letter")
    value = json.loads(written)
    assert list(checker.iter_errors(value)) == []
    assert not checker.is_valid({**value, "added": 1})
    (example,) = document["components"]["messages"]["dead_letter"]["examples"]
    assert checker.is_valid(example["payload"])


def test_each_broker_has_a_server_and_topics_have_the_defaults_of_the_settings(document: Any) -> None:
    hosts = {"kafka": "h:1", "amqp": "h/", "nats": "h:1", "redis": "h/0"}
    assert hosts.keys() == BROKERS.keys()
    for protocol, host in hosts.items():
        assert parse_intake_url(f"{protocol}://{host}")
        assert document["servers"][protocol]["protocol"] == protocol
    settings = Settings()
    for name, topic in (
        ("intake", settings.intake_topic),
        ("deadLetters", settings.intake_dead_letters),
    ):
        assert document["channels"][name]["parameters"]["topic"]["default"] == topic


def test_document_says_nothing_of_the_brokers_in_use(document: Any) -> None:
    for protocol in BROKERS:
        assert document["servers"][protocol]["host"] == "{broker}"
