"""VAPID: the key pair by which push services know this server, and the tokens that it signs (RFC 8292).

Promise: all instances on a database have the same pair, and it stays the same over restarts: browsers bind
their subscriptions to its public key.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings, variable

TOKEN_SECONDS = 12 * 3600
"""A push service refuses a token that is valid for more than 24 hours (RFC 8292, section 2). Half of that
leaves room for clocks that are wrong."""

RENEWAL_SECONDS = 6 * 3600
"""After this a new token is signed."""

MAX_TOKENS = 1000
"""Endpoints come from users, and so do their origins."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (NIST SP 800-186, section 3.2.1.3)."""


class Vapid:
    """A key pair. subject: where operators of push services reach those who run this server; None: not said.
    clock: the time in milliseconds."""

    def __init__(
        self, private_key: EllipticCurvePrivateKey, *, subject: str | None, clock: Callable[[], int]
    ) -> None:
        self._private_key = private_key
        self._subject = subject
        self._clock = clock
        self._tokens: OrderedDict[str, tuple[str, int]] = OrderedDict()  # origin: token, signed at
        point = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = base64.urlsafe_b64encode(point).rstrip(b"=").decode()
        """An uncompressed point in base64url: the `applicationServerKey` of a browser."""

    @classmethod
    def from_settings(cls, settings: Settings, shared_key: bytes, clock: Callable[[], int]) -> Vapid:
        """Return the pair of LUMEN_PUSH_VAPID_KEY_FILE; without it one that is derived from a key that all
        instances on a database share. Raises Misconfigured."""
        path = settings.push_vapid_key_file
        private_key = _derived(shared_key) if path is None else _read(path)
        return cls(private_key, subject=settings.push_vapid_subject, clock=clock)

    def authorization(self, endpoint: str) -> str:
        """Return the header `Authorization` of requests to an endpoint (RFC 8292, section 3)."""
        return f"vapid t={self._token(_origin(endpoint))}, k={self.public_key}"

    def _token(self, origin: str) -> str:
        now = self._clock() // 1000
        token, signed_at = self._tokens.get(origin, ("", 0))
        if not 0 <= now - signed_at < RENEWAL_SECONDS:
            token, signed_at = self._sign(origin, now), now
        self._tokens[origin] = (token, signed_at)
        self._tokens.move_to_end(origin)
        if len(self._tokens) > MAX_TOKENS:
            self._tokens.popitem(last=False)
        return token

    def _sign(self, origin: str, now: int) -> str:
        claims: dict[str, Any] = {"aud": origin, "exp": now + TOKEN_SECONDS}
        if self._subject is not None:
            claims["sub"] = self._subject
        return jwt.encode(claims, self._private_key, algorithm="ES256")


def new_key_pem() -> str:
    """Return a new private key as PEM (PKCS #8), for LUMEN_PUSH_VAPID_KEY_FILE."""
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _derived(shared_key: bytes) -> EllipticCurvePrivateKey:
    """FIPS 186-5, A.2.1: 64 bits more than the order has, so that all keys are equally likely."""
    extended = HKDF(algorithm=SHA256(), length=40, salt=None, info=b"lumen-notify VAPID").derive(shared_key)
    return derive_private_key(int.from_bytes(extended, "big") % (_ORDER - 1) + 1, SECP256R1())


def _read(path: Path) -> EllipticCurvePrivateKey:
    name = variable("push_vapid_key_file")
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise Misconfigured([(name, f"cannot be read: {error.strerror}")]) from None
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        problem = "must contain a private key as PEM, without a password; `lumen-notify vapid` makes one"
        raise Misconfigured([(name, problem)]) from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise Misconfigured([(name, "must contain a key of the curve P-256; `lumen-notify vapid` makes one")])
    return key


def _origin(endpoint: str) -> str:
    """RFC 6454, section 6.2: without a default port, in lower case."""
    url = httpx.URL(endpoint)
    return f"{url.scheme}://{url.netloc.decode('ascii').lower()}"
