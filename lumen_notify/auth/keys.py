"""Keys: the keys that verify API tokens: a secret or a public key file.

Promise: the key alone determines the algorithm, never the token. So neither `alg: none` nor a public key used
as an HS256 secret can pass (RFC 8725, section 3.1). Not here: keys fetched from a URL (`jwks`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import MIN_SECRET_BYTES, Secret, variable

MIN_RSA_BITS = 2048
"""RFC 7518, section 3.3."""

Material = bytes | RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its only algorithm."""

    material: Material
    algorithm: str


class KeySource(Protocol):
    """Finds the key of an API token."""

    async def key_for(self, token: str) -> Key:
        """Return the key that must have signed the token.

        Raises Unauthenticated (no such key, or the token is not a JWT) and Unavailable.
        """

    async def check(self) -> None:
        """Raise Unavailable if the keys cannot be had."""


class OneKey:
    """A KeySource with one key, used for every token."""

    def __init__(self, key: Key) -> None:
        self._key = key

    async def key_for(self, token: str) -> Key:  # noqa: ARG002 - required by KeySource
        """Return the key."""
        return self._key

    async def check(self) -> None:
        """Do nothing: the key is here."""


def secret_key(secret: Secret | str) -> Key:
    """Make an HS256 key. Raises Misconfigured if the secret is too short, or is a public or private key:
    anyone can sign with a public one."""
    name = variable("jwt_secret")
    material = (secret.reveal() if isinstance(secret, Secret) else secret).encode()
    if len(material) < MIN_SECRET_BYTES:
        raise Misconfigured(
            [(name, f"is {len(material)} bytes long; HS256 needs at least {MIN_SECRET_BYTES}")]
        )
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(material)
    except jwt.InvalidKeyError:
        problem = (
            "contains a public or private key; use " + variable("jwt_public_key_file") + " for a key file"
        )
        raise Misconfigured([(name, problem)]) from None
    return Key(material, "HS256")


def public_key(path: Path) -> Key:
    """Read a PEM public key: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA). Raises Misconfigured."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise _bad_file(f"cannot be read: {error.strerror}") from None
    try:
        material = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        is_private = b"PRIVATE KEY" in pem
        raise _bad_file(
            "must contain a public key, not a private key" if is_private else "must contain a PEM public key"
        ) from None
    key = typed_key(material)
    if key is None:
        raise _bad_file(
            f"must contain an RSA key of at least {MIN_RSA_BITS} bits, a P-256 key or an Ed25519 key"
        )
    return key


def typed_key(material: object) -> Key | None:
    """Pair a public key with its algorithm. Returns None if it is private, too weak or of an unsupported
    type."""
    match material:
        case RSAPublicKey() if material.key_size >= MIN_RSA_BITS:
            return Key(material, "RS256")
        case EllipticCurvePublicKey() if isinstance(material.curve, SECP256R1):
            return Key(material, "ES256")
        case Ed25519PublicKey():
            return Key(material, "EdDSA")
        case _:
            return None


def _bad_file(problem: str) -> Misconfigured:
    return Misconfigured([(variable("jwt_public_key_file"), problem)])
