"""APNs tokens: one for all requests, renewed when Apple wants it."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from lumen_notify.push.apns_tokens import ApnsTokens, UnusableFile, read_key

KEY = ec.generate_private_key(ec.SECP256R1())


class Clocks:
    def __init__(self) -> None:
        self.wall_seconds = 1_800_000_000.0
        self.monotonic_seconds = 50.0

    def pass_time(self, seconds: float) -> None:
        self.wall_seconds += seconds
        self.monotonic_seconds += seconds

    def tokens(self) -> ApnsTokens:
        return ApnsTokens(
            KEY,
            key_id="KEY",
            team_id="TEAM",
            clock=lambda: int(self.wall_seconds * 1000),
            monotonic=lambda: self.monotonic_seconds,
        )


def claims_of(token: str) -> dict[str, object]:
    options = {"verify_iat": False}
    claims: dict[str, object] = jwt.decode(token, KEY.public_key(), algorithms=["ES256"], options=options)  # type: ignore[arg-type]
    return claims


def test_token_names_key_team_and_time() -> None:
    token = Clocks().tokens().token()
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "KEY", "typ": "JWT"}
    assert claims_of(token) == {"iss": "TEAM", "iat": 1_800_000_000}


def test_token_is_renewed_between_20_and_60_minutes() -> None:
    clocks = Clocks()
    tokens = clocks.tokens()
    first = tokens.token()
    clocks.pass_time(20 * 60)
    assert tokens.token() == first
    clocks.pass_time(39 * 60)
    assert claims_of(tokens.token())["iat"] == 1_800_000_000 + 59 * 60


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_token_is_renewed_after_the_clock_was_set(seconds: float) -> None:
    clocks = Clocks()
    tokens = clocks.tokens()
    first = tokens.token()
    clocks.wall_seconds += seconds
    assert tokens.token() != first


def test_expired_token_is_renewed_once_in_20_minutes() -> None:
    clocks = Clocks()
    tokens = clocks.tokens()
    first = tokens.token()
    assert not tokens.renew(first)
    clocks.pass_time(20 * 60)
    assert tokens.renew(first)
    second = tokens.token()
    assert second != first
    assert tokens.renew(first), "another push has renewed it"
    assert tokens.token() == second
    assert not tokens.renew(second)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def test_key_is_read(tmp_path: Path) -> None:
    path = tmp_path / "key.p8"
    path.write_bytes(pem(KEY))
    assert read_key(path).private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file"),
        (b"nonsense", "must contain the private key"),
        (pem(KEY, b"secret"), "must contain the private key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "must contain a key of the curve P-256"),
        (pem(rsa.generate_private_key(65537, 2048)), "must contain a key of the curve P-256"),
    ],
    ids=["missing", "nonsense", "with a password", "another curve", "RSA"],
)
def test_file_without_a_key_is_explained(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "key.p8"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableFile, match=problem):
        read_key(path)
