"""Intake: the messages that are taken from a queue, and the dead letters that are written to another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lumen_notify.accept.health import ReadinessParts
from lumen_notify.api.asyncapi.schemas import in_draft_7
from lumen_notify.api.openapi.models import Models
from lumen_notify.api.openapi.schema import TEXT, described, object_schema
from lumen_notify.http.operation import JsonSchema, Shape, ref
from lumen_notify.intake.envelopes import ENVELOPES
from lumen_notify.settings.intake_settings import DEAD_LETTERS, IntakeSettings

SHAPES: tuple[Shape, ...] = (*ENVELOPES.values(), ReadinessParts)
"""The models of the messages, and what their problem documents refer to."""

BROKERS: Mapping[str, str] = {
    "kafka": "Kafka",
    "amqp": "RabbitMQ",
    "nats": "NATS JetStream",
    "redis": "Redis Streams",
}
"""What a queue may be in, by protocol."""

TOPIC = str(IntakeSettings.model_fields["intake_topic"].default)

_PUBLICATION = {"to": {"user": "alice"}, "category": "like", "content": "liked your photo"}
_MARK = {"user": "alice", "body": {"all": True}}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "notification": {"publisher": "photos", "body": _PUBLICATION},
    "notifications": {"body": [_PUBLICATION]},
    "message": {"sender": "bob", "room": "tea", "body": {"content": "Tea?"}},
    "direct_message": {"sender": "bob", "body": {"to": "alice", "content": "Tea?"}},
    "room_read": {"user": "alice", "room": "tea", "body": {"up_to": 17}},
    "read": _MARK,
    "seen": _MARK,
    "unread": {"user": "alice", "body": {"ids": ["01a20185-0647-7000-a5ee-000000000001"]}},
    "archive": _MARK,
    "unarchive": _MARK,
}
"""The fields of an example of each message, but for its type."""

_DEAD_LETTER = object_schema(
    "A message that could not be accepted, and why.",
    ("message", "message_base64", "bytes"),
    problem=ref("Problem"),
    source={
        "type": "object",
        "additionalProperties": True,
        "description": "Where it came from: `broker`, and its place there, such as `topic` and `offset`.",
    },
    at=described({"type": "string", "format": "date-time"}, "When it was refused."),
    message=described(TEXT, "The message, cut after 128 KiB."),
    message_base64=described(TEXT, "The same, if it is not text."),
    bytes={"type": "integer", "minimum": 0, "description": "How long it was, if it was cut."},
)

SECURITY_SCHEMES: Mapping[str, JsonSchema] = {
    "broker": {
        "type": "userPassword",
        "description": "The user and the password of the broker, as in `LUMEN_INTAKE_URL`.",
    },
    "brokerScramSha256": {"type": "scramSha256", "description": "The same for Kafka, as `sasl` says."},
    "brokerScramSha512": {"type": "scramSha512", "description": "The same for Kafka, as `sasl` says."},
}

SCHEMAS: Mapping[str, JsonSchema] = {"DeadLetterMessage": _DEAD_LETTER}
"""The schemas that no route has, by name."""


def servers() -> dict[str, JsonSchema]:
    """Return the brokers, by protocol."""
    return {
        protocol: {
            "host": "{broker}",
            "protocol": protocol,
            "description": f"{name}, if `LUMEN_INTAKE_URL` names one.",
            "variables": {"broker": {"default": "localhost", "description": "As in `LUMEN_INTAKE_URL`."}},
        }
        for protocol, name in BROKERS.items()
    }


def messages(models: Models) -> dict[str, JsonSchema]:
    """Return the messages by name."""
    taken = {
        f"intake_{kind}": {
            "name": f"intake_{kind}",
            "title": kind.replace("_", " ").capitalize(),
            "summary": (model.__doc__ or "").partition("\n")[0],
            "contentType": "application/json",
            "payload": in_draft_7(models.schema(model)),
            "examples": [{"name": kind, "payload": {"type": kind, **EXAMPLES[kind]}}],
        }
        for kind, model in ENVELOPES.items()
    }
    return {**taken, "dead_letter": _dead_letter()}


def _dead_letter() -> JsonSchema:
    problem = {
        "type": "urn:lumen-notify:not_found",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
        "detail": "The room does not exist, or the user cannot see it.",
    }
    example = {
        "problem": problem,
        "source": {"broker": "kafka", "topic": TOPIC, "partition": 0, "offset": 17},
        "at": "2026-01-31T08:00:00.000Z",
        "message": '{"type":"message","sender":"bob","room":"cake","body":{"content":"Cake?"}}',
    }
    return {
        "name": "dead_letter",
        "title": "Dead letter",
        "summary": _DEAD_LETTER["description"],
        "contentType": "application/json",
        "payload": ref("DeadLetterMessage"),
        "examples": [{"name": "dead_letter", "payload": example}],
    }


def channels(names: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
    """Return the two queues. names: the messages."""
    taken = [name for name in names if name.startswith("intake_")]
    return {
        "intake": _channel(
            "Intake",
            "Publications, messages and marks that `lumen-notify intake` takes in. Who may write here may "
            "act as any user.",
            TOPIC,
            "`LUMEN_INTAKE_TOPIC`: a topic of Kafka, queue of RabbitMQ, subject of NATS or stream of Redis.",
            taken,
        ),
        "deadLetters": _channel(
            "Dead letters of intake",
            "What could not be accepted, with the reason. It never stops what comes after it.",
            TOPIC + DEAD_LETTERS,
            "`LUMEN_INTAKE_DEAD_LETTER_TOPIC`.",
            ["dead_letter"],
        ),
    }


def _channel(title: str, description: str, topic: str, of_topic: str, names: list[str]) -> JsonSchema:
    return {
        "address": "{topic}",
        "title": title,
        "description": description,
        "servers": [{"$ref": f"#/servers/{protocol}"} for protocol in BROKERS],
        "parameters": {"topic": {"default": topic, "description": of_topic}},
        "messages": {
            name.removeprefix("intake_"): {"$ref": f"#/components/messages/{name}"} for name in names
        },
    }


def operations() -> dict[str, JsonSchema]:
    """Return what `lumen-notify intake` does."""
    group = {"type": "string", "description": "`LUMEN_INTAKE_GROUP`."}
    security = [{"$ref": f"#/components/securitySchemes/{name}"} for name in SECURITY_SCHEMES]
    return {
        "takeIn": {
            "action": "receive",
            "channel": {"$ref": "#/channels/intake"},
            "title": "Take in",
            "summary": "Take in a message. It is acknowledged once it is committed.",
            "security": security,
            "bindings": {
                "kafka": {"groupId": group, "bindingVersion": "0.5.0"},
                "amqp": {"ack": True, "bindingVersion": "0.3.0"},
            },
        },
        "writeDeadLetter": {
            "action": "send",
            "channel": {"$ref": "#/channels/deadLetters"},
            "title": "Write a dead letter",
            "summary": "Write down a message that cannot be accepted, before it is acknowledged.",
            "security": security,
            "bindings": {"amqp": {"deliveryMode": 2, "bindingVersion": "0.3.0"}},
        },
    }
