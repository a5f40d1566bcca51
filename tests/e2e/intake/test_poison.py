"""Poison: messages that cannot be accepted are dead letters with their reasons, and stop nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from brokers import Broker
from clients import SECRET, Api, contents, eventually_true
from conftest import StartServer
from topics import Message, open_topic

from .conftest import intake_of

pytestmark = [pytest.mark.slow, pytest.mark.server]

GOOD = 40


def notification(**fields: Any) -> dict[str, Any]:
    return {"to": {"user": "ann"}, "category": "like", "content": "liked your photo", **fields}


def envelope(**fields: Any) -> bytes:
    return json.dumps({"type": "notification", "body": notification(), **fields}).encode()


POISON: dict[str, tuple[bytes, int, str, str]] = {
    "no JSON": (b"liked your photo", 422, "invalid", "is not valid JSON"),
    "unknown type": (envelope(type="teleport"), 422, "invalid", "must be one of notification, "),
    "unknown field": (
        envelope(body=notification(colour="red")),
        422,
        "invalid",
        "`body.colour` is not a known field",
    ),
    "missing fields": (b'{"type": "notification"}', 422, "invalid", "`body` is required"),
    "user id too long": (
        envelope(body=notification(to={"user": "u" * 129})),
        422,
        "invalid",
        "`body.to.user` must have at most 128 characters",
    ),
    "no such room": (
        json.dumps({"type": "message", "sender": "ann", "room": "none", "body": {"content": "hi"}}).encode(),
        404,
        "not_found",
        "Room not found",
    ),
    "too large": (
        envelope(body=notification(data={"x": "x" * 70_000})),
        413,
        "too_large",
        "at most 65536 bytes",
    ),
    "wrong encoding": ('{"type": "notification", "body": "ä"}'.encode("latin-1"), 422, "invalid", "unicode"),
    "content of a wrong type": (
        envelope(body=notification(content=17)),
        422,
        "invalid",
        "`body.content` must be a valid string",
    ),
    "empty": (b"", 422, "invalid", "is not valid JSON"),
}
"""Messages, with status, code and a part of the problem document."""


async def test_what_cannot_be_accepted_is_a_dead_letter_and_stops_nothing(
    broker: Broker, topic_name: str, sqlite_url: str, start_server: StartServer
) -> None:
    server = start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET, **intake_of(broker, topic_name))
    good = [envelope(body=notification(content=f"number {number}")) for number in range(GOOD)]
    poison = [body for body, *_ in POISON.values()]
    mixed = [body for pair in zip(good, poison, strict=False) for body in pair] + good[len(poison) :]
    async with open_topic(broker, topic_name) as topic:
        await topic.send([Message(body=body) for body in mixed])
        letters = [json.loads(one) for one in await topic.wait_for(f"{topic_name}-dead-letters", len(POISON))]
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        ann = Api(http, "ann")

        async def has_all() -> bool:
            return len(await ann.pages()) == GOOD

        await eventually_true(has_all, what="all good messages")
        assert contents(await ann.pages()) == [f"number {number}" for number in reversed(range(GOOD))]
    assert len(letters) == len(POISON)
    for letter, (name, (body, status, code, part)) in zip(letters, POISON.items(), strict=True):
        problem = letter["problem"]
        assert (problem["status"], problem["code"]) == (status, code), (name, problem)
        assert part in json.dumps(problem), (name, problem)
        assert letter["source"]["broker"] == broker.kind
        assert letter["source"]["topic"] == topic_name
        if name != "wrong encoding":
            assert letter["message"] == body.decode()
