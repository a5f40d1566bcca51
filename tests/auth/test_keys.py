"""Keys: each type has exactly one algorithm; files without a usable key are misconfigured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from lumen_notify.auth import Verifier, mint
from lumen_notify.auth.keys import public_key, secret_key
from lumen_notify.errors import Misconfigured, Unauthenticated
from lumen_notify.settings import Settings

if TYPE_CHECKING:
    from auth.conftest import Pair

CLAIMS = {"sub": "alice", "exp": 4_000_000_000}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_key_file_verifies_its_own_algorithm_and_no_other(
    pairs: dict[str, Pair], tmp_path: Path, algorithm: str
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pairs[algorithm].pem)
    verifier = Verifier.from_settings(Settings(jwt_public_key_file=path))

    assert (await verifier.verify(pairs[algorithm].sign(CLAIMS))).user_id == "alice"
    for pair in pairs.values():
        if pair.algorithm != algorithm:
            with pytest.raises(Unauthenticated, match="alg"):
                await verifier.verify(pair.sign(CLAIMS))
    with pytest.raises(Unauthenticated, match="signature"):
        await verifier.verify(type(pairs[algorithm])(algorithm).sign(CLAIMS))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_the_public_key_cannot_be_used_as_an_hs256_secret(
    pairs: dict[str, Pair], tmp_path: Path, algorithm: str
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pairs[algorithm].pem)
    verifier = Verifier.from_settings(Settings(jwt_public_key_file=path))
    hs256 = jwt.get_algorithm_by_name("HS256")
    head, payload, _ = mint("x" * 32, "alice", ttl_seconds=60).split(".")
    # PyJWT would not sign with a PEM; an attacker's program does.
    signature = hs256.sign(f"{head}.{payload}".encode(), pairs[algorithm].pem)
    token = f"{head}.{payload}.{jwt.utils.base64url_encode(signature).decode()}"

    with pytest.raises(Unauthenticated, match="alg"):
        await verifier.verify(token)


def test_a_public_key_as_the_secret_is_misconfigured(pairs: dict[str, Pair]) -> None:
    with pytest.raises(Misconfigured, match="LUMEN_JWT_PUBLIC_KEY_FILE"):
        secret_key(pairs["RS256"].pem.decode())


def _private_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _public_pem(private: Any) -> bytes:
    pem: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: b"", "PEM public key"),
        (lambda: b"\xff\x00 garbage", "PEM public key"),
        (_private_pem, "private"),
        (lambda: _public_pem(rsa.generate_private_key(65537, 1024)), "2048"),  # noqa: S505 - refused
        (lambda: _public_pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (lambda: _public_pem(dsa.generate_private_key(2048)), "Ed25519"),
    ],
    ids=["empty", "garbage", "private", "short RSA", "P-384", "DSA"],
)
def test_a_file_without_a_usable_public_key_is_misconfigured(tmp_path: Path, make: Any, word: str) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(make())

    with pytest.raises(Misconfigured, match=word) as caught:
        public_key(path)

    assert caught.value.problems[0][0] == "LUMEN_JWT_PUBLIC_KEY_FILE"


def test_a_missing_file_is_misconfigured(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        public_key(tmp_path / "missing.pem")
