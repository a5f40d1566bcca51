"""Story: the messages and notifications of the demo users, and how long before the first start they came."""

from __future__ import annotations

from typing import Any

from lumen_notify.model import value

ROOM = "tea"
TITLE = "Tea"
NAMES = {"alice": "Alice", "bob": "Bob"}


@value
class Said:
    """A message in the room. fields: as for `Lumen.broadcast_message`."""

    minutes_ago: int
    sender: str
    fields: dict[str, Any]


@value
class Notified:
    """A notification. sender: None if it comes from the application. fields: as for `Lumen.publish`."""

    minutes_ago: int
    user: str
    sender: str | None
    fields: dict[str, Any]


WELCOME = {
    "category": "system",
    "title": "Welcome to lumen-notify",
    "content": "Notifications appear here as they arrive. Open the room Tea to chat.",
}

STORY: tuple[Said | Notified, ...] = (
    Notified(minutes_ago=180, user="alice", sender=None, fields=WELCOME),
    Notified(minutes_ago=180, user="bob", sender=None, fields=WELCOME),
    Said(minutes_ago=95, sender="alice", fields={"content": "Good morning! I have just put the kettle on."}),
    Said(minutes_ago=93, sender="bob", fields={"content": "I am on my way. Is any of the jasmine left?"}),
    Said(minutes_ago=92, sender="alice", fields={"content": "Two spoons, and a new tin of oolong."}),
    Notified(
        minutes_ago=60,
        user="bob",
        sender="alice",
        fields={"category": "follow", "content": "started following you"},
    ),
    Notified(
        minutes_ago=58,
        user="alice",
        sender="bob",
        fields={"category": "follow", "content": "started following you"},
    ),
    Notified(
        minutes_ago=45,
        user="alice",
        sender="bob",
        fields={"category": "comment", "content": "commented on your photo: “What a lovely teapot!”"},
    ),
    Said(minutes_ago=40, sender="bob", fields={"content": "The oolong is excellent."}),
    Said(
        minutes_ago=12,
        sender="alice",
        fields={"content": "@bob Shall we meet in the kitchen at four?", "mentions": ["bob"]},
    ),
)
"""In the order of time. Alice sends the last message, so that Bob has an unread one."""
