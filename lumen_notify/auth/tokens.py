"""Tokens: verify API tokens, mint them, and read them from an Authorization header.

Promise: only a token with a valid signature, audience, issuer, type and times yields a principal. Verifying
the same token again costs a hash and a dictionary lookup, and still checks its expiry to the millisecond.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import jwt

from lumen_notify.auth import claims
from lumen_notify.auth.jwks import JwksClient
from lumen_notify.auth.keys import KeySource, OneKey, public_key, secret_key
from lumen_notify.auth.principal import Principal
from lumen_notify.auth.refusals import expired, missing
from lumen_notify.auth.revocations import Revocations
from lumen_notify.errors import Invalid, Misconfigured, Unauthenticated
from lumen_notify.model import now_ms
from lumen_notify.settings import Secret, Settings, variable

MAX_VERIFIED_TOKENS = 20_000
"""Verified tokens kept in memory, about 250 bytes each. Enough for one per connected user: when all reconnect
at once, a lookup takes a fortieth of the time of a verification."""

DIGEST_BYTES = 16
"""Length of the kept prefix of a token's SHA-256. 128 bits make a second preimage infeasible."""

TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
"""The `typ` of access tokens: RFC 7519, section 5.1, and RFC 9068, section 2.1. Excludes our own tickets and,
for example, an issuer's logout tokens."""


class Verifier:
    """Verifies API tokens and returns their principals.

    audience: the value that `aud` must contain; None means that a token must have no `aud` (RFC 7519, section
    4.1.3). issuer: the required `iss`; None accepts any. leeway_seconds: tolerated clock difference to the
    issuer.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        audience: str | None = None,
        issuer: str | None = None,
        leeway_seconds: float = 0,
        clock: Callable[[], int] = now_ms,
        revocations: Revocations | None = None,
        max_verified: int = MAX_VERIFIED_TOKENS,
    ) -> None:
        self._keys = keys
        self._audience = audience
        self._issuer = issuer
        self._leeway_ms = round(leeway_seconds * 1000)
        self._clock = clock
        self._revocations = revocations or Revocations()
        self._max_verified = max_verified
        # Keyed by the token's SHA-256, so that no token stays in memory; least recently used first. A plain
        # dict keeps insertion order and needs half the memory of an OrderedDict.
        self._verified: dict[bytes, Principal] = {}

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        clock: Callable[[], int] = now_ms,
        revocations: Revocations | None = None,
    ) -> Verifier:
        """Make a verifier from the settings. Raises Misconfigured if no key is set or the key is unusable."""
        keys: KeySource
        if settings.jwt_secret is not None:
            keys = OneKey(secret_key(settings.jwt_secret))
        elif settings.jwt_public_key_file is not None:
            keys = OneKey(public_key(settings.jwt_public_key_file))
        elif settings.jwt_jwks_url is not None:
            keys = JwksClient(settings.jwt_jwks_url)
        else:
            raise Misconfigured([(variable("jwt_secret"), "must be set, or another key setting")])
        return cls(
            keys,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            leeway_seconds=settings.jwt_leeway_seconds,
            clock=clock,
            revocations=revocations,
        )

    async def verify(self, token: str | None) -> Principal:
        """Return the token's principal. token: None or empty if the request has none.

        Raises Unauthenticated (`token_missing`, `token_invalid`, `token_expired`, `token_revoked`), and
        Unavailable if the key server is needed and does not answer.
        """
        if not token:
            raise missing()
        raw = claims.to_ascii(token)
        digest = hashlib.sha256(raw).digest()[:DIGEST_BYTES]
        principal = self._verified.pop(digest, None)
        if principal is None:
            principal = await self._verify(token, raw)
        self.check(principal)
        self._verified[digest] = principal
        if len(self._verified) > self._max_verified:
            del self._verified[next(iter(self._verified))]
        return principal

    def check(self, principal: Principal) -> None:
        """Raise Unauthenticated if the token of a verified principal has expired since, or was revoked."""
        if self._clock() >= principal.expires_at:
            raise expired(principal.expires_at)
        self._revocations.check(principal)

    async def check_keys(self) -> None:
        """Fetch the keys if they are at an issuer. Raises Unavailable if the issuer does not answer."""
        await self._keys.check()

    async def _verify(self, token: str, raw: bytes) -> Principal:
        key = await self._keys.key_for(token)
        decoded = claims.decode(raw, key, types=TYPES, audience=self._audience, issuer=self._issuer)
        expires_at = claims.check_times(decoded, self._clock(), leeway_ms=self._leeway_ms)
        return claims.to_principal(decoded, expires_at)


def mint(
    secret: Secret | str,
    user_id: str,
    *,
    ttl_seconds: float,
    scopes: Iterable[str] = (),
    display_name: str | None = None,
    avatar: str | None = None,
    audience: str | None = None,
    issuer: str | None = None,
    clock: Callable[[], int] = now_ms,
    not_before: int = 0,
    session: str | None = None,
) -> str:
    """Make an HS256 token that is valid for `ttl_seconds`, plus the verifier's leeway.

    display_name, avatar, audience, issuer: None leaves the claim out. not_before: milliseconds; the token is
    issued then, if that is later than now. session: the log-in that the token is of, None for none. Raises
    Invalid if no verifier would take the token, as for a user id of more than 128 characters, and
    Misconfigured if the secret is too short.
    """
    now = clock()
    expires_at = now + round(ttl_seconds * 1000)
    principal = Principal(
        user_id=user_id,
        display_name=display_name,
        avatar=avatar,
        scopes=frozenset(scopes),
        expires_at=expires_at,
    )
    payload = {
        **claims.from_principal(principal),
        "iat": max(now, not_before) / 1000,
        "exp": expires_at / 1000,
        **({"aud": audience} if audience is not None else {}),
        **({"iss": issuer} if issuer is not None else {}),
        **(claims.of_session(session) if session is not None else {}),
    }
    secret_key(secret)
    text = secret.reveal() if isinstance(secret, Secret) else secret
    try:
        claims.to_principal(payload, expires_at)
        token = jwt.encode(payload, text, algorithm="HS256")
        claims.to_ascii(token)
    except Unauthenticated as error:
        raise Invalid(error.message) from None
    return token


def bearer(header_value: str | None) -> str | None:
    """Return the token of an `Authorization: Bearer ...` header (RFC 6750, section 2.1), or None.

    header_value: None if the request has no such header.
    """
    scheme, _, token = (header_value or "").strip(" \t").partition(" ")
    return token.strip(" \t") or None if scheme.lower() == "bearer" else None
