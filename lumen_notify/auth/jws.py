"""JWS: the compact form of a signed token: parse it and verify its signature (RFC 7515, section 7.1).

The signature itself is PyJWT's part. PyJWT can do all of it, in twice the time: it prepares the key anew for
each token, and looks at each character in Python. Every stream that opens with a new token waits for that.

Promise: for any input the only error is Malformed or BadSignature, and neither contains any of the input.
"""

from __future__ import annotations

import binascii
import json
from typing import Any, NamedTuple

import jwt

from lumen_notify.auth.keys import Key

_TO_BASE64 = bytes.maketrans(b"-_+/", b"+/!!")
"""From the URL-safe alphabet to the usual one (RFC 4648, section 5)."""


class Malformed(Exception):
    """The text is not a signed token that this server reads."""


class BadSignature(Exception):
    """The signature is not that of the key. is_other_algorithm: it need not even be looked at."""

    def __init__(self, *, is_other_algorithm: bool = False) -> None:
        super().__init__()
        self.is_other_algorithm = is_other_algorithm


class Token(NamedTuple):
    """A verified token: its header and its claims, both JSON objects."""

    header: dict[str, Any]
    claims: dict[str, Any]


def header_of(token: bytes) -> dict[str, Any]:
    """Return the header of a token whose signature is not verified. Raises Malformed."""
    first, _, _ = _segments(token)
    return _checked_header(first)


def verified(token: bytes, key: Key) -> Token:
    """Verify a token; return its content. Raises Malformed, BadSignature.

    The algorithm comes from the key; the token's header must agree with it (RFC 8725, section 3.1).
    """
    first, second, third = _segments(token)
    header = _checked_header(first)
    claims, signature = _decoded(second), _decoded(third)
    if header.get("alg") != key.algorithm:
        raise BadSignature(is_other_algorithm=True)
    signed = token[: len(first) + 1 + len(second)]
    if not jwt.get_algorithm_by_name(key.algorithm).verify(signed, key.material, signature):
        raise BadSignature
    return Token(header, _object(claims))


def _segments(token: bytes) -> list[bytes]:
    segments = token.split(b".")
    if len(segments) != 3:
        raise Malformed
    return segments


def _checked_header(segment: bytes) -> dict[str, Any]:
    header = _object(_decoded(segment))
    # No extension is supported, so none may be critical (RFC 7515, section 4.1.11; RFC 7797, section 3).
    if "crit" in header or header.get("b64", True) is not True:
        raise Malformed
    if not isinstance(header.get("kid", ""), str):
        raise Malformed
    return header


def _decoded(segment: bytes) -> bytes:
    """Decode URL-safe base64, with or without padding. Only the canonical form is accepted."""
    text = segment.translate(_TO_BASE64)
    text += b"=" * (-len(text) % 4)
    try:
        decoded = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise Malformed from None
    if binascii.b2a_base64(decoded, newline=False) != text:
        raise Malformed
    return decoded


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text.decode())  # UTF-8 alone (RFC 7515, section 3)
    except (ValueError, RecursionError):
        raise Malformed from None
    if not isinstance(found, dict):
        raise Malformed
    return found
