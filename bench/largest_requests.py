"""Largest requests: for each operation of `/openapi.json` that a user can call, the largest legal request.

A new operation is covered by the example in its description, enlarged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_BODY_BYTES = 64 * 1024

SCHEMES_WITH_USER = ("bearer", "token")
NOT_ATTACKED = ("changePassword", "logOutEverywhere")
"""Would end the attacker's own tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A route, and its request. path: with all parameters filled in."""

    name: str
    method: str
    path: str
    body: bytes | None


def enlarged(body: Any, max_bytes: int = MAX_BODY_BYTES) -> Any:
    """Return a valid body made as large as the limits allow: long texts, long lists, a large `data`."""
    if isinstance(body, dict):
        large = {key: _enlarged_field(key, value) for key, value in body.items()}
        if "content" in large and "data" not in large:
            large["data"] = {"x": "x" * (max_bytes - len(json.dumps(large)) - 100)}
        return large
    return body


def _enlarged_field(key: str, value: Any) -> Any:
    match key, value:
        case "content", str():
            return "\N{GRINNING FACE}" * 4000
        case "title", str():
            return "t" * 200
        case "members" | "users" | "mentions", list():
            return [f"victim-{number}" for number in range(1000)]
        case "ids", list():
            return [f"01a20185-0647-7000-a5ee-{number:012}" for number in range(1000)]
        case "categories", dict():
            return {f"c{number}": {"muted": True} for number in range(500)}
    return value


@dataclass(slots=True)
class World:
    """What one attacker owns, for the parameters of paths."""

    user: str = "mallory"
    room_id: str = "den"
    notification_id: str = ""
    message_id: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def fill(self, path: str) -> str:
        """Fill in the parameters of a path."""
        is_of_room = "/rooms/" in path
        filled = (
            path.replace("{id}", self.room_id if is_of_room else self.notification_id)
            .replace("{message_id}", self.message_id)
            .replace("{user}", "victim-1")
            .replace("{name}", "like")
        )
        return re.sub(r"\{\w+\}", self.notification_id, filled)


BODIES: Mapping[str, Callable[[World], Any]] = {
    "publish": lambda world: [{"to": {"user": world.user}, "category": "c", "content": "x"}] * 900,
    "createRoom": lambda _: {"kind": "private", "members": [f"u{number}" for number in range(1000)]},
    "addMembers": lambda _: {"members": [f"w{number}" for number in range(1000)]},
    "sendMessage": lambda _: enlarged({"content": "x"}),
    "editMessage": lambda _: {"content": "\N{GRINNING FACE}" * 4000},
    "sendDirectMessage": lambda _: enlarged({"to": "victim", "content": "x"}),
    "markRead": lambda _: {"all": True},
    "markRoomRead": lambda _: {"up_to": 10**6},
}
"""Bodies for which the enlarged example would not be the worst."""

QUERIES = {
    "listNotifications": "?unread=true&archived=true&category=none&limit=100",
    "listRooms": "?limit=100",
    "listMessages": "?limit=100",
    "openStream": "?last_event_id={epoch}-1",
}


def attacks(document: Mapping[str, Any], world: World) -> Iterator[Attack]:
    """Make the largest request of each operation that a user can call."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            schemes = {name for one in operation.get("security", ()) for name in one}
            name = operation["operationId"]
            if schemes.isdisjoint(SCHEMES_WITH_USER) or name in NOT_ATTACKED:
                continue
            body = BODIES[name](world) if name in BODIES else enlarged(_example(operation))
            yield Attack(
                name=name,
                method=method.upper(),
                path=world.fill(path) + QUERIES.get(name, "").format(**world.more),
                body=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
            )


def _example(operation: Mapping[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        for example in media.get("examples", {}).values():
            return example["value"]
        return {}
    return None
