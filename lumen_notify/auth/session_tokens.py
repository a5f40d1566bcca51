"""Session tokens: the access token (minutes) and the refresh token (a month) that a log-in returns.

    access token    a JWT like any other: verifying it needs no database
    refresh token   random; all refresh tokens of one log-in share a first part, and only the newest is valid

Promise: only the SHA-256 of a refresh token is stored, and no repr shows the token. A fast hash is enough,
because the token has 256 random bits; only passwords need a slow hash.

Not here: the session rows (`commit/accounts/sessions`).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable

from lumen_notify.auth.revocations import Revocations
from lumen_notify.auth.tokens import mint
from lumen_notify.model import value
from lumen_notify.settings import Secret

PREFIX = "lnr_"
"""Marks a refresh token, also for scanners that look for secrets in logs and repositories."""

FAMILY_BYTES = 16
SECRET_BYTES = 32

_TOKEN = re.compile(PREFIX + r"([A-Za-z0-9_-]{64})\Z")


@value
class RefreshToken:
    """A refresh token. family: SHA-256 of its first part, the same for one log-in. digest: SHA-256 of all."""

    text: Secret
    family: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """Parse a refresh token. Returns None if the text is not one of ours."""
        found = _TOKEN.match(text)
        return cls._of(base64.urlsafe_b64decode(found[1])) if found else None

    @classmethod
    def new(cls) -> RefreshToken:
        """Make the first refresh token of a log-in."""
        return cls._of(secrets.token_bytes(FAMILY_BYTES + SECRET_BYTES))

    def next(self) -> RefreshToken:
        """Make the refresh token that replaces this one."""
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
    """Mints access tokens that this server accepts. ttl_seconds: how long each is valid."""

    secret: Secret
    ttl_seconds: int
    audience: str | None
    issuer: str | None
    clock: Callable[[], int]
    revocations: Revocations

    def mint(self, user_id: str, *, session: str, display_name: str, avatar: str | None, scope: str) -> str:
        """Make an access token. session: the family of its refresh token. scope: separated by spaces, may be
        empty."""
        return mint(
            self.secret,
            user_id,
            ttl_seconds=self.ttl_seconds,
            scopes=scope.split(),
            display_name=display_name,
            avatar=avatar,
            audience=self.audience,
            issuer=self.issuer,
            clock=self.clock,
            not_before=self.revocations.not_before(user_id),
            session=session,
        )
