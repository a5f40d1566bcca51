"""Sessions: what a log-in is given: an access token for a few minutes, a refresh token for a month.

    access token    a JWT like any other, so that nothing but its signature has to be looked at
    refresh token   random; all those of one log-in begin alike, and only the newest is good

Promise: of a refresh token only its SHA-256 is ever stored, and no repr shows it. That is enough: it is 256
bits of chance, which nobody guesses (unlike a password, which has to be hashed slowly).

Not here: the rows (`commit/sessions`).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable

from lumen_notify.auth.tokens import mint
from lumen_notify.model import value
from lumen_notify.settings import Secret

PREFIX = "lnr_"
"""Tells a refresh token from all else, also to whoever looks for secrets in logs and repositories."""

FAMILY_BYTES = 16
SECRET_BYTES = 32

_TOKEN = re.compile(PREFIX + r"([A-Za-z0-9_-]{64})\Z")


@value
class RefreshToken:
    """A refresh token. family: SHA-256 of its first part, one for all of a log-in. digest: SHA-256 of all."""

    text: Secret
    family: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """Read one; None if none of ours looks so."""
        found = _TOKEN.match(text)
        return cls._of(base64.urlsafe_b64decode(found[1])) if found else None

    @classmethod
    def new(cls) -> RefreshToken:
        """Make the first of a log-in."""
        return cls._of(secrets.token_bytes(FAMILY_BYTES + SECRET_BYTES))

    def next(self) -> RefreshToken:
        """Make the one that takes this one's place."""
        raw = base64.urlsafe_b64decode(self.text.reveal().removeprefix(PREFIX))
        return self._of(raw[:FAMILY_BYTES] + secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def _of(cls, raw: bytes) -> RefreshToken:
        return cls(
            text=Secret(PREFIX + base64.urlsafe_b64encode(raw).decode()),
            family=hashlib.sha256(raw[:FAMILY_BYTES]).hexdigest(),
            digest=hashlib.sha256(raw).hexdigest(),
        )


@value
class AccessTokens:
    """Mints access tokens that the server's own verifier takes. ttl_seconds: how long one is good."""

    secret: Secret
    ttl_seconds: int
    audience: str | None
    issuer: str | None
    clock: Callable[[], int]

    def mint(self, user_id: str, *, username: str, avatar: str | None, scope: str) -> str:
        """Make one. scope: split by spaces, may be empty."""
        return mint(
            self.secret,
            user_id,
            ttl_seconds=self.ttl_seconds,
            scopes=scope.split(),
            username=username,
            avatar=avatar,
            audience=self.audience,
            issuer=self.issuer,
            clock=self.clock,
        )
