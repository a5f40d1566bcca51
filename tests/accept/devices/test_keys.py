"""Keys: points of P-256 and secrets of 16 bytes, in base64url; nothing else."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lumen_notify.accept.devices.keys import auth_secret, public_key

from .device_requests import KEYS


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def point(
    number: int = 7,
    curve: SECP256R1 | SECP384R1 | None = None,
    form: PublicFormat = PublicFormat.UncompressedPoint,
) -> bytes:
    return derive_private_key(number, curve or SECP256R1()).public_key().public_bytes(Encoding.X962, form)


def test_a_point_of_the_curve_is_a_key_with_padding_and_without() -> None:
    for raw in (point(number) for number in range(1, 50)):
        bare = encoded(raw).rstrip("=")
        assert public_key(encoded(raw)) == public_key(bare) == bare
    assert public_key(KEYS["p256dh"]) == KEYS["p256dh"]
    assert auth_secret(KEYS["auth"] + "==") == auth_secret(KEYS["auth"]) == KEYS["auth"]


def off_the_curve() -> bytes:
    raw = bytearray(point())
    raw[-1] ^= 1  # each x has two y at most, and they differ in more than this bit
    return bytes(raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        "é" * 87,
        encoded(off_the_curve()),
        encoded(b"\x04" + bytes(64)),
        encoded(b"\x04" + b"\xff" * 64),
        encoded(bytes(65)),
        encoded(b"\x05" + point()[1:]),
        encoded(b"\x06" + point()[1:]),
        encoded(point()[:-1]),
        encoded(point() + b"\x00"),
        encoded(point(curve=SECP384R1())),
        encoded(point(form=PublicFormat.CompressedPoint)),
        base64.b64encode(b"\x04" + b"\xfb\xff" * 32).decode(),
        encoded(point()) + "====",
        "B" * 10_000,
    ],
)
def test_what_is_no_point_of_the_curve_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        public_key(text)


@pytest.mark.parametrize("text", ["", encoded(bytes(15)), encoded(bytes(17)), "+/" * 11, "=" * 24, "A" * 21])
def test_a_secret_has_16_bytes(text: str) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        auth_secret(text)
