"""Payload: what each device gets. No I/O.

| shown | `full` | `title` | `none` |
|---|---|---|---|
| title | the notification's, else a text | the same | a text that names nobody |
| content, data, sender, url, icon, actions | yes | no | no |
| id, tag, category, room_id, unread_count, priority, created_at | yes | yes | yes |

A push replaces an earlier one with the same collapse key: the id of the notification, the room of a message,
or the bundle of a category. Groups keep their id, so they replace each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lumen_notify.commit.push.facts import Room
from lumen_notify.model import Audience, rfc3339, value
from lumen_notify.push.pages.texts import text
from lumen_notify.push.push import Priority, Push

ContentLevel = Literal["full", "title", "none"]

MAX_TTL_SECONDS = 4 * 7 * 86_400
"""How long a provider keeps a push: what FCM and APNs accept at most."""

MENTION = "mention"

_CONTENT = ("content", "data", "sender", "url", "icon", "actions", "actors", "actors_count", "group_key")


@value
class Shown:
    """What a push is about, the same for all devices of a user.

    body: of the notification, as lists show it, or of the newest message. count: how many notifications or
    messages; a bundle has several notifications. room: of messages and mentions. collapse_key: of the push.
    unread_count: all that the user has unread. expires_at: milliseconds. is_message: whether it is about new
    messages of a room.
    """

    collapse_key: str
    category: str | None
    priority: Priority
    content_level: ContentLevel
    unread_count: int
    body: Mapping[str, Any]
    count: int = 1
    room: Room | None = None
    expires_at: int | None = None
    is_message: bool = False


def bundle_key(category: str | None) -> str:
    """Return the collapse key of a bundle."""
    return f"bundle:{category or ''}"


def room_key(room_id: str) -> str:
    """Return the collapse key of the messages of a room."""
    return str(Audience.room(room_id))


def build(shown: Shown, locale: str | None, now: int, *, id_: str = "") -> Push:
    """Return what a device gets. locale: of the device. now: milliseconds. id_: of the push."""
    title, content = _words(shown, locale)
    body = shown.body
    payload: dict[str, Any] = {
        "type": "message" if shown.is_message else "digest" if shown.count > 1 else "notification",
        "tag": shown.collapse_key,
        "unread_count": shown.unread_count,
        "title": title,
        "priority": shown.priority,
    }
    if shown.count == 1:
        payload["id"] = body["id"]
        payload["created_at"] = body["created_at"]
        if shown.content_level == "full":
            payload |= {name: body[name] for name in _CONTENT if name in body}
    else:
        payload["count"] = shown.count
        payload["created_at"] = rfc3339(now)
    if content:
        payload["content"] = content
    if shown.category is not None:
        payload["category"] = shown.category
    if shown.room is not None:
        payload["room_id"] = shown.room.id
    return Push(
        payload=payload,
        collapse_key=shown.collapse_key,
        badge=shown.unread_count,
        ttl_seconds=ttl_seconds(shown.expires_at, now),
        title=title,
        content=content,
        priority=shown.priority,
        id=id_,
    )


def build_withdrawal(tags: Sequence[str], unread_count: int, *, id_: str = "") -> Push:
    """Return the push that takes what was read off a device, and sets its badge. Nothing is shown.

    If it takes a single one off, it replaces that one, too, where a provider still has it.
    """
    tag = tags[0] if len(tags) == 1 else ":".join(["read", *tags[-1:]])
    return Push(
        payload={"type": "read", "tag": tag, "tags": list(tags), "unread_count": unread_count},
        collapse_key=tag,
        badge=unread_count,
        ttl_seconds=MAX_TTL_SECONDS,
        is_silent=True,
        id=id_,
    )


def ttl_seconds(expires_at: int | None, now: int) -> int:
    """Return how long a provider keeps a push. expires_at, now: milliseconds."""
    if expires_at is None:
        return MAX_TTL_SECONDS
    return max(0, min(MAX_TTL_SECONDS, (expires_at - now) // 1000))


def _words(shown: Shown, locale: str | None) -> tuple[str, str]:
    """Return the title and the content."""
    if shown.is_message:
        return _words_of_messages(shown, locale)
    if shown.count > 1:
        return text("notifications", locale, count=shown.count), ""
    if shown.content_level == "none":
        return text("notification", locale), ""
    title = shown.body.get("title") or _title(shown, locale)
    return title, shown.body.get("content", "") if shown.content_level == "full" else ""


def _title(shown: Shown, locale: str | None) -> str:
    sender = name_of(shown.body.get("sender"))
    if shown.category == MENTION and sender:
        if shown.room is not None and shown.room.title:
            return text("mention_in", locale, sender=sender, room=shown.room.title)
        return text("mention", locale, sender=sender)
    return sender or text("notification", locale)


def _words_of_messages(shown: Shown, locale: str | None) -> tuple[str, str]:
    room, sender = shown.room, name_of(shown.body.get("sender"))
    is_one = shown.count == 1
    if shown.content_level == "none":
        return text("message", locale) if is_one else text("messages", locale, count=shown.count), ""
    content = shown.body.get("content", "") if shown.content_level == "full" else ""
    own_title = shown.body.get("title") if is_one else None
    if own_title:
        return own_title, content
    if room is None or room.kind == "direct" or not room.title:
        return sender if is_one else text("messages_from", locale, count=shown.count, sender=sender), content
    if content:
        content = text("message_of", locale, sender=sender, content=content)
    if is_one:
        title = room.title if content else text("message_in", locale, room=room.title)
        return title, content
    return text("messages_in", locale, count=shown.count, room=room.title), content


def name_of(sender: Any) -> str:
    """Return the name to show of a sender, as bodies have them."""
    if not isinstance(sender, Mapping):
        return ""
    return str(sender.get("username") or sender.get("id") or "")
