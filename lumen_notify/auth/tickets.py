"""Tickets: short-lived replacements for a token, for the stream's URL and cookie.

    ticket   for the stream's URL; valid for TICKET_SECONDS, because URLs end up in logs and histories
    cookie   for a browser, so that its EventSource can reconnect; valid for COOKIE_SECONDS. A stream that it
             opens ends with it

Neither is valid for longer than its token, nor after the token's revocation, nor after a change of the key
that verifies tokens, of their audience or of their issuer.

Promise: both are signed with a key that all instances with the same settings share, and contain the
principal, so redeeming them needs no database. Ticket, cookie and API token differ in `typ` and `aud`, so
none is accepted in place of another.

Deliberate: a ticket can be used several times within TICKET_SECONDS. An EventSource that loses its first
response retries with the same URL, and tracking used tickets would need a store that all instances share.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import jwt

from lumen_notify.auth import claims
from lumen_notify.auth.keys import Key
from lumen_notify.auth.principal import Principal
from lumen_notify.auth.refusals import missing
from lumen_notify.auth.revocations import Revocations
from lumen_notify.errors import Unauthenticated
from lumen_notify.model import now_ms, to_json
from lumen_notify.settings import Settings

TICKET_SECONDS = 60

COOKIE_SECONDS = 86_400
"""Bounds what a stolen cookie of a long-lived token is good for."""

MAX_VALUE_BYTES = 3800
"""Browsers drop cookies of more than 4,096 bytes with name and attributes (RFC 6265, section 6.1)."""

MIN_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Kind:
    noun: str
    typ: str
    audience: str


_TICKET = _Kind("ticket", "lumen-ticket+jwt", "lumen-notify:ticket")
_COOKIE = _Kind("stream cookie", "lumen-cookie+jwt", "lumen-notify:stream-cookie")

_expiry = attrgetter("expires_at")


def signing_key(shared: bytes, settings: Settings) -> bytes:
    """Derive the key of tickets and cookies: another one for each way in which API tokens are verified.

    shared: random bytes that all instances share. Raises OSError if the file of the public key is gone.
    """
    secret = settings.jwt_secret.reveal() if settings.jwt_secret is not None else None
    file = settings.jwt_public_key_file
    verified_by = (
        secret,
        None if file is None else file.read_text("latin-1"),
        settings.jwt_jwks_url,
        settings.jwt_audience,
        settings.jwt_issuer,
    )
    return hmac.digest(shared, to_json(verified_by).encode(), "sha256")


class Tickets:
    """Issues and redeems tickets and cookies. key: at least MIN_KEY_BYTES random bytes, shared by all
    instances."""

    def __init__(
        self, key: bytes, clock: Callable[[], int] = now_ms, revocations: Revocations | None = None
    ) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"The ticket key is {len(key)} bytes long; it needs at least {MIN_KEY_BYTES}.")
        self._signing_key = key
        self._key = Key(key, "HS256")
        self._clock = clock
        self._revocations = revocations or Revocations()

    def issue(self, principal: Principal) -> str:
        """Make a ticket. It expires after TICKET_SECONDS, or with the principal if that is sooner."""
        return self._sign(
            _TICKET, principal, min(self._clock() + TICKET_SECONDS * 1000, principal.expires_at)
        )

    def redeem(self, text: str | None) -> Principal:
        """Return the ticket's principal, with the expiry of the original token. Raises Unauthenticated."""
        return self._open(_TICKET, text)

    def redeem_with_cookie(self, ticket: str, cookies: Sequence[str]) -> tuple[Principal, bool]:
        """Return the principal, and whether the ticket itself is still valid.

        When EventSource reconnects, it repeats the URL, whose ticket has expired by then. The cookie replaces
        it if both belong to the same user. cookies: a browser may have several. Raises Unauthenticated.
        """
        try:
            return self.redeem(ticket), True
        except Unauthenticated as error:
            if error.code != "token_expired":
                raise
            user_id = self._open(_TICKET, ticket, is_expiry_checked=False).user_id
            own = [one for one in self._valid(cookies, []) if one.user_id == user_id]
            if not own:
                raise
            return max(own, key=_expiry), False

    def cookie(self, principal: Principal) -> str:
        """Make the value of the stream's cookie; it needs no quoting."""
        expires_at = min(self._clock() + COOKIE_SECONDS * 1000, principal.expires_at)
        return self._sign(_COOKIE, replace(principal, expires_at=expires_at), expires_at)

    def from_cookies(self, cookies: Sequence[str]) -> Principal:
        """Return the principal of the cookie that is valid for the longest time, with the cookie's expiry.

        Raises Unauthenticated if none is valid.
        """
        refusals = [missing()]
        valid = self._valid(cookies, refusals)
        if not valid:
            raise refusals[-1]
        return max(valid, key=_expiry)

    def _valid(self, cookies: Sequence[str], refusals: list[Unauthenticated]) -> list[Principal]:
        valid = []
        for cookie in cookies:
            try:
                valid.append(self._open(_COOKIE, cookie))
            except Unauthenticated as error:
                refusals.append(error)
        return valid

    def _sign(self, kind: _Kind, principal: Principal, expires_at: int) -> str:
        payload = {
            **claims.from_principal(principal),
            "aud": kind.audience,
            "exp": expires_at / 1000,
            "until": principal.expires_at / 1000,
            "issued": principal.issued_at / 1000,
        }
        # Drop claims that a stream does not need until the value fits. The user id alone always fits.
        for dispensable in ("avatar", "name", "scope"):
            text = self._encode(kind, payload)
            if len(text) <= MAX_VALUE_BYTES:
                return text
            payload.pop(dispensable, None)
        return self._encode(kind, payload)

    def _encode(self, kind: _Kind, payload: dict[str, Any]) -> str:
        return jwt.encode(payload, self._signing_key, algorithm="HS256", headers={"typ": kind.typ})

    def _open(self, kind: _Kind, text: str | None, *, is_expiry_checked: bool = True) -> Principal:
        if not text:
            raise missing()
        raw = claims.to_ascii(text, noun=kind.noun)
        decoded = claims.decode(raw, self._key, types={kind.typ}, audience=kind.audience, noun=kind.noun)
        if is_expiry_checked:
            claims.check_times(decoded, self._clock(), noun=kind.noun)
        until = claims.time_ms(decoded, "until", noun=kind.noun)
        principal = claims.to_principal(decoded, until, issued="issued", noun=kind.noun)
        self._revocations.check(principal, noun=kind.noun)
        return principal
