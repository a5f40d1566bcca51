"""Renewals: a fresh token prolongs its user's open streams, on all instances.

Promises: a renewal whose message is lost ends no stream: the instance of the stream sends `expiring` again
before the token ends (`timers`), and the client renews again. A renewal by a token that was revoked meanwhile
does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lumen_notify.auth import Principal, Revocations
from lumen_notify.deliver.streams.registry import StreamRegistry


class Renewals:
    """Prolongs the streams of users. send: the backplane's."""

    def __init__(
        self,
        streams: StreamRegistry,
        revocations: Revocations,
        send: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._streams = streams
        self._revocations = revocations
        self._send = send

    def renew(self, principal: Principal) -> None:
        """Let the user's streams last until their token expires, if that is later."""
        self._streams.renew(principal.user_id, principal.expires_at)
        fields = {
            "user_id": principal.user_id,
            "issued_at": principal.issued_at,
            "expires_at": principal.expires_at,
        }
        self._send("renew", fields)

    def receive(self, fields: Mapping[str, Any]) -> None:
        """Do the same for a token that another instance has verified. Raises ValueError if the fields are not
        such a renewal."""
        match fields:
            case {"user_id": str(user_id), "issued_at": int(issued_at), "expires_at": int(expires_at)}:
                pass
            case _:
                raise ValueError("not a renewal")
        principal = Principal(user_id=user_id, issued_at=issued_at, expires_at=expires_at)
        if not self._revocations.is_revoked(principal):
            self._streams.renew(user_id, expires_at)
