"""Unsaid: what no schema can say. Schemathesis loads this, and leaves out good requests that meet it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis import Case, HookContext

CALLER = "alice"
"""Whose token test_schemathesis.py shows. Schemathesis learns of her from answers."""

SUBSCRIPTION = {
    "endpoint": "https://push.example/f3a9",
    "expirationTime": None,
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
"""That of the document's example."""

EXCLUSIVE = ("before", "after", "around")


@schemathesis.hook
def before_load_schema(_context: HookContext, document: dict[str, Any]) -> None:
    """Hold each event of the stream to its schema, which the document has in that of the stream's content."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                if stream := response.get("content", {}).get("text/event-stream"):
                    stream["schema"] = stream["schema"]["contentSchema"]["items"]


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Return whether a request is sent: the bad ones all are."""
    is_good = case.meta is not None and case.meta.generation.mode.is_positive
    return not (is_good and any(unsaid(case)))


def unsaid(case: Case[Any]) -> Iterator[object]:
    """Look at a good request for what may have it refused all the same; some of it is true if it is there."""
    sent: Any = case.body
    bodies = [body for body in (sent if isinstance(sent, list) else [sent]) if isinstance(body, dict)]
    match case.operation.definition.raw["operationId"]:
        case "publish":  # that a time is in the future
            yield from (body.get(name) for body in bodies for name in ("deliver_at", "expires_at"))
        case "editNotification":
            yield from (body.get("expires_at") for body in bodies)
        case "deleteNotification":  # that one of two query parameters excludes the other
            yield (case.query or {}).get("for") == "me" and "sender" in (case.query or {})
        case "updatePreferences":  # what may be muted, whose rooms they are, time zones, times that differ
            yield from (body.get("quiet_hours") for body in bodies)
            choices = [body.get(name) or {} for body in bodies for name in ("categories", "rooms")]
            yield from (any(one.values()) for one in choices)
        case "registerDevice":  # which providers are configured, points of a curve, public addresses
            yield from (body.get("subscription") != SUBSCRIPTION for body in bodies)
        case "sendMessage" | "sendDirectMessage":  # that a message or user is in the room; two are two
            yield from (body.get(name) for body in bodies for name in ("reply_to", "mentions"))
            yield from (body.get("to") == CALLER for body in bodies)
        case "createRoom":  # that two are two
            yield from (CALLER in body.get("members", ()) for body in bodies)
        case "blockUser" | "adminEndStreams":  # likewise; whoever is logged out has no valid token
            yield case.path_parameters.get("user") == CALLER
        case "listMessages":  # that of several query parameters there is one at most
            yield sum(name in (case.query or {}) for name in EXCLUSIVE) > 1
