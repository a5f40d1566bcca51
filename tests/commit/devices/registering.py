"""Registering: devices in a store, as its users register them."""

from __future__ import annotations

from typing import Any

from lumen_notify.commit.devices.devices import Device, Devices
from lumen_notify.commit.devices.registration import RegisterDevice
from lumen_notify.commit.push.progress import AdvancePushes, DeviceResult
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


async def drop(store: Store, user_id: str, device: Device, reason: str = "gone") -> None:
    """Note that the provider does not know a device any more, as whoever pushes does."""
    result = DeviceResult(
        device_id=device.id,
        user_id=user_id,
        registered_at=device.registered_at,
        is_gone=True,
        failure=reason,
    )
    await store.committer.submit(AdvancePushes(devices=(result,)))
