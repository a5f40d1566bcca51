"""Removal: of one's own devices alone, with their sessions, and when their time is over."""

from __future__ import annotations

import asyncio

from lumen_notify.commit.accounts.passwords import ChangePassword
from lumen_notify.commit.accounts.sessions import LogOut, LogOutEverywhere, TrimSessions
from lumen_notify.commit.devices.devices import token_hash
from lumen_notify.commit.devices.removal import DeleteDevice, TrimDevices

from ..accounts.log_ins import LIFE_MS, has_ended, log_in, refresh
from ..accounts.log_ins import register as open_account
from ..store import Store
from .registering import devices_of, drop, register, registration


async def test_a_device_is_deleted_once_by_its_id_or_its_token(store: Store) -> None:
    device = await register(store, "ann", "t1")
    await register(store, "ann", "t2")
    by_id = DeleteDevice(user_id="ann", id=device.id)
    by_token = DeleteDevice(user_id="ann", token_hash=token_hash("fcm", "t2", "ann"))

    assert await asyncio.gather(*map(store.committer.submit, (by_id, by_token, by_id, by_token))) == [
        True,
        True,
        False,
        False,
    ]
    assert await devices_of(store, "ann") == []


async def test_nobody_deletes_the_device_of_somebody_else(store: Store) -> None:
    device = await register(store, "ann", "t1")
    for command in (
        DeleteDevice(user_id="eve", id=device.id),
        DeleteDevice(user_id="eve", token_hash=token_hash("fcm", "t1", "eve")),
        DeleteDevice(user_id="ann", token_hash=token_hash("apns", "t1", "ann")),
    ):
        assert not await store.committer.submit(command)
    assert await devices_of(store, "ann") == [device]


async def test_a_log_out_ends_the_devices_of_its_session_alone(store: Store) -> None:
    await open_account(store)
    here, there = await log_in(store), await log_in(store)
    await register(store, "u1", "t1", session=here.family)
    await register(store, "u1", "t2", session=there.family, name="there")
    await register(store, "u1", "t3", name="by another token")
    await store.committer.submit(LogOut(family=here.family))

    assert [one.name for one in await devices_of(store, "u1")] == ["by another token", "there"]


async def test_a_device_that_is_registered_with_a_log_out_ends_with_it(store: Store) -> None:
    await open_account(store)
    here = await log_in(store)
    await asyncio.gather(
        store.committer.submit(LogOut(family=here.family)),
        store.committer.submit(registration("u1", "t1", session=here.family)),
        return_exceptions=True,
    )
    assert await devices_of(store, "u1") == []


async def test_a_refresh_token_that_is_used_twice_ends_the_devices_of_its_session(store: Store) -> None:
    await open_account(store)
    first, there = await log_in(store), await log_in(store)
    await register(store, "u1", "t1", session=first.family)
    await register(store, "u1", "t2", session=there.family, name="there")
    _, second = await refresh(store, first)
    assert second.family == first.family
    assert len(await devices_of(store, "u1")) == 2
    assert await has_ended(store, first)

    assert [one.name for one in await devices_of(store, "u1")] == ["there"]


async def test_a_log_out_everywhere_ends_all_devices_of_the_user(store: Store) -> None:
    await open_account(store)
    here = await log_in(store)
    await register(store, "u1", "t1", session=here.family)
    await register(store, "u1", "t2")
    await register(store, "u2", "t3", name="of another user")
    await store.committer.submit(LogOutEverywhere(user_id="u1"))

    assert await devices_of(store, "u1") == []
    assert len(await devices_of(store, "u2")) == 1


async def test_a_new_password_ends_all_devices_of_the_user(store: Store) -> None:
    await open_account(store)
    await register(store, "u1", "t1")
    _, known = await store.accounts.by_id("u1")
    await store.committer.submit(
        ChangePassword(user_id="u1", seen_at=known.set_at, password_hash="h2", session=None)
    )
    assert await devices_of(store, "u1") == []


async def test_a_session_that_expires_takes_its_devices_along_also_the_last_of_many(store: Store) -> None:
    await open_account(store)
    expires, lasts = await log_in(store), await log_in(store)
    for number in range(520):
        await register(store, "u1", f"t{number}", session=expires.family, max_devices=1000)
    await register(store, "u1", "lasts", session=lasts.family, name="lasts", max_devices=1000)
    store.now += LIFE_MS - 1
    _, lasts = await refresh(store, lasts)
    store.now += 1
    await store.retention().sweep()

    assert [one.name for one in await devices_of(store, "u1")] == ["lasts"]
    assert await store.number_of("lumen_session") == 1


async def test_an_expired_session_stays_until_its_devices_are_gone(store: Store) -> None:
    await open_account(store)
    session = await log_in(store)
    await register(store, "u1", "t1", session=session.family)
    store.now += LIFE_MS
    assert await store.committer.submit(TrimSessions()) == 0
    assert await store.committer.submit(TrimDevices(before=0)) == 1
    assert await store.committer.submit(TrimSessions()) == 1


async def test_dropped_devices_are_kept_for_their_time(store: Store) -> None:
    for name in ("old", "new", "alive"):
        device = await register(store, "ann", name, name=name)
        store.now += 60_000
        if name != "alive":
            await drop(store, "ann", device)
    await store.retention().sweep()
    assert len(await devices_of(store, "ann")) == 3
    store.now += 1
    await store.retention(push_seconds=120).sweep()

    assert [one.name for one in await devices_of(store, "ann")] == ["alive", "new"]
