"""Texts: the titles of pushes that have none of their own, in the language of the device. No I/O.

A language that is not in the table gets English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Key = Literal[
    "notification",
    "notifications",
    "message_in",
    "messages_in",
    "message",
    "messages",
    "messages_from",
    "mention_in",
    "mention",
    "message_of",
]

TEXTS: Mapping[str, Mapping[Key, str]] = {
    "en": {
        "notification": "New notification",
        "notifications": "{count} new notifications",
        "message_in": "New message in {room}",
        "messages_in": "{count} new messages in {room}",
        "message": "New message",
        "messages": "{count} new messages",
        "messages_from": "{count} new messages from {sender}",
        "mention_in": "{sender} mentioned you in {room}",
        "mention": "{sender} mentioned you",
        "message_of": "{sender}: {content}",
    },
    "zh-Hans": {
        "notification": "新通知",
        "notifications": "{count} 条新通知",
        "message_in": "{room} 有新消息",
        "messages_in": "{room} 有 {count} 条新消息",
        "message": "新消息",
        "messages": "{count} 条新消息",
        "messages_from": "{sender} 发来 {count} 条新消息",
        "mention_in": "{sender} 在 {room} 中提到了你",
        "mention": "{sender} 提到了你",
        "message_of": "{sender}：{content}",  # noqa: RUF001 - the colon of Chinese
    },
    "zh-Hant": {
        "notification": "新通知",
        "notifications": "{count} 則新通知",
        "message_in": "{room} 有新訊息",
        "messages_in": "{room} 有 {count} 則新訊息",
        "message": "新訊息",
        "messages": "{count} 則新訊息",
        "messages_from": "{sender} 傳來 {count} 則新訊息",
        "mention_in": "{sender} 在 {room} 中提到了你",
        "mention": "{sender} 提到了你",
        "message_of": "{sender}：{content}",  # noqa: RUF001 - the colon of Chinese
    },
}

_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


def language_of(locale: str | None) -> str:
    """Return the language of the table for a locale (BCP 47)."""
    parts = (locale or "").replace("_", "-").lower().split("-")
    if parts[0] != "zh":
        return "en"
    if "hans" in parts:
        return "zh-Hans"
    return "zh-Hant" if _TRADITIONAL & set(parts) else "zh-Hans"


def text(key: Key, locale: str | None, **values: object) -> str:
    """Return a text in the language of a locale."""
    return TEXTS[language_of(locale)][key].format(**values)
