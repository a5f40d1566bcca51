"""Accounts: one name, one account; a refresh token serves once; no session comes of an old password."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lumen_notify.auth import RefreshToken
from lumen_notify.commit.accounts import sessions
from lumen_notify.commit.accounts.accounts import Account, ChangeProfile
from lumen_notify.commit.accounts.passwords import ChangePassword, Register
from lumen_notify.commit.accounts.sessions import LogIn, LogOut, LogOutEverywhere, NewSession, Refresh
from lumen_notify.errors import Conflict, NotFound, Unauthenticated

from ..store import DAY_MS, Store

LIFE_MS = 30 * DAY_MS


def session(store: Store, token: RefreshToken) -> NewSession:
    return NewSession(family=token.family, digest=token.digest, expires_at=store.now + LIFE_MS)


def registration(store: Store, user_id: str, name: str, **fields: Any) -> Register:
    token = fields.pop("token", None)
    given: dict[str, Any] = {"username": name.title(), "avatar": None, "password_hash": "h1", "scope": ""}
    return Register(
        user_id=user_id,
        name=name,
        session=None if token is None else session(store, token),
        **(given | fields),
    )


async def register(store: Store, user_id: str = "u1", name: str = "ann", **fields: Any) -> Account:
    account: Account = await store.committer.submit(registration(store, user_id, name, **fields))
    return account


async def log_in(store: Store, user_id: str = "u1", **fields: Any) -> RefreshToken:
    token = RefreshToken.new()
    _, known = await store.accounts.by_id(user_id)
    given: dict[str, Any] = {"password_set_at": known.set_at, "password_hash": None}
    await store.committer.submit(LogIn(user_id=user_id, session=session(store, token), **(given | fields)))
    return token


async def refresh(store: Store, token: RefreshToken) -> tuple[Account, RefreshToken]:
    following = token.next()
    account: Account = await store.committer.submit(
        Refresh(
            family=token.family,
            digest=token.digest,
            next_digest=following.digest,
            expires_at=store.now + LIFE_MS,
        )
    )
    return account, following


async def has_ended(store: Store, token: RefreshToken) -> bool:
    (result,) = await asyncio.gather(refresh(store, token), return_exceptions=True)
    assert isinstance(result, tuple) or getattr(result, "code", None) == "session_ended"
    return not isinstance(result, tuple)


async def test_a_registered_account_is_found_by_name_and_by_id(store: Store) -> None:
    account = await register(store, avatar="/a.png", scope="notify:publish")
    assert account == Account(
        user_id="u1",
        name="ann",
        username="Ann",
        avatar="/a.png",
        scope="notify:publish",
        created_at=store.now,
    )
    by_name = await store.accounts.by_name("ann")
    assert by_name is not None
    assert by_name == await store.accounts.by_id("u1")
    assert by_name[0] == account
    assert (by_name[1].hashed, by_name[1].set_at) == ("h1", store.now)
    assert "h1" not in repr(by_name)
    assert await store.accounts.by_name("bob") is None
    with pytest.raises(NotFound):
        await store.accounts.by_id("u2")


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
    assert {one.code for one in refused} == {"name_taken"}
    assert await store.number_of("account") == 2
    assert await store.number_of("session") == 2
    assert (await refresh(store, tokens[25]))[0].name == "bob"


async def test_a_name_is_one_accounts_also_across_instances(store: Store, other_store: Store) -> None:
    answers = await asyncio.gather(
        *(
            one.committer.submit(registration(one, f"u{number}", "ann"))
            for number, one in enumerate((store, other_store) * 5)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Account) for one in answers) == 1
    assert await store.number_of("account") == 1


async def test_a_refresh_token_is_good_once_and_the_next_goes_on(store: Store) -> None:
    await register(store)
    first = await log_in(store)
    account, second = await refresh(store, first)
    assert account.user_id == "u1"
    _, third = await refresh(store, second)
    assert not await has_ended(store, third)
    assert await store.number_of("session") == 1


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
    assert await store.number_of("session") == 0


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
    his = await log_in(store, "u2")
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
    assert not await has_ended(store, his)


async def change(store: Store, seen_at: int, hashed: str = "h2") -> RefreshToken:
    token = RefreshToken.new()
    await store.committer.submit(
        ChangePassword(user_id="u1", seen_at=seen_at, password_hash=hashed, session=session(store, token))
    )
    return token


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
    assert await store.number_of("session") == 1


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
    assert await store.number_of("session") == 1


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


async def test_a_profile_changes_by_what_is_given(store: Store) -> None:
    await register(store, avatar="/a.png")

    async def changed(username: str | None, *avatar: str | None) -> tuple[str, str | None]:
        account: Account = await store.committer.submit(
            ChangeProfile(
                user_id="u1",
                username=username,
                sets_avatar=bool(avatar),
                avatar=avatar[0] if avatar else None,
            )
        )
        assert account == (await store.accounts.by_id("u1"))[0]
        return account.username, account.avatar

    assert await changed("Ann B. 🦊") == ("Ann B. 🦊", "/a.png")
    assert await changed(None, "/b.png") == ("Ann B. 🦊", "/b.png")
    assert await changed(None, None) == ("Ann B. 🦊", None)
    with pytest.raises(NotFound):
        await store.committer.submit(
            ChangeProfile(user_id="u2", username="x", sets_avatar=False, avatar=None)
        )


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
    assert await store.number_of("session") == 1
    assert not await has_ended(store, young)
