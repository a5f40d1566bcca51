"""JWS: what is read as a signed token is what PyJWT reads, or less."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lumen_notify.auth.jws import BadSignature, Malformed, header_of, verified
from lumen_notify.auth.keys import Key, public_key, secret_key

if TYPE_CHECKING:
    from auth.conftest import Pair

SECRET = "a secret of at least thirty-two bytes"
KEY = secret_key(SECRET)
TOKEN = jwt.encode({"sub": "alice", "exp": 1}, SECRET, algorithm="HS256").encode()
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encoded(text: bytes) -> bytes:
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def signed(header: bytes, claims: bytes, key: Key = KEY) -> bytes:
    """Sign any bytes as a token, whatever they are."""
    signing_input = encoded(header) + b"." + encoded(claims)
    signature = jwt.get_algorithm_by_name("HS256").sign(signing_input, key.material)
    return signing_input + b"." + encoded(signature)


def is_accepted(token: bytes) -> bool:
    try:
        verified(token, KEY)
    except (Malformed, BadSignature):
        return False
    return True


def pyjwt_accepts(token: bytes) -> bool:
    unchecked: Any = {f"verify_{name}": False for name in ("exp", "aud", "sub", "jti", "iat", "nbf")}
    try:
        jwt.decode_complete(token, SECRET, algorithms=["HS256"], options=unchecked)
    except jwt.PyJWTError:
        return False
    return True


def test_a_good_token_is_read() -> None:
    assert verified(TOKEN, KEY) == ({"alg": "HS256", "typ": "JWT"}, {"sub": "alice", "exp": 1})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_tokens_of_every_algorithm_are_verified(
    algorithm: str, pairs: dict[str, Pair], tmp_path: Path
) -> None:
    pair = pairs[algorithm]
    path = tmp_path / "key.pem"
    path.write_bytes(pair.pem)
    key = public_key(path)
    token = pair.sign({"sub": "alice"}).encode()
    assert verified(token, key).claims == {"sub": "alice"}
    head, _, signature = token.rpartition(b".")
    for wrong in (encoded(b"x"), encoded(b"x" * 64), signature[:-4] + b"AAAA", b""):
        with pytest.raises(BadSignature):
            verified(head + b"." + wrong, key)


def test_the_key_decides_on_the_algorithm(pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair = pairs["RS256"]
    path = tmp_path / "key.pem"
    path.write_bytes(pair.pem)
    forged = signed(b'{"alg":"HS256"}', b'{"sub":"alice"}', Key(pair.pem, "HS256"))
    for header in (b'{"alg":"none"}', b'{"alg":"RS256"}', b'{"alg":["HS256"]}', b"{}"):
        with pytest.raises(BadSignature):
            verified(signed(header, b'{"sub":"alice"}'), KEY)
    with pytest.raises(BadSignature):
        verified(forged, public_key(path))


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (b'{"alg":"HS256","crit":["b64"],"b64":true}', b"{}"),
        (b'{"alg":"HS256","crit":[]}', b"{}"),
        (b'{"alg":"HS256","b64":false}', b"{}"),
        (b'{"alg":"HS256","kid":1}', b"{}"),
        (b'["alg"]', b"{}"),
        (b"[" * 7000, b"{}"),
        ('{"alg":"HS256"}'.encode("utf-16"), b"{}"),
        (b'{"alg":"HS256"}', b"[]"),
        (b'{"alg":"HS256"}', b"\xff"),
        (b'{"alg":"HS256"}', b""),
    ],
)
def test_what_is_signed_but_no_token_is_refused(header: bytes, claims: bytes) -> None:
    with pytest.raises(Malformed):
        verified(signed(header, claims), KEY)


def test_the_header_is_read_without_a_key() -> None:
    assert header_of(signed(b'{"alg":"HS256","kid":"one"}', b"{}", Key(b"x" * 32, "HS256")))["kid"] == "one"
    for text in (b"", b"..", b"x", TOKEN + b".", TOKEN.replace(b".", b"", 1)):
        with pytest.raises(Malformed):
            header_of(text)


@given(st.integers(0, len(TOKEN)), st.binary(max_size=3), st.integers(0, 3))
@example(len(TOKEN), b"=", 0)
@example(len(TOKEN) - 1, b"", 1)
@example(0, b"", 1)
def test_no_other_spelling_of_a_token_is_accepted(at: int, inserted: bytes, dropped: int) -> None:
    token = TOKEN[:at] + inserted + TOKEN[at + dropped :]
    assert is_accepted(token) == pyjwt_accepts(token)


@given(st.integers(0, 2), st.sampled_from(list(BASE64)))
def test_only_the_canonical_last_character_of_a_segment_is_accepted(segment: int, last: int) -> None:
    segments = TOKEN.split(b".")
    segments[segment] = segments[segment][:-1] + bytes([last])
    token = b".".join(segments)
    assert is_accepted(token) == pyjwt_accepts(token) == (token == TOKEN)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "cty"]), JSON | st.just("HS256")), JSON)
def test_signed_json_is_accepted_where_pyjwt_accepts_it(header: object, claims: object) -> None:
    token = signed(json.dumps(header).encode(), json.dumps(claims).encode())
    assert is_accepted(token) == pyjwt_accepts(token)
