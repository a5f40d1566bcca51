"""Refusals: the errors for missing, invalid and expired credentials. Their messages never contain these.

The codes `token_missing`, `token_invalid`, `token_expired` and `token_revoked` are stable, for tickets and
cookies too. A client can fetch a fresh token after `token_expired`; after `token_invalid` it should not
retry; after `token_revoked` the user must log in.
"""

from __future__ import annotations

from datetime import UTC, datetime

from lumen_notify.errors import Unauthenticated

MALFORMED = "is not a well-formed JWT"
OTHER_ALGORITHM = "is signed with an algorithm (`alg`) that does not match the key"
BAD_SIGNATURE = "has an invalid signature"
OTHER_AUDIENCE = "is for another audience (`aud`)"
OTHER_ISSUER = "is from another issuer (`iss`)"


def missing() -> Unauthenticated:
    """Return the error for a request without credentials."""
    return Unauthenticated("A token is required: `Authorization: Bearer <token>`.", code="token_missing")


def invalid(problem: str, *, noun: str = "token") -> Unauthenticated:
    """Return the error for invalid credentials. problem: the predicate after "The token"."""
    return Unauthenticated(f"The {noun} {problem}.", code="token_invalid")


def expired(at_ms: int, *, noun: str = "token") -> Unauthenticated:
    """Return the error for credentials that expired at `at_ms`, in milliseconds since 1970."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return Unauthenticated(f"The {noun} expired at {at:%Y-%m-%d %H:%M:%S} UTC.", code="token_expired")


def revoked(*, noun: str = "token") -> Unauthenticated:
    """Return the error for credentials from before a log-out everywhere or a new password."""
    return Unauthenticated(
        f"The {noun} is from before its user logged out everywhere or changed the password. Log in again.",
        code="token_revoked",
    )
