"""Tickets: contain the principal, expire in time, and are not accepted in place of a cookie or token."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.auth import PUBLISH, TICKET_SECONDS, Principal, Tickets, Verifier, mint
from lumen_notify.auth.keys import OneKey, secret_key
from lumen_notify.auth.tickets import COOKIE_SECONDS, MAX_VALUE_BYTES, signing_key
from lumen_notify.errors import Unauthenticated
from lumen_notify.settings import Secret, Settings

if TYPE_CHECKING:
    from auth.conftest import Clock

KEY = b"0123456789abcdef0123456789abcdef"
NOW = 1_000_000_000


def from_cookie(tickets: Tickets) -> Callable[[str | None], Principal]:
    return lambda text: tickets.from_cookies([text or ""])


@pytest.fixture
def alice(clock: Clock) -> Principal:
    return Principal(
        user_id="alice",
        display_name="Älice",
        avatar="https://a.example/a.png",
        scopes=frozenset({PUBLISH}),
        expires_at=clock.ms + 3_600_123,
    )


def test_a_ticket_and_a_cookie_carry_the_whole_principal(clock: Clock, alice: Principal) -> None:
    tickets = Tickets(KEY, clock)

    assert tickets.redeem(tickets.issue(alice)) == alice
    assert tickets.from_cookies([tickets.cookie(alice)]) == alice


def test_another_instance_with_the_same_key_redeems_it(clock: Clock, alice: Principal) -> None:
    assert Tickets(KEY, clock).redeem(Tickets(KEY, clock).issue(alice)) == alice


def test_a_ticket_lasts_sixty_seconds_and_may_be_used_again_within(clock: Clock, alice: Principal) -> None:
    tickets = Tickets(KEY, clock)
    ticket = tickets.issue(alice)
    clock.ms += TICKET_SECONDS * 1000 - 1

    assert tickets.redeem(ticket) == tickets.redeem(ticket) == alice
    clock.ms += 1
    with pytest.raises(Unauthenticated, match="ticket expired") as caught:
        tickets.redeem(ticket)
    assert caught.value.code == "token_expired"


def test_a_cookie_lasts_until_the_principals_own_expiry(clock: Clock, alice: Principal) -> None:
    tickets = Tickets(KEY, clock)
    cookie = tickets.cookie(alice)
    clock.ms = alice.expires_at - 1

    assert tickets.from_cookies([cookie]) == alice
    clock.ms += 1
    with pytest.raises(Unauthenticated) as caught:
        tickets.from_cookies([cookie])
    assert caught.value.code == "token_expired"


def test_a_ticket_never_outlives_the_token_behind_it(clock: Clock) -> None:
    tickets = Tickets(KEY, clock)
    ticket = tickets.issue(Principal(user_id="alice", expires_at=clock.ms + 10))
    clock.ms += 10

    with pytest.raises(Unauthenticated):
        tickets.redeem(ticket)


async def test_ticket_cookie_and_token_do_not_pass_for_each_other(clock: Clock, alice: Principal) -> None:
    # The worst case: one key for everything, and tokens that use our audiences.
    tickets = Tickets(KEY, clock)
    ticket, cookie = tickets.issue(alice), tickets.cookie(alice)
    token = mint(KEY.decode(), "alice", ttl_seconds=60, clock=clock)

    for redeem, others in ((tickets.redeem, (cookie, token)), (from_cookie(tickets), (ticket, token))):
        for other in others:
            with pytest.raises(Unauthenticated) as caught:
                redeem(other)
            assert caught.value.code == "token_invalid"
            assert other not in caught.value.message
    for audience in (None, "lumen-notify:ticket", "lumen-notify:stream-cookie"):
        verifier = Verifier(OneKey(secret_key(KEY.decode())), audience=audience, clock=clock)
        for other in (ticket, cookie):
            with pytest.raises(Unauthenticated):
                await verifier.verify(other)
    for audience in ("lumen-notify:ticket", "lumen-notify:stream-cookie"):
        near = mint(KEY.decode(), "alice", ttl_seconds=60, audience=audience, clock=clock)
        for redeem in (tickets.redeem, from_cookie(tickets)):
            with pytest.raises(Unauthenticated):
                redeem(near)


def test_a_ticket_signed_by_another_key_is_refused(clock: Clock, alice: Principal) -> None:
    with pytest.raises(Unauthenticated, match="signature"):
        Tickets(KEY, clock).redeem(Tickets(KEY[::-1], clock).issue(alice))


def test_a_cookie_of_a_long_lived_token_lasts_a_day(clock: Clock) -> None:
    tickets = Tickets(KEY, clock)
    ends_at = clock.ms + COOKIE_SECONDS * 1000
    cookie = tickets.cookie(Principal(user_id="alice", expires_at=clock.ms + 10 * 365 * 86_400_000))

    assert tickets.from_cookies([cookie]).expires_at == ends_at, "a stream that it opens ends with it"
    clock.ms = ends_at
    with pytest.raises(Unauthenticated, match="expired"):
        tickets.from_cookies([cookie])


def test_the_cookie_that_is_valid_longest_counts(clock: Clock, alice: Principal) -> None:
    tickets = Tickets(KEY, clock)
    older = tickets.cookie(replace(alice, expires_at=clock.ms + 1000))
    newer = tickets.cookie(alice)
    for cookies in ([older, newer], [newer, older], ["garbage", newer]):
        assert tickets.from_cookies(cookies) == alice
    with pytest.raises(Unauthenticated) as caught:
        tickets.from_cookies([])
    assert caught.value.code == "token_missing"


@pytest.mark.parametrize(
    "change",
    [
        {"jwt_secret": Secret("another secret, as long as one for HS256 must be")},
        {"jwt_audience": "photos"},
        {"jwt_issuer": "https://issuer.example"},
        {"jwt_secret": None, "jwt_jwks_url": "https://issuer.example/keys"},
    ],
    ids=",".join,
)
def test_tickets_and_cookies_end_with_the_way_in_which_tokens_are_verified(
    clock: Clock, alice: Principal, change: dict[str, Any]
) -> None:
    before = Settings(database_url="sqlite:///a.db", jwt_secret=Secret("x" * 40))
    tickets = Tickets(signing_key(KEY, before), clock)
    ticket, cookie = tickets.issue(alice), tickets.cookie(alice)
    same = Tickets(signing_key(KEY, before.with_(database_url="sqlite:///b.db")), clock)
    assert same.redeem(ticket) == same.from_cookies([cookie]) == alice

    changed = Tickets(signing_key(KEY, before.with_(**change)), clock)
    for redeem, text in ((changed.redeem, ticket), (from_cookie(changed), cookie)):
        with pytest.raises(Unauthenticated) as caught:
            redeem(text)
        assert caught.value.code == "token_invalid"


def test_tickets_end_with_the_public_key(clock: Clock, alice: Principal, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    settings = Settings(database_url="sqlite:///a.db", jwt_public_key_file=file)
    keys = []
    for text in ("one", "one", "two"):
        file.write_text(text)
        keys.append(signing_key(KEY, settings))
    ticket = Tickets(keys[0], clock).issue(alice)
    assert Tickets(keys[1], clock).redeem(ticket) == alice
    with pytest.raises(Unauthenticated):
        Tickets(keys[2], clock).redeem(ticket)


@pytest.mark.parametrize("value", [None, ""])
def test_no_ticket_is_missing(clock: Clock, value: str | None) -> None:
    tickets = Tickets(KEY, clock)
    for redeem in (tickets.redeem, from_cookie(tickets)):
        with pytest.raises(Unauthenticated) as caught:
            redeem(value)
        assert caught.value.code == "token_missing"


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="31"):
        Tickets(KEY[:31])


def test_a_ticket_without_the_tokens_expiry_is_refused() -> None:
    claims = {"sub": "a", "exp": NOW, "aud": "lumen-notify:ticket"}
    text = jwt.encode(claims, KEY, algorithm="HS256", headers={"typ": "lumen-ticket+jwt"})

    with pytest.raises(Unauthenticated, match="until"):
        Tickets(KEY, lambda: NOW).redeem(text)


@given(st.text())
def test_any_text_as_a_ticket_is_only_ever_unauthenticated(text: str) -> None:
    tickets = Tickets(KEY, lambda: NOW)
    for redeem in (tickets.redeem, from_cookie(tickets)):
        with pytest.raises(Unauthenticated):
            redeem(text)


_fit = st.characters(exclude_categories=["Cc", "Cs"])


@given(
    st.text(_fit, min_size=1, max_size=128),
    st.none() | st.text(_fit, min_size=1, max_size=128),
    st.none() | st.text(_fit, min_size=1, max_size=2048),
    st.frozensets(st.text(st.sampled_from("abc:_"), min_size=1, max_size=9), max_size=9),
    st.integers(NOW + 1, 253_402_214_400_000),
)
def test_any_principal_fits_and_keeps_its_id_and_expiry(
    user_id: str, username: str | None, avatar: str | None, scopes: frozenset[str], expires_at: int
) -> None:
    tickets = Tickets(KEY, lambda: NOW)
    principal = Principal(
        user_id=user_id, display_name=username, avatar=avatar, scopes=scopes, expires_at=expires_at
    )

    for value, redeem in (
        (tickets.issue(principal), tickets.redeem),
        (tickets.cookie(principal), from_cookie(tickets)),
    ):
        ends_at = expires_at if redeem == tickets.redeem else min(expires_at, NOW + COOKIE_SECONDS * 1000)
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", value)
        assert len(value) <= MAX_VALUE_BYTES
        found = redeem(value)
        assert (found.user_id, found.expires_at) == (user_id, ends_at)
        assert found.avatar in (avatar, None)
        assert found.scopes == scopes


def test_a_value_too_long_for_a_cookie_loses_the_avatar_first(clock: Clock, alice: Principal) -> None:
    tickets = Tickets(KEY, clock)
    long = Principal(
        user_id="🦊" * 128,
        display_name="Älice",
        avatar="é" * 2048,
        scopes=alice.scopes,
        expires_at=alice.expires_at,
    )
    longest = Principal(
        user_id="🦊" * 128,
        display_name="🦊" * 128,
        avatar="🦊" * 2048,
        scopes=frozenset(f"scope:{number}" for number in range(500)),
        expires_at=alice.expires_at,
    )

    found = tickets.from_cookies([tickets.cookie(long)])
    assert (found.avatar, found.display_name, found.scopes) == (None, "Älice", long.scopes)
    value = tickets.cookie(longest)
    assert len(value) <= MAX_VALUE_BYTES
    assert tickets.from_cookies([value]) == Principal(user_id="🦊" * 128, expires_at=alice.expires_at)


def test_a_cookie_serves_for_a_ticket_of_the_same_user_that_is_over(clock: Clock, alice: Principal) -> None:
    tickets = Tickets(KEY, clock)
    ticket, cookie = tickets.issue(alice), tickets.cookie(alice)
    assert tickets.redeem_with_cookie(ticket, [cookie]) == (alice, True)

    clock.ms += TICKET_SECONDS * 1000
    assert tickets.redeem_with_cookie(ticket, [cookie]) == (alice, False)
    bob = tickets.cookie(Principal(user_id="bob", expires_at=alice.expires_at))
    for others in ([], [bob], ["garbage"]):
        with pytest.raises(Unauthenticated):
            tickets.redeem_with_cookie(ticket, others)
    assert tickets.redeem_with_cookie(ticket, ["garbage", bob, cookie]) == (alice, False)


def test_a_cookie_does_not_serve_for_a_forged_ticket(clock: Clock, alice: Principal) -> None:
    tickets = Tickets(KEY, clock)
    with pytest.raises(Unauthenticated):
        tickets.redeem_with_cookie("forged", [tickets.cookie(alice)])
