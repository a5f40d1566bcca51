"""Registration: one device for each token, of its last owner; bounded; only while the session lasts."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.auth import RefreshToken
from lumen_notify.commit.accounts.sessions import LogOut, LogOutEverywhere
from lumen_notify.errors import Unauthenticated

from ..accounts.log_ins import log_in
from ..accounts.log_ins import register as open_account
from ..store import Store
from .registering import devices_of, drop, register, registration


async def test_the_same_token_again_is_the_same_device_with_its_new_fields(store: Store) -> None:
    first = await register(store, "ann", "t1", name="Phone", kind="mobile", p256dh="k", auth="a")
    store.now += 1000
    again = await register(store, "ann", "t1", name="Tablet", locale="fr")

    assert again.id == first.id
    assert (again.name, again.kind, again.locale) == ("Tablet", None, "fr")
    assert (first.is_encrypted, again.is_encrypted) == (True, False)
    assert (again.created_at, again.registered_at) == (first.created_at, first.created_at + 1000)
    assert await devices_of(store, "ann") == [again]


async def test_a_token_of_another_provider_is_another_device(store: Store) -> None:
    await register(store, "ann", "t1")
    await register(store, "ann", "t1", provider="apns")

    assert [one.provider for one in await devices_of(store, "ann")] == ["apns", "fcm"]


async def test_a_token_moves_to_its_new_owner_and_takes_nothing_along(store: Store) -> None:
    first = await register(store, "ann", "t1", name="Ann's phone", kind="mobile")
    await store.rows(
        "UPDATE lumen_device SET shown = '[\"secret\"]', last_used_at = 5, failures = 3, failure = 'x'"
    )
    store.now += 1000
    moved = await register(store, "bob", "t1")

    assert await devices_of(store, "ann") == []
    assert await devices_of(store, "bob") == [moved]
    assert moved.id != first.id
    assert (moved.name, moved.kind, moved.last_used_at) == (None, None, None)
    assert (moved.failures, moved.failure) == (0, None)
    assert moved.created_at == moved.registered_at == first.created_at + 1000
    ((user_id, shown),) = await store.rows("SELECT user_id, shown FROM lumen_device")
    assert (user_id, shown) == ("bob", "[]")


async def test_a_text_that_two_users_register_at_once_is_a_device_of_each(store: Store) -> None:
    first, last = await asyncio.gather(
        *(
            store.committer.submit(registration(user_id, "email", provider="webhook"))
            for user_id in ("ann", "bob")
        )
    )
    assert await devices_of(store, "ann") == [first]
    assert await devices_of(store, "bob") == [last]


async def test_of_two_users_who_register_a_token_at_once_the_last_one_has_it(store: Store) -> None:
    first, last = await asyncio.gather(
        *(store.committer.submit(registration(user_id, "t1")) for user_id in ("ann", "bob"))
    )
    assert first.id != last.id
    assert await devices_of(store, "ann") == []
    assert await devices_of(store, "bob") == [last]


async def test_a_dropped_device_lives_again_when_it_is_registered_again(store: Store) -> None:
    device = await register(store, "ann", "t1")
    store.now += 1000
    await drop(store, "ann", device, "unregistered")
    (dropped,) = await devices_of(store, "ann")
    assert (dropped.dropped_at, dropped.failures, dropped.failure) == (store.now, 1, "unregistered")
    store.now += 1000
    again = await register(store, "ann", "t1")

    assert again.id == device.id
    assert (again.dropped_at, again.failures, again.failure) == (None, 0, None)


async def test_one_more_takes_the_place_of_the_one_that_registered_longest_ago(store: Store) -> None:
    for number in (1, 2, 3):
        store.now += 1000
        await register(store, "ann", f"t{number}", name=f"{number}", max_devices=3)
        await register(store, "bob", f"b{number}", name=f"{number}", max_devices=3)
    store.now += 1000
    await register(store, "ann", "t1", name="1", max_devices=3)
    store.now += 1000
    await register(store, "ann", "t4", name="4", max_devices=3)

    assert [one.name for one in await devices_of(store, "ann")] == ["4", "3", "1"]
    assert [one.name for one in await devices_of(store, "bob")] == ["3", "2", "1"]


async def test_one_more_takes_the_place_of_a_dropped_one_first(store: Store) -> None:
    await register(store, "ann", "t1", name="1", max_devices=2)
    store.now += 1000
    newer = await register(store, "ann", "t2", name="2", max_devices=2)
    await drop(store, "ann", newer)
    store.now += 1000
    await register(store, "ann", "t3", name="3", max_devices=2)

    assert [one.name for one in await devices_of(store, "ann")] == ["3", "1"]


async def test_many_registrations_at_once_keep_to_the_limit(store: Store) -> None:
    await asyncio.gather(
        *(store.committer.submit(registration("ann", f"t{number}", max_devices=5)) for number in range(1000))
    )
    assert len(await devices_of(store, "ann")) == 5
    assert await store.number_of("lumen_device") == 5


async def test_a_session_that_has_ended_registers_no_device(store: Store) -> None:
    await open_account(store)
    here, there = await log_in(store), await log_in(store)
    await register(store, "u1", "t1", session=here.family)
    await store.committer.submit(LogOut(family=here.family))

    for family in (here.family, RefreshToken.new().family):
        with pytest.raises(Unauthenticated) as refusal:
            await register(store, "u1", "t1", session=family)
        assert refusal.value.code == "token_revoked"
    with pytest.raises(Unauthenticated):  # nor does somebody else's
        await register(store, "u2", "t1", session=there.family)
    assert await devices_of(store, "u1") == []
    await register(store, "u1", "t1", session=there.family)


async def test_a_token_that_was_revoked_meanwhile_registers_no_device(store: Store) -> None:
    await store.committer.submit(LogOutEverywhere(user_id="ann"))
    answers = await asyncio.gather(
        store.committer.submit(registration("ann", "t1", issued_at=store.now)),
        store.committer.submit(registration("ann", "t2", issued_at=store.now + 1)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], Unauthenticated)
    assert await devices_of(store, "ann") == list(answers[1:])


def test_no_repr_shows_a_token_or_a_secret() -> None:
    shown = repr(registration("ann", "very-secret", auth="also-secret"))
    assert "secret" not in shown
