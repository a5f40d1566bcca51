"""Revocations: tokens, tickets and cookies from before a log-out everywhere no longer count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_notify.auth import AccessTokens, Principal, Revocations, Tickets, Verifier, mint
from lumen_notify.auth.keys import OneKey, secret_key
from lumen_notify.errors import Unauthenticated
from lumen_notify.settings import Secret

if TYPE_CHECKING:
    from auth.conftest import Clock

SECRET = "a secret for tests, as long as one for HS256 must be"


async def refusals(verifier: Verifier, tickets: Tickets, token: str, derived: tuple[str, str]) -> list[str]:
    """Return the codes with which the token, its ticket and its cookie are refused."""
    ticket, cookie = derived

    async def redeem(name: str) -> None:
        if name == "token":
            await verifier.verify(token)
        elif name == "ticket":
            tickets.redeem(ticket)
        else:
            tickets.from_cookies([cookie])

    codes = []
    for name in ("token", "ticket", "cookie"):
        try:
            await redeem(name)
        except Unauthenticated as error:
            codes.append(error.code)
    return codes


@pytest.mark.parametrize("is_cached", [True, False])
async def test_a_token_and_what_was_made_of_it_are_refused_from_then_on(
    clock: Clock, is_cached: bool
) -> None:
    revocations = Revocations()
    verifier = Verifier(OneKey(secret_key(SECRET)), clock=clock, revocations=revocations)
    tickets = Tickets(b"k" * 32, clock, revocations)
    tokens = {user: mint(SECRET, user, ttl_seconds=3600, clock=clock) for user in ("ann", "bob")}
    principals = {user: await verifier.verify(token) for user, token in tokens.items()}
    derived = {user: (tickets.issue(one), tickets.cookie(one)) for user, one in principals.items()}
    if not is_cached:
        verifier._verified.clear()
    revocations.revoke("ann", clock.ms + 1)
    assert await refusals(verifier, tickets, tokens["ann"], derived["ann"]) == ["token_revoked"] * 3
    assert await refusals(verifier, tickets, tokens["bob"], derived["bob"]) == []


async def test_a_token_that_is_issued_next_counts_even_in_the_same_millisecond(clock: Clock) -> None:
    revocations = Revocations()
    revocations.revoke("ann", clock.ms + 1)
    tokens = AccessTokens(
        secret=Secret(SECRET),
        ttl_seconds=60,
        audience=None,
        issuer=None,
        clock=clock,
        revocations=revocations,
    )
    verifier = Verifier(OneKey(secret_key(SECRET)), clock=clock, revocations=revocations, leeway_seconds=1)
    token = tokens.mint("ann", session="5" * 64, display_name="Ann", avatar=None, scope="")
    assert (await verifier.verify(token)).user_id == "ann"


def test_a_token_that_does_not_say_when_it_was_issued_is_refused() -> None:
    revocations = Revocations({"ann": 1000})
    assert revocations.is_revoked(Principal(user_id="ann", expires_at=9000))
    assert not revocations.is_revoked(Principal(user_id="bob", expires_at=9000))
    assert not revocations.is_revoked(Principal(user_id="ann", expires_at=9000, issued_at=1000))


def test_an_earlier_revocation_that_comes_late_changes_nothing() -> None:
    revocations = Revocations({"ann": 1000})
    revocations.revoke("ann", 500)
    assert revocations.not_before("ann") == 1000
