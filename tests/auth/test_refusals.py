"""Refusals: stable codes, and messages that are sentences."""

from __future__ import annotations

import pytest

from lumen_notify.auth.refusals import expired, invalid, missing


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (missing(), "token_missing", "A token is required: `Authorization: Bearer <token>`."),
        (invalid("is not a JWT"), "token_invalid", "The token is not a JWT."),
        (invalid("is not a JWT", noun="ticket"), "token_invalid", "The ticket is not a JWT."),
        (expired(0), "token_expired", "The token expired at 1970-01-01 00:00:00 UTC."),
    ],
    ids=["missing", "invalid", "another noun", "expired"],
)
def test_a_refusal_has_a_stable_code_and_a_sentence(error: Exception, code: str, message: str) -> None:
    assert (getattr(error, "code", None), str(error)) == (code, message)
