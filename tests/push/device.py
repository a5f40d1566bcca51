"""Device: the keys of a browser or an app. It decrypts with `http-ece`, which is not ours."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Device:
    """p256dh, auth: its keys, as it registers them."""

    def __init__(self) -> None:
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.secret = secrets.token_bytes(16)
        point = self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.p256dh = base64url(point)
        self.auth = base64url(self.secret)

    def decrypt(self, encrypted: bytes) -> bytes:
        """Return the content. Raises an error of `http_ece` or `cryptography`."""
        content: bytes = http_ece.decrypt(
            encrypted, private_key=self.private_key, auth_secret=self.secret, version="aes128gcm"
        )
        return content

    def payload(self, encrypted: bytes) -> Any:
        """Return the content, read as JSON."""
        return json.loads(self.decrypt(encrypted))


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
