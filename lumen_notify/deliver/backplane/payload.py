"""Payload: what instances send each other, as text.

    {"from": "web-1:4711:5e0c9a41", "head": 42}
    {"from": ..., "events": [[41, "user:bob", ...], ...], "follows": "a1b2c3", "texts": {"0192...": ...}}
    {"from": ..., "messages": [["typing", {...}], ...]}
    {"from": ..., "probe": 7}

Promise: `decode` raises ValueError for whatever is not one of these; a field that it does not know is of a
newer version, and ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.model import Audience, Event, to_json, value
from lumen_notify.model.shared_text import SharedText

MAX_POSITION = 2**63 - 1


@value
class Payload:
    """What a payload says. sender: the name of the instance. head: the newest position that it knows; 0 for
    none. events: ascending and contiguous. follows: the check of the event before them. probe: 0 for none."""

    sender: str
    head: int = 0
    events: Sequence[Event] = ()
    follows: str | None = None
    messages: Sequence[tuple[str, Mapping[str, Any]]] = ()
    probe: int = 0


def encode_head(sender: str, position: int) -> str:
    """Encode the newest position."""
    return to_json({"from": sender, "head": position})


def encode_probe(sender: str, number: int) -> str:
    """Encode a probe, which only its sender reads."""
    return to_json({"from": sender, "probe": number})


def encode_message(name: str, fields: Mapping[str, Any]) -> str:
    """Encode one message, for `encode_messages`."""
    return to_json([name, fields])


def encode_messages(sender: str, messages: Sequence[str]) -> str:
    """Encode several messages."""
    return f'{{"from":{to_json(sender)},"messages":[{",".join(messages)}]}}'


def encode_events(sender: str, events: Sequence[Event], follows: str | None) -> str:
    """Encode events with all that they carry. A body or a text that several of them share is there once."""
    rows: list[tuple[Any, ...]] = []
    texts: dict[str, str] = {}
    body = None
    for event in events:
        is_shared = event.content_position is not None and event.body is body
        body = event.body
        rows.append(
            (
                event.position,
                event.audience,
                event.kind,
                event.category,
                event.created_at,
                event.content_position,
                None if is_shared else body,
                [text.id for text in event.shared],
                event.users,
            )
        )
        if event.shared:
            texts.update({text.id: text.text for text in event.shared})
    return to_json({"from": sender, "events": rows, "follows": follows, "texts": texts})


def decode(text: str | bytes) -> Payload:
    """Decode a payload. Raises ValueError if it is none."""
    try:
        fields = json.loads(text)
        sender, follows = fields["from"], fields.get("follows")
        payload = Payload(
            sender=sender,
            head=_number(fields.get("head", 0)),
            events=_events(fields.get("events", []), fields.get("texts", {})),
            follows=follows,
            messages=tuple(_message(*one) for one in fields.get("messages", [])),
            probe=_number(fields.get("probe", 0)),
        )
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError("not a payload") from error
    if not (isinstance(sender, str) and sender and (follows is None or isinstance(follows, str))):
        raise ValueError("not a payload")
    return payload


def _number(found: object) -> int:
    if type(found) is not int or not 0 <= found <= MAX_POSITION:
        raise ValueError("not a position")
    return found


def _message(name: object, fields: object) -> tuple[str, Mapping[str, Any]]:
    if not (isinstance(name, str) and isinstance(fields, dict)):
        raise TypeError("not a message")
    return name, fields


def _events(rows: Sequence[Sequence[Any]], texts: Mapping[str, str]) -> Sequence[Event]:
    events: list[Event] = []
    shared = {id_: SharedText(id=_text(id_), text=_text(text)) for id_, text in texts.items()}
    for row in rows:
        event = _event(row, shared, events[-1] if events else None)
        if event.position < 1 or (events and event.position != events[-1].position + 1):
            raise ValueError("not contiguous")
        events.append(event)
    return tuple(events)


def _event(row: Sequence[Any], texts: Mapping[str, SharedText], before: Event | None) -> Event:
    position, audience, kind, category, created_at, content_position, body, shared, *newer = row
    if body is None and before is not None:
        body = before.body
    return Event(
        position=_number(position),
        audience=Audience(_text(audience)),
        kind=_text(kind),
        category=None if category is None else _text(category),
        body=_text(body),
        created_at=_number(created_at),
        content_position=None if content_position is None else _number(content_position),
        shared=tuple(texts[id_] for id_ in shared),
        users=tuple(map(_text, newer[0])) if newer else (),
    )


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("not a text")
    found.encode()  # raises UnicodeEncodeError, a ValueError, for half a surrogate pair
    return found
