"""Device requests: devices and their keys, as clients send them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sites import Site

from ..talk import done

DEVICES = "/api/v1/devices"
CONFIG = "/api/v1/push/config"

KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
"""Those of RFC 8291, section 5."""


def subscription(path: str = "1", **fields: Any) -> dict[str, Any]:
    """Make what PushSubscription.toJSON() makes."""
    return {"endpoint": f"https://push.example/{path}", "expirationTime": None, "keys": KEYS, **fields}


def webpush(path: str = "1", **fields: Any) -> dict[str, Any]:
    return {"provider": "webpush", "subscription": subscription(path), **fields}


def phone(text: Any = "a:b_c-1", /, **fields: Any) -> dict[str, Any]:
    """Make a device that needs no service. text: its token."""
    return {"provider": "log", "token": text, **fields}


async def listed(site: Site, user: str) -> list[Any]:
    items: list[Any] = (await done(site, user, "GET", DEVICES))["items"]
    return items


def quiet_now() -> dict[str, str]:
    """Return quiet hours that have begun an hour ago, and last for another one."""
    now = dt.datetime.now(dt.UTC)
    hours = [(now + dt.timedelta(hours=n)).strftime("%H:%M") for n in (-1, 1)]
    return {"from": hours[0], "to": hours[1], "time_zone": "UTC"}
