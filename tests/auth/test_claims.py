"""Claims: decoding, the checks of the times, and the conversion to a principal and back."""

from __future__ import annotations

import jwt
import pytest

from lumen_notify.auth import Principal, mint
from lumen_notify.auth.claims import (
    MAX_TOKEN_BYTES,
    check_times,
    decode,
    from_principal,
    time_ms,
    to_ascii,
    to_principal,
)
from lumen_notify.auth.keys import secret_key
from lumen_notify.errors import Unauthenticated

SECRET = "a secret of at least thirty-two bytes"
TYPES = frozenset({None, "jwt"})


def test_scopes_are_separated_by_spaces_alone() -> None:
    claims = {"sub": "alice", "scope": " notify:publish  x\u00a0notify:admin y\u2003notify:admin "}
    scopes = to_principal(claims, 5000).scopes
    assert scopes == {"notify:publish", "x\u00a0notify:admin", "y\u2003notify:admin"}


def test_a_principal_survives_the_conversion_to_claims_and_back() -> None:
    principal = Principal(
        user_id="alice",
        display_name="Alice",
        avatar="https://example.com/a.png",
        scopes=frozenset({"notify:admin", "notify:publish"}),
        expires_at=5000,
    )
    claims = from_principal(principal)
    assert claims["scope"] == "notify:admin notify:publish"
    assert to_principal(claims, 5000) == principal


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({"name": "Ann", "preferred_username": "ann", "avatar": "/a", "picture": "/p"}, ("Ann", "/a")),
        (
            {"preferred_username": "ann", "picture": "https://issuer.example/p"},
            ("ann", "https://issuer.example/p"),
        ),
        ({"name": "", "preferred_username": "ann", "picture": None}, ("ann", None)),
        ({}, (None, None)),
    ],
)
def test_claims_of_openid_connect_stand_in_for_ours(
    claims: dict[str, object], shown: tuple[str | None, str | None]
) -> None:
    principal = to_principal({"sub": "u1", **claims}, 1)
    assert (principal.display_name, principal.avatar) == shown


def test_empty_claims_are_left_out() -> None:
    assert from_principal(Principal(user_id="alice", display_name="", expires_at=1)) == {"sub": "alice"}


def test_the_limit_of_a_token_is_inclusive() -> None:
    assert len(to_ascii("x" * MAX_TOKEN_BYTES)) == MAX_TOKEN_BYTES
    with pytest.raises(Unauthenticated, match=f"{MAX_TOKEN_BYTES + 1} bytes"):
        to_ascii("x" * (MAX_TOKEN_BYTES + 1))
    with pytest.raises(Unauthenticated, match="not a JWT"):
        to_ascii("ü")


def test_a_token_of_another_type_is_refused() -> None:
    raw = to_ascii(mint(SECRET, "alice", ttl_seconds=60))
    key = secret_key(SECRET)
    assert decode(raw, key, types=TYPES)["sub"] == "alice"
    with pytest.raises(Unauthenticated, match="typ"):
        decode(raw, key, types={"lumen-ticket+jwt"})


@pytest.mark.parametrize(
    ("claims", "expected", "problem"),
    [
        ({}, {}, None),
        ({"aud": ""}, {}, None),
        ({"aud": "a"}, {}, "`aud`"),
        ({"aud": ["a", "b"]}, {"audience": "b"}, None),
        ({"aud": "a"}, {"audience": "a"}, None),
        ({"aud": "ab"}, {"audience": "a"}, "another audience"),
        ({"aud": ["a", 1]}, {"audience": "a"}, "another audience"),
        ({"aud": {"a": 1}}, {"audience": "a"}, "another audience"),
        ({"aud": []}, {"audience": "a"}, "no `aud`"),
        ({}, {"audience": "a"}, "no `aud`"),
        ({"iss": "i"}, {}, None),
        ({"iss": "i"}, {"issuer": "i"}, None),
        ({"iss": "j"}, {"issuer": "i"}, "another issuer"),
        ({}, {"issuer": "i"}, "no `iss`"),
        ({"exp": None}, {}, "no `exp`"),
        ({"sub": None}, {}, "no `sub`"),
    ],
)
def test_what_a_token_must_say_of_its_issuer_and_audience(
    claims: dict[str, object], expected: dict[str, str], problem: str | None
) -> None:
    raw = jwt.encode({"sub": "alice", "exp": 10, **claims}, SECRET, algorithm="HS256").encode()
    if problem is None:
        assert decode(raw, secret_key(SECRET), types=TYPES, **expected)["sub"] == "alice"
    else:
        with pytest.raises(Unauthenticated, match=problem):
            decode(raw, secret_key(SECRET), types=TYPES, **expected)


def test_the_expiry_includes_the_leeway_and_is_exclusive() -> None:
    claims = {"exp": 10}
    assert check_times(claims, 9_999) == 10_000
    assert check_times(claims, 10_999, leeway_ms=1000) == 11_000
    with pytest.raises(Unauthenticated) as caught:
        check_times(claims, 10_000)
    assert caught.value.code == "token_expired"


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_claims_of_the_future_are_not_valid_yet(name: str) -> None:
    claims = {"exp": 100, name: 10}
    assert check_times(claims, 10_000) == 100_000
    with pytest.raises(Unauthenticated, match=f"not valid yet .`{name}`"):
        check_times(claims, 9_999)


@pytest.mark.parametrize("value", [None, "10", True, -1, float("nan"), float("inf"), 1_900_000_000_000])
def test_a_time_that_is_not_seconds_since_1970_is_refused(value: object) -> None:
    with pytest.raises(Unauthenticated, match="`exp` that is not a number of seconds"):
        time_ms({"exp": value}, "exp", noun="token")


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({}, "The ticket has no `sub`, the user's id."),
        ({"sub": "a", "scope": []}, "The ticket has a `scope` that is not a string."),
        ({"sub": "a", "name": "x" * 129}, "The ticket has a `name` of 129 characters; the limit is 128."),
        ({"sub": "a\n"}, "The ticket has control characters in its `sub`."),
    ],
)
def test_a_bad_claim_is_named_in_a_sentence(claims: dict[str, object], problem: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        to_principal(claims, 1, noun="ticket")
    assert caught.value.message == problem
