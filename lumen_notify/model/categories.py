"""Categories: the names that no category may have.

A client tells frames apart by their event name or their `type`, and the `type` of a notification is its
category. Rows of earlier versions may have such a category: lists, filters and marks take it.
"""

RESERVED_CATEGORIES: tuple[str, ...] = (
    "archive",
    "bundle",
    "caught_up",
    "chat",
    "closing",
    "delete",
    "expire",
    "expiring",
    "joined",
    "left",
    "member",
    "message",
    "message_deleted",
    "message_edited",
    "notification_edited",
    "ping",
    "preferences",
    "presence",
    "read",
    "ready",
    "reset",
    "room",
    "seen",
    "typing",
    "unarchive",
    "unread",
)
"""The names and types of all frames."""
