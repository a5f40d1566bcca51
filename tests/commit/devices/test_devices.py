"""Devices: each user reads their own, newest first, without tokens and keys."""

from __future__ import annotations

import pytest

from lumen_notify.commit.devices.devices import Devices, token_hash

from ..store import Store
from .registering import devices_of, register


async def test_devices_are_read_newest_first_in_pages(store: Store) -> None:
    for number in range(5):
        await register(store, "ann", f"t{number}", name=f"{number}")
    await register(store, "bob", "b")
    devices = Devices(store.database)

    first = await devices.page("ann", limit=3)
    second = await devices.page("ann", before=first[-1].id, limit=3)

    assert [one.name for one in first] == ["4", "3", "2"]
    assert [one.name for one in second] == ["1", "0"]


async def test_what_is_read_has_no_token_and_no_key(store: Store) -> None:
    await register(store, "ann", "tok-secret", p256dh="p-secret", auth="a-secret", session=None)

    (device,) = await devices_of(store, "ann")

    assert device.is_encrypted
    assert "secret" not in repr(device)


def test_the_hash_of_a_token_is_another_one_for_each_provider() -> None:
    assert token_hash("fcm", "t", "ann") != token_hash("apns", "t", "ann")
    assert len(token_hash("fcm", "t", "ann")) == 64


@pytest.mark.parametrize(
    ("provider", "is_of_one_device"),
    [("fcm", True), ("apns", True), ("webpush", True), ("webhook", False), ("log", False), ("jpush", False)],
)
def test_only_a_token_that_names_a_device_is_the_same_for_all_users(
    provider: str, is_of_one_device: bool
) -> None:
    assert (token_hash(provider, "t", "ann") == token_hash(provider, "t", "bob")) is is_of_one_device
