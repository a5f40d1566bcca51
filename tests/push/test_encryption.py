"""Encryption: only the device reads it, as implementations that are not ours say."""

from __future__ import annotations

import asyncio
import json

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given
from hypothesis import strategies as st

from lumen_notify.push.encryption import (
    MAX_CONTENT_BYTES,
    MAX_ENCRYPTED_BYTES,
    DeviceKeys,
    InvalidKeys,
    encrypt,
    encrypt_with,
    encrypted_bytes,
)
from programs import NODE, installed, program
from push.device import Device, base64url, decode


def test_example_of_the_specification_is_encrypted_to_its_bytes() -> None:
    """RFC 8291, section 5."""
    encrypted = encrypt_with(
        b"When I grow up, I want to be a watermelon\x02",
        keys=DeviceKeys(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        ),
        private_key=ec.derive_private_key(
            int.from_bytes(decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
        ),
        salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert encrypted == decode(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
        "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@given(st.binary(max_size=MAX_CONTENT_BYTES))
@example(b"")
@example(b"x" * MAX_CONTENT_BYTES)
def test_device_decrypts_what_was_encrypted_for_it(content: bytes) -> None:
    device = Device()
    encrypted = encrypt(content, p256dh=device.p256dh, auth=device.auth)
    assert device.decrypt(encrypted) == content
    assert len(encrypted) == encrypted_bytes(len(content)) <= MAX_ENCRYPTED_BYTES


@pytest.mark.server
async def test_http_ece_of_npm_decrypts_it() -> None:
    device = Device()
    contents = (b"", "Tea 🍵".encode(), b"x" * 2000, b"x" * MAX_CONTENT_BYTES)
    lines = "".join(
        json.dumps(
            {
                "encrypted": base64url(encrypt(content, p256dh=device.p256dh, auth=device.auth)),
                "privateKey": base64url(
                    device.private_key.private_numbers().private_value.to_bytes(32, "big")
                ),
                "auth": device.auth,
            }
        )
        + "\n"
        for content in contents
    )
    installed(NODE / "http_ece", "npm ci --prefix tests/node")
    node = await asyncio.create_subprocess_exec(
        program("node"),
        str(NODE.parent / "decrypt.mjs"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await node.communicate(lines.encode())
    assert output.decode().splitlines() == [base64url(content) for content in contents]


def test_another_device_cannot_decrypt_it() -> None:
    device = Device()
    encrypted = encrypt(b"tea", p256dh=device.p256dh, auth=device.auth)
    with pytest.raises(http_ece.ECEException):
        Device().decrypt(encrypted)


def test_length_says_little_about_the_content() -> None:
    assert encrypted_bytes(1) == encrypted_bytes(128) < encrypted_bytes(129)


def test_each_message_has_its_own_key_and_salt() -> None:
    device = Device()
    first, second = (encrypt(b"tea", p256dh=device.p256dh, auth=device.auth) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_content_that_is_too_long_is_refused() -> None:
    device = Device()
    with pytest.raises(ValueError, match="at most 3993"):
        encrypt(b"x" * (MAX_CONTENT_BYTES + 1), p256dh=device.p256dh, auth=device.auth)


def test_keys_may_have_padding() -> None:
    device = Device()
    encrypted = encrypt(b"tea", p256dh=device.p256dh + "=", auth=device.auth + "==")
    assert device.decrypt(encrypted) == b"tea"


@pytest.mark.parametrize(
    "p256dh",
    [
        "",
        "tea",
        "?" * 87,
        "é",
        base64url(b"\x04" + b"\x01" * 64),
        base64url(b"\x04" + b"\0" * 64),
        base64url(b"\x02" + b"\x01" * 32),
        base64url(b"\0" * 65),
        base64url(b"\x04" + b"\x01" * 63),
    ],
    ids=["empty", "short", "no-base64", "no-ascii", "off-the-curve", "zero", "compressed", "infinity", "cut"],
)
def test_public_key_that_is_no_point_of_the_curve_is_refused(p256dh: str) -> None:
    with pytest.raises(InvalidKeys):
        encrypt(b"tea", p256dh=p256dh, auth=Device().auth)


@pytest.mark.parametrize("auth", ["", "tea", base64url(b"x" * 15), base64url(b"x" * 17)])
def test_secret_of_another_length_is_refused(auth: str) -> None:
    with pytest.raises(InvalidKeys):
        encrypt(b"tea", p256dh=Device().p256dh, auth=auth)
