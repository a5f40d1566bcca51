"""Registration: registers devices for push.

Promises: a token that names a device is of the user who has registered it last: nothing that an earlier owner
can list says to whom it has moved, and nothing of theirs goes with it; a token that is only text is a device
of each user who registers it (`devices.TOKENS_OF_ONE_DEVICE`); a device is registered only if its user's
token and session still count at COMMIT; a user has at most as many devices as is allowed, because one more
takes the place of a dropped one, else of the one that was registered longest ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.devices.devices import Device, DeviceKind, device_of, token_hash
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Unauthenticated
from lumen_notify.model import value


@value
class RegisterDevice:
    """Register a device, or register it again. The result: the Device; its id is `id` if it is a new one of
    this user.

    token: by which the provider knows it. p256dh, auth: its keys, base64url, or both None. session: the
    family of the log-in, None if there is none. issued_at: of the caller's token, in milliseconds.
    max_devices: of this user, at least 1.
    """

    id: str
    user_id: str
    provider: str
    token: str = field(repr=False)
    kind: DeviceKind | None = None
    name: str | None = None
    locale: str | None = None
    p256dh: str | None = None
    auth: str | None = field(default=None, repr=False)
    session: str | None = None
    issued_at: int
    max_devices: int

    @property
    def conflict_key(self) -> str:
        """At most one registration of a token per transaction."""
        return "device:" + self.token_hash

    @property
    def cost(self) -> Cost:
        """One row, with its token."""
        return Cost(rows=1, text_bytes=len(self.token) + len(self.name or ""))

    @property
    def token_hash(self) -> str:
        """What is unique for the device."""
        return token_hash(self.provider, self.token, self.user_id)


async def register_devices(tx: Transaction, commands: Sequence[RegisterDevice]) -> Sequence[object]:
    """Handle RegisterDevice: a `committer.Handler`. Answers the Device each, or Unauthenticated."""
    refused = await _refused(tx, commands)
    rows = [_row(one, tx.now) for n, one in enumerate(commands) if n not in refused]
    registered: dict[str, Device] = {}
    if rows:
        for token, *columns in await tx.run("register_devices", rows=rows):
            registered[token] = device_of(columns)
        kept = {one.user_id: one.max_devices for n, one in enumerate(commands) if n not in refused}
        tx.add(
            "delete_surplus_devices",
            rows=[{"user_id": user_id, "kept": most} for user_id, most in sorted(kept.items())],
        )
    return [
        _session_ended() if n in refused else registered[one.token_hash] for n, one in enumerate(commands)
    ]


async def _refused(tx: Transaction, commands: Sequence[RegisterDevice]) -> set[int]:
    rows = [
        {"n": n, "user_id": one.user_id, "session": one.session, "issued_at": one.issued_at}
        for n, one in enumerate(commands)
    ]
    return {n for (n,) in await tx.run("refused_registrations", rows=rows)}


def _row(one: RegisterDevice, now: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "user_id": one.user_id,
        "provider": one.provider,
        "token": one.token,
        "token_hash": one.token_hash,
        "kind": one.kind,
        "name": one.name,
        "locale": one.locale,
        "p256dh": one.p256dh,
        "auth": one.auth,
        "session": one.session,
        "now": now,
    }


def _session_ended() -> Unauthenticated:
    return Unauthenticated("This session has ended. Log in again.", code="token_revoked")
