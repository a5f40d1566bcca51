"""Refusals: stable codes, messages that are sentences, and nothing of PyJWT's own messages."""

from __future__ import annotations

import jwt
import pytest

from lumen_notify.auth.refusals import expired, from_jwt, invalid, missing


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (missing(), "token_missing", "A token is required: `Authorization: Bearer <token>`."),
        (invalid("is not a JWT"), "token_invalid", "The token is not a JWT."),
        (invalid("is not a JWT", noun="ticket"), "token_invalid", "The ticket is not a JWT."),
        (expired(0), "token_expired", "The token expired at 1970-01-01T00:00:00.000Z."),
    ],
    ids=["missing", "invalid", "another noun", "expired"],
)
def test_a_refusal_has_a_stable_code_and_a_sentence(error: Exception, code: str, message: str) -> None:
    assert (getattr(error, "code", None), str(error)) == (code, message)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (jwt.InvalidAudienceError("secret part"), "`aud`"),
        (jwt.InvalidIssuerError("secret part"), "`iss`"),
        (jwt.InvalidAlgorithmError("secret part"), "`alg`"),
        (jwt.InvalidSignatureError("secret part"), "signature"),
        (jwt.InvalidKeyError("secret part"), "too weak"),
        (jwt.MissingRequiredClaimError("exp"), "has no `exp`"),
        (jwt.DecodeError("secret part"), "not a well-formed JWT"),
        (jwt.PyJWTError("secret part"), "not a well-formed JWT"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_pyjwt_error_becomes_our_own_text(error: jwt.PyJWTError, part: str) -> None:
    refusal = from_jwt(error)
    assert refusal.code == "token_invalid"
    assert part in refusal.message
    assert "secret part" not in refusal.message
