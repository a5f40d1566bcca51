"""Session tokens: refresh tokens, stored only as digests, and access tokens that the verifier accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.auth import AccessTokens, RefreshToken, Revocations, Verifier
from lumen_notify.auth.claims import MAX_NAME_CHARACTERS
from lumen_notify.auth.session_tokens import PREFIX
from lumen_notify.settings import Secret, Settings

if TYPE_CHECKING:
    from auth.conftest import Clock

SECRET = Secret("a secret of forty characters for testing")


def test_a_refresh_token_comes_back_from_its_text() -> None:
    token = RefreshToken.new()
    assert RefreshToken.parse(token.text.reveal()) == token
    assert token.text.reveal() not in repr(token)
    assert len({token.family, token.digest, token.text.reveal()}) == 3


def test_the_next_is_of_the_same_family_and_another_log_in_is_not() -> None:
    first = RefreshToken.new()
    second = first.next()
    assert second.family == first.family
    assert second.digest != first.digest
    assert second.text.reveal()[:20] == first.text.reveal()[:20]
    assert RefreshToken.new().family != first.family


def test_every_character_changes_the_digest_and_the_first_ones_the_family() -> None:
    text = RefreshToken.new().text.reveal()
    known = RefreshToken.parse(text)
    assert known is not None
    for at in range(len(PREFIX), len(text)):
        other = RefreshToken.parse(text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :])
        assert other is not None
        assert other.digest != known.digest
        place = at - len(PREFIX)
        if place != 21:  # in which the 128 bits end
            assert (other.family == known.family) == (place > 21)


@given(st.text() | st.text("lnr_AZaz09-", min_size=60, max_size=70).map(lambda text: "lnr_" + text))
def test_any_text_parses_to_a_refresh_token_or_none(text: str) -> None:
    token = RefreshToken.parse(text)
    assert token is None or token.text.reveal() == text


@pytest.mark.parametrize("change", ["x{}", "{}x", "{}\n", " {}", "{}="])
def test_text_that_is_not_exactly_one_token_is_none(change: str) -> None:
    assert RefreshToken.parse(change.format(RefreshToken.new().text.reveal())) is None


async def test_access_tokens_are_taken_by_the_verifier_of_the_same_settings(clock: Clock) -> None:
    settings = Settings(jwt_secret=SECRET, jwt_audience="app", jwt_issuer="us", jwt_leeway_seconds=0)
    tokens = AccessTokens(
        secret=SECRET, ttl_seconds=60, audience="app", issuer="us", clock=clock, revocations=Revocations()
    )
    text = tokens.mint(
        "u1", session="5" * 64, display_name="Ännchen", avatar="https://a.example/a.png", scope="a b"
    )
    principal = await Verifier.from_settings(settings, clock).verify(text)
    assert principal.user_id == "u1"
    assert (principal.display_name, principal.avatar) == ("Ännchen", "https://a.example/a.png")
    assert principal.scopes == {"a", "b"}
    assert principal.session == "5" * 64
    assert principal.expires_at == clock.ms + 60_000


async def test_the_sid_of_another_issuer_names_no_session_here(clock: Clock) -> None:
    settings = Settings(jwt_secret=SECRET)
    for sid in ("5" * 64, "lns_" + "5" * 63, f"lns_{'5' * 64}\n", "lns_" + "X" * 64, 7, ["lns_"], None):
        claims = {"sub": "u1", "exp": clock.ms / 1000 + 60, "sid": sid}
        text = jwt.encode(claims, SECRET.reveal(), algorithm="HS256")
        assert (await Verifier.from_settings(settings, clock).verify(text)).session is None


async def test_the_longest_names_and_avatars_fit_into_an_access_token(clock: Clock) -> None:
    tokens = AccessTokens(
        secret=SECRET,
        ttl_seconds=60,
        audience="a" * 100,
        issuer="i" * 100,
        clock=clock,
        revocations=Revocations(),
    )
    text = tokens.mint(
        "u" * 36,
        session="5" * 64,
        display_name="🦊" * MAX_NAME_CHARACTERS,
        avatar="a" * 2048,
        scope="notify:publish",
    )
    assert len(text) < 8192
