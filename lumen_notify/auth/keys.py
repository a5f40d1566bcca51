"""Keys: what API tokens are verified with: a secret, a public key file, or a key server.

Promise: which algorithm goes with a key follows from the key alone, never from a token. So neither
`alg: none` nor a public key taken for the secret of HS256 can pass (RFC 8725, section 3.1).
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
    """A key and the one algorithm that it is used with."""

    material: Material
    algorithm: str


class KeySource(Protocol):
    """Whatever knows the keys of API tokens."""

    async def key_for(self, token: str) -> Key:
        """Return the key that must have signed the token.

        Raises Unauthenticated (there is none, or the token is no JWT) and Unavailable.
        """


class OneKey:
    """The source of a server with one key: it is the key of every token."""

    def __init__(self, key: Key) -> None:
        self._key = key

    async def key_for(self, token: str) -> Key:  # noqa: ARG002 - what KeySource asks for
        """Return the key."""
        return self._key


def secret_key(secret: Secret | str) -> Key:
    """Make the key of HS256. Raises Misconfigured: it is too short, or a key of another kind, such as a
    public one, with which everybody could sign."""
    name = variable("jwt_secret")
    material = (secret.reveal() if isinstance(secret, Secret) else secret).encode()
    if len(material) < MIN_SECRET_BYTES:
        raise Misconfigured([(name, f"is {len(material)} bytes long; HS256 needs {MIN_SECRET_BYTES}")])
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(material)
    except jwt.InvalidKeyError:
        problem = "holds a public or private key; name its file in " + variable("jwt_public_key_file")
        raise Misconfigured([(name, problem)]) from None
    return Key(material, "HS256")


def public_key(path: Path) -> Key:
    """Read a public key in PEM: RSA makes it RS256, P-256 ES256, Ed25519 EdDSA. Raises Misconfigured."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise _unfit_file(f"cannot be read: {error.strerror}") from None
    try:
        material = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        is_private = b"PRIVATE KEY" in pem
        raise _unfit_file(
            f"must hold a {'public, not a private key' if is_private else 'PEM public key'}"
        ) from None
    key = typed_key(material)
    if key is None:
        raise _unfit_file(f"must hold an RSA key of at least {MIN_RSA_BITS} bits, a P-256 or an Ed25519 key")
    return key


def typed_key(material: object) -> Key | None:
    """Pair a public key with its algorithm; None if it is private, too weak, or of a kind not used here."""
    match material:
        case RSAPublicKey() if material.key_size >= MIN_RSA_BITS:
            return Key(material, "RS256")
        case EllipticCurvePublicKey() if isinstance(material.curve, SECP256R1):
            return Key(material, "ES256")
        case Ed25519PublicKey():
            return Key(material, "EdDSA")
        case _:
            return None


def _unfit_file(problem: str) -> Misconfigured:
    return Misconfigured([(variable("jwt_public_key_file"), problem)])
