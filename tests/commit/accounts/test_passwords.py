"""Passwords: one name, one account; no session outlives the password that opened it."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.auth import RefreshToken
from lumen_notify.commit.accounts.accounts import Account
from lumen_notify.commit.accounts.passwords import ChangePassword
from lumen_notify.errors import Conflict, Unauthenticated

from ..store import Store
from .log_ins import has_ended, log_in, refresh, register, registration, session


async def change(store: Store, seen_at: int, hashed: str = "h2") -> RefreshToken:
    token = RefreshToken.new()
    await store.committer.submit(
        ChangePassword(user_id="u1", seen_at=seen_at, password_hash=hashed, session=session(store, token))
    )
    return token


async def test_a_name_is_one_accounts_however_many_register_it_at_once(store: Store) -> None:
    tokens = [RefreshToken.new() for _ in range(50)]
    answers = await asyncio.gather(
        *(
            store.committer.submit(
                registration(store, f"u{number}", "bob" if number == 25 else "ann", token=token)
            )
            for number, token in enumerate(tokens)
        ),
        return_exceptions=True,
    )
    made = [one.user_id for one in answers if isinstance(one, Account)]
    assert made == ["u0", "u25"]
    refused = [one for one in answers if isinstance(one, Conflict)]
    assert len(refused) == 48
    assert {one.code for one in refused} == {"username_taken"}
    assert await store.number_of("lumen_account") == 2
    assert await store.number_of("lumen_session") == 2
    assert (await refresh(store, tokens[25]))[0].username == "bob"


async def test_a_name_is_one_accounts_also_across_instances(store: Store, other_store: Store) -> None:
    answers = await asyncio.gather(
        *(
            one.committer.submit(registration(one, f"u{number}", "ann"))
            for number, one in enumerate((store, other_store) * 5)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Account) for one in answers) == 1
    assert await store.number_of("lumen_account") == 1


async def test_another_password_ends_all_sessions_but_the_one_that_comes_with_it(store: Store) -> None:
    await register(store)
    before = [await log_in(store) for _ in range(2)]
    assert store.events == []
    new = await change(store, store.now)
    assert [(event.kind, event.audience) for event in store.events] == [("revoked", "user:u1")]
    _, known = await store.accounts.by_id("u1")
    assert (known.hashed, known.set_at) == ("h2", store.now + 1)
    assert all([await has_ended(store, token) for token in before])
    assert not await has_ended(store, new)


async def test_who_verified_the_password_before_it_changed_gets_no_session_and_changes_nothing(
    store: Store,
) -> None:
    await register(store)
    seen_at = store.now
    await change(store, seen_at)
    with pytest.raises(Unauthenticated) as caught:
        await log_in(store, password_set_at=seen_at)
    assert caught.value.code == "wrong_credentials"
    with pytest.raises(Unauthenticated):
        await change(store, seen_at, "h3")
    assert len(store.events) == 1, "who is refused ends nobody's streams"
    assert (await store.accounts.by_id("u1"))[1].hashed == "h2"
    assert await store.number_of("lumen_session") == 1


async def test_of_two_changes_at_once_one_counts(store: Store) -> None:
    await register(store)
    answers = await asyncio.gather(
        change(store, store.now, "h2"), change(store, store.now, "h3"), return_exceptions=True
    )
    assert [type(one).__name__ for one in answers] == ["RefreshToken", "Unauthenticated"]
    assert (await store.accounts.by_id("u1"))[1].hashed == "h2"


async def test_a_log_in_beside_a_change_of_the_password_does_not_outlive_it(store: Store) -> None:
    await register(store)
    seen_at = store.now
    logging_in = asyncio.create_task(log_in(store, password_set_at=seen_at))
    changing = asyncio.create_task(change(store, seen_at))
    results = await asyncio.gather(logging_in, changing, return_exceptions=True)
    assert isinstance(results[1], RefreshToken)
    if isinstance(results[0], RefreshToken):
        assert await has_ended(store, results[0])
    assert await store.number_of("lumen_session") == 1
