"""Refusals: the three ways in which credentials fail, in words that never contain them.

`token_missing`, `token_invalid` and `token_expired` are stable codes, also for tickets and cookies. A client
with an expired token fetches a fresh one; with an invalid one it has nothing to come back for.
"""

from __future__ import annotations

import jwt

from lumen_notify.errors import Unauthenticated
from lumen_notify.model import rfc3339

# The first type that fits gives the text. PyJWT's own texts may quote parts of the token.
_TEXTS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.InvalidAudienceError, "is meant for another audience (`aud`)"),
    (jwt.InvalidIssuerError, "comes from another issuer (`iss`)"),
    (jwt.InvalidAlgorithmError, "is signed by an algorithm (`alg`) that does not fit the key"),
    (jwt.InvalidSignatureError, "has a signature that does not hold"),
    (jwt.InvalidKeyError, "names a key that is too weak or of another type"),
)


def missing() -> Unauthenticated:
    """Make the refusal of a request without credentials."""
    return Unauthenticated("A token is needed: `Authorization: Bearer <token>`.", code="token_missing")


def invalid(problem: str, *, noun: str = "token") -> Unauthenticated:
    """Make the refusal of a bad token. problem: what follows "The token "."""
    return Unauthenticated(f"The {noun} {problem}.", code="token_invalid")


def expired(at_ms: int, *, noun: str = "token") -> Unauthenticated:
    """Make the refusal of a token that was good until `at_ms`."""
    return Unauthenticated(f"The {noun} expired at {rfc3339(at_ms)}.", code="token_expired")


def from_jwt(error: jwt.PyJWTError, *, noun: str = "token") -> Unauthenticated:
    """Make a refusal of what PyJWT raised."""
    if isinstance(error, jwt.MissingRequiredClaimError):
        return invalid(f"lacks `{error.claim}`", noun=noun)
    text = next((text for kind, text in _TEXTS if isinstance(error, kind)), "is not a well-formed JWT")
    return invalid(text, noun=noun)
