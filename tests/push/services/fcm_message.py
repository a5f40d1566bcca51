"""What FCM takes as a message: firebase.google.com/docs/reference/fcm/rest/v1/projects.messages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_BYTES = 4096
"""ErrorCode, INVALID_ARGUMENT, "Message too big": of `data`, keys and values."""

MAX_TTL_SECONDS = 28 * 86400
"""AndroidConfig, `ttl`."""

TEXT, TEXTS, WHOLE, SWITCH, ANY, TEXT_MAP = "text", "list of texts", "whole number", "switch", "any", "map"

_OPTIONS = {"analytics_label": TEXT}

_NOTIFICATION = {"title": TEXT, "body": TEXT, "image": TEXT}

_ANDROID_NOTIFICATION = {
    **_NOTIFICATION,
    **dict.fromkeys(("icon", "color", "sound", "tag", "click_action", "channel_id", "ticker"), TEXT),
    **dict.fromkeys(("body_loc_key", "title_loc_key", "event_time", "image"), TEXT),
    **dict.fromkeys(("body_loc_args", "title_loc_args", "vibrate_timings"), TEXTS),
    **dict.fromkeys(("sticky", "local_only", "default_sound", "default_vibrate_timings"), SWITCH),
    **dict.fromkeys(("default_light_settings", "bypass_proxy_notification"), SWITCH),
    "notification_count": WHOLE,
    "notification_priority": TEXT,
    "visibility": TEXT,
    "proxy": TEXT,
    "light_settings": ANY,
}

_MESSAGE = {
    "fid": TEXT,
    "token": TEXT,
    "topic": TEXT,
    "condition": TEXT,
    "data": TEXT_MAP,
    "notification": _NOTIFICATION,
    "android": {
        "collapse_key": TEXT,
        "priority": TEXT,
        "ttl": TEXT,
        "restricted_package_name": TEXT,
        "data": TEXT_MAP,
        "notification": _ANDROID_NOTIFICATION,
        "fcm_options": _OPTIONS,
        "direct_boot_ok": SWITCH,
        "bandwidth_constrained_ok": SWITCH,
        "restricted_satellite_ok": SWITCH,
    },
    "webpush": {
        "headers": TEXT_MAP,
        "data": TEXT_MAP,
        "notification": ANY,
        "fcm_options": {"link": TEXT, **_OPTIONS},
    },
    "apns": {
        "headers": TEXT_MAP,
        "payload": ANY,
        "fcm_options": {"image": TEXT, **_OPTIONS},
        "live_activity_token": TEXT,
    },
    "fcm_options": _OPTIONS,
}


class Invalid(Exception):
    """A message that is refused. field: its path."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"[messages], {field}: {text}")
        self.field = field


def check_message(body: bytes) -> Mapping[str, Any]:
    """Return the message of a request. Raises Invalid."""
    try:
        request = json.loads(body)
    except ValueError:
        raise Invalid("", "must be JSON") from None
    _check(request, {"validate_only": SWITCH, "message": _MESSAGE}, "")
    message: dict[str, Any] = request.get("message", {})
    if sum(name in message for name in ("fid", "token", "topic", "condition")) != 1:
        raise Invalid("message", "exactly one of fid, token, topic and condition")
    for name in ("fid", "token"):
        if name in message and not message[name]:
            raise Invalid(f"message.{name}", "must not be empty")
    if "fid" in message and not re.fullmatch(r"[cdef][A-Za-z0-9_-]{21}", message["fid"]):
        raise Invalid("message.fid", "must be a Firebase installation ID")
    _check_data(message.get("data", {}))
    _check_android(message.get("android", {}))
    _check_apns(message)
    return message


def _check_data(data: Mapping[str, str]) -> None:
    for name in data:
        if name in ("from", "message_type") or name.startswith(("google.", "gcm.notification.")):
            raise Invalid(f"message.data[{name}]", "is a reserved word")
    size = sum(len(text.encode()) for pair in data.items() for text in pair)
    if size > MAX_BYTES:
        raise Invalid("message.data", f"{size} bytes; at most {MAX_BYTES} are allowed")


def _check_android(android: Mapping[str, Any]) -> None:
    if android.get("priority", "NORMAL").upper() not in ("NORMAL", "HIGH"):
        raise Invalid("message.android.priority", "must be NORMAL or HIGH")
    ttl = android.get("ttl", "0s")
    if not re.fullmatch(r"\d+(\.\d{1,9})?s", ttl) or float(ttl[:-1]) > MAX_TTL_SECONDS:
        raise Invalid("message.android.ttl", f"must be seconds such as 3.5s, at most {MAX_TTL_SECONDS}")


def _check_apns(message: Mapping[str, Any]) -> None:
    """What FCM hands on to APNs keeps to its rules."""
    apns = message.get("apns", {})
    payload = {**message.get("data", {}), **apns.get("payload", {})}
    if len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_BYTES:
        raise Invalid("message.apns.payload", "with `data` it is too big for APNs")
    aps = apns.get("payload", {}).get("aps", {})
    is_shown = "notification" in message or "alert" in aps
    if not is_shown and message.get("data") and apns.get("headers", {}).get("apns-priority", "5") == "10":
        raise Invalid("message.apns.headers", "data alone goes with apns-priority 5")
    if len(apns.get("headers", {}).get("apns-collapse-id", "").encode()) > 64:
        raise Invalid("message.apns.headers", "apns-collapse-id has 64 bytes at most")


def _check(value: Any, kind: Any, field: str) -> None:
    """Check the type of a value. An unknown field is refused, as by all of Google's services."""
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            raise Invalid(field, "must be an object")
        for name, part in value.items():
            snake = re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)  # both forms are taken
            if snake not in kind:
                raise Invalid(f"{field}.{name}".lstrip("."), "Unknown name: Cannot find field.")
            _check(part, kind[snake], f"{field}.{snake}".lstrip("."))
        return
    is_good = {
        TEXT: isinstance(value, str),
        TEXTS: isinstance(value, list) and all(isinstance(part, str) for part in value),
        WHOLE: isinstance(value, int) and not isinstance(value, bool),
        SWITCH: isinstance(value, bool),
        TEXT_MAP: isinstance(value, dict) and all(isinstance(part, str) for part in value.values()),
        ANY: isinstance(value, dict),
    }[kind]
    if not is_good:
        raise Invalid(field, f"must be a {kind}")
