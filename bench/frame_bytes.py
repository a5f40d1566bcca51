"""Frame bytes: the frames that the compared servers write, of the same shape as ours.

A notification differs between streams only in `unread_count`, so a frame is head + count + tail.
"""

from __future__ import annotations

import json

EPOCH = "k3f9x2"
ID = "0192f0c1-7c3e-7cc0-8f3e-1d2b3c4d5e6f"


def ready(position: int) -> bytes:
    """Return the first frame of a stream."""
    data = {"connection_id": ID, "unread_count": 0, "unread": {}, "recovered": True, "replayed": 0}
    return f"retry: 2417\nid: {EPOCH}-{position}\nevent: ready\ndata: {_json(data)}\n\n".encode()


def notification_json(content: str, unread_count: int) -> str:
    """Return the payload of a notification."""
    return _json(
        {
            "type": "bench",
            "unread_count": unread_count,
            "data": {
                "id": ID,
                "sender": {"username": "alice", "avatar": None},
                "content": content,
                "created_at": "2026-01-31T08:00:00.000Z",
            },
        }
    )


def notification(position: int, content: str) -> tuple[bytes, bytes]:
    """Return the parts of a frame before and after the count."""
    head, tail = notification_json(content, 0).split('"unread_count":0', 1)
    return f'id: {EPOCH}-{position}\ndata: {head}"unread_count":'.encode(), f"{tail}\n\n".encode()


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
