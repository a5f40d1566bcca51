"""Devices: reads the devices that a user has registered for push.

Promise: what is read here has no token and no key, so that no answer can contain one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

from lumen_notify.commit.database import Database
from lumen_notify.model import value

DeviceKind = Literal["mobile", "desktop", "tablet"]

TOKENS_OF_ONE_DEVICE = frozenset({"fcm", "apns", "webpush"})
"""The providers whose tokens name one device, and are known to it alone. A token of another provider is text
that several users may have."""

NEWEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""An id after all others (RFC 9562, section 5.10)."""


@value
class Device:
    """A device, as its user sees it. Times are milliseconds.

    is_encrypted: whether it has keys, so that only the device can read its pushes. registered_at: the last
    time. last_used_at: when the provider took the last push; None if it took none. failures: pushes in a row
    that the provider refused, and failure why it refused the last one. dropped_at: since when nothing is
    pushed to it; None if it gets pushes.
    """

    id: str
    provider: str
    kind: DeviceKind | None
    name: str | None
    locale: str | None
    is_encrypted: bool
    created_at: int
    registered_at: int
    last_used_at: int | None
    failures: int
    failure: str | None
    dropped_at: int | None


class Devices:
    """Reads committed devices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: str, *, before: str = NEWEST, limit: int) -> Sequence[Device]:
        """Read the devices before an id: newest first, at most limit."""
        rows = await self._database.fetch("list_devices", user_id=user_id, before=before, limit=limit)
        return [device_of(row) for row in rows]


def device_of(row: Sequence[Any]) -> Device:
    """Return the device of a row with the columns `device_columns`."""
    id_, provider, kind, name, locale, is_encrypted, created_at, registered_at, *used = row
    last_used_at, failures, failure, dropped_at = used
    return Device(
        id=id_,
        provider=provider,
        kind=kind,
        name=name,
        locale=locale,
        is_encrypted=bool(is_encrypted),
        created_at=created_at,
        registered_at=registered_at,
        last_used_at=last_used_at,
        failures=failures,
        failure=failure,
        dropped_at=dropped_at,
    )


def token_hash(provider: str, token: str, user_id: str) -> str:
    """Return what is unique for a device: SHA-256 of its provider and its token, and of its user unless the
    token names one device. Neither a provider nor a token has a line feed."""
    owner = "" if provider in TOKENS_OF_ONE_DEVICE else f"\n{user_id}"
    return hashlib.sha256(f"{provider}\n{token}{owner}".encode()).hexdigest()
