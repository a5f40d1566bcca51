"""VAPID: one key pair for all instances, and tokens as RFC 8292 has them."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from lumen_notify.errors import Misconfigured
from lumen_notify.push.vapid import MAX_TOKENS, RENEWAL_SECONDS, TOKEN_SECONDS, Vapid, new_key_pem
from lumen_notify.settings import Settings

SHARED_KEY = b"k" * 32
ENDPOINT = "https://push.example/send/abc"


class Clock:
    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.ms


def vapid(clock: Clock | None = None, shared_key: bytes = SHARED_KEY, **settings: Any) -> Vapid:
    return Vapid.from_settings(Settings(**settings), shared_key, clock or Clock())


def token(header: str) -> str:
    found = re.fullmatch(r"vapid t=([\w-]+\.[\w-]+\.[\w-]+), k=([\w-]{87})", header)
    assert found is not None
    return found[1]


def claims(pair: Vapid, endpoint: str = ENDPOINT) -> dict[str, Any]:
    """Return what a token says, if its signature is good."""
    point = base64.urlsafe_b64decode(pair.public_key + "=")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    text = token(pair.authorization(endpoint))
    assert jwt.get_unverified_header(text) == {"typ": "JWT", "alg": "ES256"}
    no_times: Any = {"verify_aud": False, "verify_exp": False}
    found: dict[str, Any] = jwt.decode(text, key, algorithms=["ES256"], options=no_times)
    return found


def test_token_is_for_the_origin_for_at_most_a_day_and_names_the_operator() -> None:
    """RFC 8292, sections 2 and 2.1."""
    clock = Clock()
    found = claims(vapid(clock, push_vapid_subject="mailto:ops@example.com"))
    assert found == {
        "aud": "https://push.example",
        "exp": clock.ms // 1000 + TOKEN_SECONDS,
        "sub": "mailto:ops@example.com",
    }
    assert TOKEN_SECONDS <= 24 * 3600


def test_token_names_nobody_without_a_subject() -> None:
    assert "sub" not in claims(vapid())


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://PUSH.example:443/a?b=c", "https://push.example"),
        ("https://push.example:8443/a", "https://push.example:8443"),
        ("https://[2001:DB8::1]/a", "https://[2001:db8::1]"),
    ],
)
def test_origin_is_as_browsers_write_it(endpoint: str, origin: str) -> None:
    assert claims(vapid(), endpoint)["aud"] == origin


def test_token_is_kept_for_its_origin_and_renewed_in_time() -> None:
    clock = Clock()
    pair = vapid(clock)
    first = pair.authorization(ENDPOINT)
    clock.ms += (RENEWAL_SECONDS - 1) * 1000
    assert pair.authorization("https://push.example/another") == first
    assert pair.authorization("https://other.example/") != first
    clock.ms += 1000
    assert claims(pair)["exp"] == clock.ms // 1000 + TOKEN_SECONDS


def test_token_is_renewed_when_the_clock_was_put_back() -> None:
    clock = Clock()
    pair = vapid(clock)
    pair.authorization(ENDPOINT)
    clock.ms -= 3600_000
    assert claims(pair)["exp"] == clock.ms // 1000 + TOKEN_SECONDS


def test_number_of_kept_tokens_is_bounded() -> None:
    pair = vapid()
    for number in range(MAX_TOKENS + 5):
        pair.authorization(f"https://{number}.example/")
    assert len(pair._tokens) == MAX_TOKENS


def test_pair_of_a_shared_key_is_always_the_same() -> None:
    assert vapid().public_key == vapid().public_key
    assert vapid().public_key != vapid(shared_key=b"x" * 32).public_key


def test_pair_of_a_file_takes_the_place_of_the_shared_one(tmp_path: Path) -> None:
    file = tmp_path / "vapid.pem"
    file.write_text(new_key_pem())
    pair = vapid(push_vapid_key_file=file)
    assert pair.public_key == vapid(push_vapid_key_file=file, shared_key=b"x" * 32).public_key
    assert pair.public_key != vapid().public_key
    assert claims(pair)


def test_key_of_openssl_is_read(tmp_path: Path) -> None:
    """`openssl ecparam -genkey` writes SEC 1."""
    file = tmp_path / "vapid.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    assert claims(vapid(push_vapid_key_file=file))


def pem(key: Any, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    raw: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return raw


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"tea", "must contain a private key as PEM"),
        (pem(ec.generate_private_key(ec.SECP256R1()), b"secret"), "without a password"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "curve P-256"),
        (pem(rsa.generate_private_key(65537, 2048)), "curve P-256"),
    ],
    ids=["missing", "text", "password", "P-384", "RSA"],
)
def test_file_without_such_a_key_is_named(content: bytes | None, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "vapid.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Misconfigured, match=problem) as caught:
        vapid(push_vapid_key_file=file)
    assert [name for name, _ in caught.value.problems] == ["LUMEN_PUSH_VAPID_KEY_FILE"]
