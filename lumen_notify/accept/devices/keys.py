"""Keys: the public key and the secret of a device, for end-to-end encryption (RFC 8291, sections 2.1, 3.2).

Promise: a public key that is accepted is a point of the curve P-256: a push to the device can be encrypted.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pydantic import AfterValidator, Field

PUBLIC_KEY_BYTES = 65
"""An uncompressed point: 0x04 and two coordinates (SEC 1, section 2.3.3)."""

AUTH_BYTES = 16


def public_key(text: str) -> str:
    """Return a public key in base64url without padding. Raises ValueError if it is no point of P-256."""
    raw = _decode(text, PUBLIC_KEY_BYTES)
    if raw[0] != 4:
        raise ValueError(f"must be an uncompressed point of P-256: {PUBLIC_KEY_BYTES} bytes, the first one 4")
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    except ValueError:
        raise ValueError("must be a point of the curve P-256") from None
    return _encode(raw)


def auth_secret(text: str) -> str:
    """Return a secret in base64url without padding. Raises ValueError if it has not AUTH_BYTES."""
    return _encode(_decode(text, AUTH_BYTES))


def _decode(text: str, size: int) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size or set("+/").intersection(text):
        raise ValueError(f"must be {size} bytes in base64url")
    return raw


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


PublicKey = Annotated[
    str,
    AfterValidator(public_key),
    Field(max_length=88, json_schema_extra={"pattern": "^B[A-P][A-Za-z0-9_-]{85}=?$"}),
]
AuthSecret = Annotated[
    str,
    AfterValidator(auth_secret),
    Field(max_length=24, json_schema_extra={"pattern": "^[A-Za-z0-9_-]{22}(==)?$"}),
]
