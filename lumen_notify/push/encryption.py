"""Encryption: a payload that only the device can read (RFC 8291), for any provider.

Promises: one record of the content encoding `aes128gcm` (RFC 8188); a new key pair and a new salt for each
message; the length is one of a few, so that it says little about the content.

It uses `cryptography`, which tokens need too: the package `webpush` has no encryption without VAPID,
`pywebpush` brings two HTTP clients, and `http-ece` is without type hints and for obsolete encodings too. The
tests decrypt with the latter.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MAX_ENCRYPTED_BYTES = 4096
"""What a push service must take (RFC 8030, 7.2)."""

OVERHEAD_BYTES = 86 + 1 + 16
"""The header, the delimiter and the tag (RFC 8291, 4)."""

MAX_CONTENT_BYTES = MAX_ENCRYPTED_BYTES - OVERHEAD_BYTES

PADDING_BYTES = 128
"""Content is padded to a multiple of this, or to MAX_CONTENT_BYTES."""

SALT_BYTES = 16

AUTH_BYTES = 16

_POINT_BYTES = 65

_RECORD_BYTES = MAX_ENCRYPTED_BYTES.to_bytes(4, "big")


class InvalidKeys(ValueError):
    """The keys of a device are no point of the curve P-256 and 16 bytes, in base64url."""


class DeviceKeys:
    """The keys of a device, which it made by `PushManager.subscribe()` or likewise.

    p256dh: its public key, an uncompressed point of P-256. auth: the secret that it shares with senders. Both
    base64url, with or without padding. Raises InvalidKeys.
    """

    __slots__ = ("auth", "point", "public_key")

    def __init__(self, p256dh: str, auth: str) -> None:
        self.point, self.auth = _decode(p256dh), _decode(auth)
        if len(self.point) != _POINT_BYTES or len(self.auth) != AUTH_BYTES:
            raise InvalidKeys
        try:
            self.public_key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.point)
        except ValueError:
            raise InvalidKeys from None


def encrypt(content: bytes, *, p256dh: str, auth: str) -> bytes:
    """Return the content encrypted for a device: `encrypted_bytes(len(content))` bytes.

    content: at most MAX_CONTENT_BYTES. p256dh, auth: see `DeviceKeys`. Raises InvalidKeys.
    """
    return encrypt_with(
        _padded(content),
        keys=DeviceKeys(p256dh, auth),
        private_key=generate_private_key(SECP256R1()),
        salt=secrets.token_bytes(SALT_BYTES),
    )


def encrypted_bytes(content_bytes: int) -> int:
    """Return how long content of so many bytes is when it is encrypted."""
    steps = -(-content_bytes // PADDING_BYTES)
    return min(steps * PADDING_BYTES, MAX_CONTENT_BYTES) + OVERHEAD_BYTES


def max_content_bytes(max_bytes: int) -> int:
    """Return how long content may be that takes at most so many bytes when it is encrypted."""
    return min((max_bytes - OVERHEAD_BYTES) // PADDING_BYTES * PADDING_BYTES, MAX_CONTENT_BYTES)


def encrypt_with(
    padded: bytes, *, keys: DeviceKeys, private_key: EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    """Return one record, encrypted with this key pair and salt (RFC 8291, 3.4). padded: content, the
    delimiter, and the padding."""
    public_key = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = private_key.exchange(ECDH(), keys.public_key)
    key_material = _derive(32, keys.auth, shared, b"WebPush: info\0" + keys.point + public_key)
    key = _derive(16, salt, key_material, b"Content-Encoding: aes128gcm\0")
    nonce = _derive(12, salt, key_material, b"Content-Encoding: nonce\0")
    header = salt + _RECORD_BYTES + bytes([len(public_key)]) + public_key
    return header + AESGCM(key).encrypt(nonce, padded, None)


def _padded(content: bytes) -> bytes:
    if len(content) > MAX_CONTENT_BYTES:
        raise ValueError(f"content of {len(content)} bytes; at most {MAX_CONTENT_BYTES} can be encrypted")
    # The delimiter of the last record, then zeros (RFC 8188, 2).
    return (content + b"\x02").ljust(encrypted_bytes(len(content)) - OVERHEAD_BYTES + 1, b"\0")


def _derive(length: int, salt: bytes, material: bytes, context: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=context).derive(material)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), "-_", validate=True)
    except (ValueError, binascii.Error):
        raise InvalidKeys from None
