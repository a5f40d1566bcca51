"""Apple: the parts of a request that APNs gets, from this server or by way of FCM. No I/O.

What they mean: Apple's "Generating a remote notification" and "Sending notification requests to APNs".

A silent push has the push type `alert`, since it sets the badge: Apple describes `background` as for what has
no alert, badge or sound, delivers few of them in an hour, and none to an app that its user has closed.
`content-available` wakes the app to take off what was read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from lumen_notify.push.pages.texts import text
from lumen_notify.push.push import MAX_TITLE_BYTES, Push, Target, cut_json

MAX_COLLAPSE_ID_BYTES = 64

MAX_BODY_BYTES = 1000
"""The system shows four lines. The whole content is in the payload."""

_IMMEDIATELY, _WITH_CARE, _WITHOUT_WAKING = "10", "5", "1"

_LEVELS = {"low": "passive", "normal": "active", "high": "active", "urgent": "time-sensitive"}


def has_keys(target: Target) -> bool:
    """Return whether a device gets its payload encrypted."""
    return target.p256dh is not None and target.auth is not None


def aps(push: Push, target: Target) -> Mapping[str, Any]:
    """Return the dictionary `aps`. For a device with keys it says nothing of the content: a service extension
    of the app puts it in."""
    if push.is_silent:
        return {"badge": push.badge, "content-available": 1}
    result: dict[str, Any] = {
        "alert": _alert(push, target),
        "badge": push.badge,
        "interruption-level": _LEVELS[push.priority],
        "mutable-content": 1,
    }
    if push.priority != "low":
        result["sound"] = "default"
    room_id, category = push.payload.get("room_id"), push.payload.get("category")
    thread = f"room-{room_id}" if room_id else category
    if thread:
        result["thread-id"] = opaque(thread, target) if has_keys(target) else thread
    if category and not has_keys(target):
        result["category"] = category
    return result


def headers(push: Push, target: Target, now: int) -> Mapping[str, str]:
    """Return the headers of a request. now: milliseconds."""
    return {
        "apns-push-type": "alert",
        "apns-priority": _priority(push),
        "apns-expiration": str(now // 1000 + push.ttl_seconds) if push.ttl_seconds > 0 else "0",
        "apns-collapse-id": collapse_id(push, target),
    }


def collapse_id(push: Push, target: Target) -> str:
    """Return what a later push has in common with this one, of at most 64 bytes of ASCII."""
    key = push.collapse_key
    is_plain = key.isascii() and key.isprintable() and 0 < len(key) <= MAX_COLLAPSE_ID_BYTES
    return key if is_plain and not has_keys(target) else opaque(key, target)


def opaque(value: str, target: Target) -> str:
    """Return what stands for a value, and says nothing of it to those who do not know the device's secret."""
    return hmac.new((target.auth or "").encode(), value.encode(), hashlib.sha256).hexdigest()


def _alert(push: Push, target: Target) -> Mapping[str, str]:
    if has_keys(target):
        return {"title": text("notification", target.locale)}
    words = {
        "title": cut_json(push.title, MAX_TITLE_BYTES),
        "body": cut_json(push.content, MAX_BODY_BYTES),
    }
    return {name: word for name, word in words.items() if word} or {
        "title": text("notification", target.locale)
    }


def _priority(push: Push) -> str:
    if push.priority == "low":
        return _WITHOUT_WAKING if push.is_silent else _WITH_CARE
    return _WITH_CARE if push.is_silent else _IMMEDIATELY
