"""Pushes to send: what shows something, what takes it off again, and what is too long."""

from __future__ import annotations

from typing import Any

from lumen_notify.push.push import Push, Target

from .device import Device

PAYLOAD: dict[str, Any] = {
    "type": "notification",
    "tag": "0192-cafe",
    "unread_count": 3,
    "id": "0192-cafe",
    "category": "order",
    "title": "Tea is ready",
    "content": "Two pots of oolong",
    "sender": {"id": "alice", "username": "Alice"},
    "data": {"table": 7},
    "priority": "normal",
    "created_at": "2026-11-29T10:00:00.000Z",
}


def shown(**fields: Any) -> Push:
    """Return a push that shows something. fields: of the push, over the usual ones."""
    return Push(
        **{
            "payload": PAYLOAD,
            "collapse_key": "0192-cafe",
            "badge": 3,
            "ttl_seconds": 3600,
            "title": "Tea is ready",
            "content": "Two pots of oolong",
            "id": "0192-push",
            **fields,
        }
    )


def silent() -> Push:
    """Return a push that takes two notifications off."""
    payload = {"type": "read", "tag": "b", "tags": ["a", "b"], "unread_count": 0}
    return Push(payload=payload, collapse_key="read", badge=0, ttl_seconds=3600, is_silent=True)


def long(text: str) -> Push:
    """Return a push that has this text far too often, in each of its parts."""
    words = text * 20_000
    parts = {"title": words, "content": words, "data": {"a": words}, "sender": {"username": words}}
    return shown(payload={**PAYLOAD, **parts}, title=words, content=words)


def phone(provider: str, token: str, *, device: Device | None = None, **fields: Any) -> Target:
    """Return a device. device: its keys, if it has some."""
    keys: dict[str, Any] = {} if device is None else {"p256dh": device.p256dh, "auth": device.auth}
    return Target(id="d1", user_id="bob", provider=provider, token=token, **keys, **fields)


TEXTS = ["word ", '"quoted" ', "\\", "\u0001", "茶", "😀", "\n\u2028"]
"""Each takes another number of bytes in JSON."""
