"""Sessions: a refresh token serves once; a session ends alone, and all of a user's end together."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.commit.accounts import sessions
from lumen_notify.commit.accounts.sessions import LogOut, LogOutEverywhere

from ..store import Store
from .log_ins import LIFE_MS, has_ended, log_in, refresh, register


async def test_a_refresh_token_is_good_once_and_the_next_goes_on(store: Store) -> None:
    await register(store)
    first = await log_in(store)
    account, second = await refresh(store, first)
    assert account.user_id == "u1"
    _, third = await refresh(store, second)
    assert not await has_ended(store, third)
    assert await store.number_of("lumen_session") == 1


async def test_a_refresh_token_that_comes_a_second_time_ends_its_session_and_no_other(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await register(store)
    first, elsewhere = await log_in(store), await log_in(store)
    _, second = await refresh(store, first)
    assert await has_ended(store, first)
    assert await has_ended(store, second)
    assert not await has_ended(store, elsewhere)
    (record,) = caplog.records
    assert "u1" in record.getMessage()
    assert first.text.reveal() not in record.getMessage()


async def test_of_two_refreshes_at_once_one_passes_and_the_session_ends(store: Store) -> None:
    await register(store)
    token = await log_in(store)
    answers = await asyncio.gather(refresh(store, token), refresh(store, token), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Unauthenticated", "tuple"]
    assert await store.number_of("lumen_session") == 0


async def test_many_sessions_are_refreshed_in_one_transaction(store: Store) -> None:
    for number in range(3):
        await register(store, f"u{number}", f"name{number}")
    tokens = [await log_in(store, f"u{number % 3}") for number in range(9)]
    answers = await asyncio.gather(*(refresh(store, token) for token in tokens))
    assert [account.user_id for account, _ in answers] == [f"u{number % 3}" for number in range(9)]
    assert not any([await has_ended(store, token) for _, token in answers])


async def test_a_session_ends_when_it_is_not_refreshed_in_time_without_a_warning(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await register(store)
    token = await log_in(store)
    store.now += LIFE_MS - 1
    _, token = await refresh(store, token)
    store.now += LIFE_MS
    assert await has_ended(store, token)
    assert caplog.records == []


async def test_logging_out_ends_one_session_once(store: Store) -> None:
    await register(store)
    here, there = await log_in(store), await log_in(store)
    ended = [await store.committer.submit(LogOut(family=here.family)) for _ in range(2)]
    assert ended == [1, 0]
    assert await has_ended(store, here)
    assert not await has_ended(store, there)


async def test_logging_out_everywhere_ends_all_of_ones_own_and_no_others(store: Store) -> None:
    await register(store)
    await register(store, "u2", "bob")
    mine = [await log_in(store) for _ in range(3)]
    other = await log_in(store, "u2")
    answers = await asyncio.gather(
        *(store.committer.submit(LogOutEverywhere(user_id=user)) for user in ("u1", "u1", "u3"))
    )
    assert sorted(answers) == [0, 0, 3]
    assert sorted((event.kind, event.audience) for event in store.events) == [
        ("revoked", "user:u1"),
        ("revoked", "user:u1"),
        ("revoked", "user:u3"),
    ]
    assert all([await has_ended(store, token) for token in mine])
    assert not await has_ended(store, other)


async def test_a_hash_made_anew_leaves_the_password_and_its_sessions_as_they_are(store: Store) -> None:
    await register(store)
    first = await log_in(store)
    set_at = (await store.accounts.by_id("u1"))[1].set_at
    second, third = await asyncio.gather(
        log_in(store, password_hash="again"), log_in(store, password_hash="again")
    )
    _, known = await store.accounts.by_id("u1")
    assert (known.hashed, known.set_at) == ("again", set_at)
    assert not any([await has_ended(store, token) for token in (first, second, third)])


async def test_retention_takes_away_what_is_over_and_nothing_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumen_notify.commit.jobs.retention.STEP_SESSIONS", 2)
    monkeypatch.setattr(sessions, "STEP_SESSIONS", 2)
    await register(store)
    for _ in range(5):
        await log_in(store)
    store.now += LIFE_MS // 2
    young = await log_in(store)
    store.now += LIFE_MS // 2
    await store.retention().sweep()
    assert await store.number_of("lumen_session") == 1
    assert not await has_ended(store, young)
