"""What APNs takes as a payload: "Generating a remote notification" [payload] and "Pushing background updates
to your App" [background]."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .apns_rules import Broken

MAX_BYTES = {"voip": 5120}
"""[sending]: 4,096 bytes, but 5,120 of voip."""

APS = {
    "alert": (str, dict),
    "badge": (int,),
    "sound": (str, dict),
    "thread-id": (str,),
    "category": (str,),
    "content-available": (int,),
    "mutable-content": (int,),
    "target-content-id": (str,),
    "interruption-level": (str,),
    "relevance-score": (int, float),
    "filter-criteria": (str,),
    "stale-date": (int,),
    "content-state": (dict,),
    "timestamp": (int,),
    "event": (str,),
}
"""[payload], table 1. Apple's own ignores other names; here they would hide an error of ours."""

ALERT = {
    **dict.fromkeys(("title", "subtitle", "body", "launch-image", "title-loc-key"), (str,)),
    **dict.fromkeys(("subtitle-loc-key", "loc-key"), (str,)),
    **dict.fromkeys(("title-loc-args", "subtitle-loc-args", "loc-args"), (list,)),
}
"""[payload], table 2."""

LEVELS = ("passive", "active", "time-sensitive", "critical")


def check_payload(body: bytes, *, push_type: str, priority: str) -> None:
    """Check a request's body. Raises Broken."""
    if len(body) > MAX_BYTES.get(push_type, 4096):
        raise Broken("PayloadTooLarge", f"[payload]: {len(body)} bytes")
    aps = _aps(body)
    _check_types(aps, APS)
    if isinstance(aps.get("alert"), dict):
        _check_types(aps["alert"], ALERT)
    if aps.get("interruption-level", "active") not in LEVELS:
        raise Broken("PayloadEmpty", "[payload]: `interruption-level`")
    interacts = [name for name in ("alert", "badge", "sound") if name in aps]
    if push_type == "alert" and not interacts:
        raise Broken("InvalidPushType", "[sending]: `alert` is for an alert, badge or sound")
    if push_type == "background":
        if aps.get("content-available") != 1 or interacts:
            raise Broken("InvalidPushType", "[background]: content-available without alert, badge, sound")
        if priority != "5":
            raise Broken("BadPriority", "[sending], `apns-push-type` background: priority 5")


def _aps(body: bytes) -> Mapping[str, Any]:
    try:
        payload = json.loads(body)
    except ValueError:
        payload = None
    if not isinstance(payload, dict) or not isinstance(payload.get("aps"), dict):
        raise Broken("PayloadEmpty", "[payload]: a JSON dictionary with `aps`")
    result: Mapping[str, Any] = payload["aps"]
    return result


def _check_types(part: Mapping[str, Any], types: Mapping[str, tuple[type, ...]]) -> None:
    for name, value in part.items():
        if name not in types or not isinstance(value, types[name]) or isinstance(value, bool):
            raise Broken("PayloadEmpty", f"[payload]: `{name}`")
