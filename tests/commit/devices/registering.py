"""Registering: devices in a store, as its users register them."""

from __future__ import annotations

from typing import Any

from lumen_notify.commit.devices.devices import Device, Devices
from lumen_notify.commit.devices.registration import RegisterDevice
from lumen_notify.commit.devices.removal import drop_devices
from lumen_notify.model import new_id

from ..store import Store


def registration(user_id: str, token: str, **fields: Any) -> RegisterDevice:
    given: dict[str, Any] = {"provider": "fcm", "max_devices": 20, "issued_at": 0, **fields}
    return RegisterDevice(id=new_id(), user_id=user_id, token=token, **given)


async def register(store: Store, user_id: str, token: str, **fields: Any) -> Device:
    device: Device = await store.committer.submit(registration(user_id, token, **fields))
    return device


async def devices_of(store: Store, user_id: str) -> list[Device]:
    return list(await Devices(store.database).page(user_id, limit=2000))


async def drop(store: Store, reasons: dict[str, str], *, began_at: int | None = None) -> None:
    """Drop devices in a transaction, as whoever pushes does."""
    async with store.log.transaction() as tx:
        drop_devices(tx, reasons, began_at=store.now if began_at is None else began_at)
