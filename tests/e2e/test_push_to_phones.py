"""A running server pushes to phones, by services that keep to what Google and Apple document."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from certificates import Authority
from clients import SECRET, Api, eventually
from conftest import StartServer
from push.device import Device
from push.services.apns import ApnsService
from push.services.fcm import FcmService
from servers import RunningServer

IPHONE = "ab" * 32

PIXEL = "cafe-BABE_0123456789ab"

pytestmark = pytest.mark.slow


@pytest.fixture
def fcm(tmp_path: Path) -> Iterator[FcmService]:
    with FcmService(tmp_path, authority=Authority(tmp_path)) as one:
        yield one
        assert one.refused == []


@pytest.fixture
def apns(tmp_path: Path, fcm: FcmService) -> Iterator[ApnsService]:
    with ApnsService(tmp_path, authority=fcm.authority) as one:
        yield one
        assert one.refused == []


@pytest.fixture
def server(start_server: StartServer, fcm: FcmService, apns: ApnsService) -> RunningServer:
    environ = {**fcm.settings, **apns.settings, "LUMEN_PUSH_DELAY_SECONDS": "0"}
    return start_server(**environ, LUMEN_JWT_SECRET=SECRET)


@pytest.fixture
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as one:
        yield one


async def register(api: Api, provider: str, token: str, **fields: Any) -> str:
    device = await api.ask("POST", "/devices", {"provider": provider, "token": token, **fields})
    return str(device["id"])


async def test_phones_get_what_was_published(
    http: httpx.AsyncClient, fcm: FcmService, apns: ApnsService
) -> None:
    bob, shop = Api(http, "bob"), Api(http, "shop")
    keys = Device()
    await register(
        bob, "apns", IPHONE, kind="mobile", locale="zh-CN", keys={"p256dh": keys.p256dh, "auth": keys.auth}
    )
    await register(bob, "fcm", PIXEL, kind="mobile")
    body = {"to": {"user": "bob"}, "category": "order", "title": "Tea", "content": "It is ready."}
    published = await shop.post("", body)
    await eventually(lambda: fcm.messages and apns.accepted, what="both pushes")

    message = fcm.messages[0]
    assert message["fid"] == PIXEL
    assert message["notification"] == {"title": "Tea", "body": "It is ready."}
    assert message["android"]["notification"] == {
        "tag": published["id"],
        "channel_id": "order",
        "notification_count": 1,
    }
    assert message["data"]["unread_count"] == "1"

    request = apns.accepted[0]
    payload = request.json()
    assert payload["aps"]["alert"] == {"title": "新通知"}
    assert payload["aps"]["badge"] == 1
    encrypted = base64.urlsafe_b64decode(payload["encrypted"] + "==")
    assert keys.payload(encrypted)["content"] == "It is ready."
    assert keys.payload(encrypted)["id"] == published["id"]


async def test_phone_that_is_gone_is_dropped(
    http: httpx.AsyncClient, fcm: FcmService, apns: ApnsService
) -> None:
    bob, shop = Api(http, "bob"), Api(http, "shop")
    await register(bob, "apns", IPHONE)
    await register(bob, "fcm", PIXEL)
    fcm.unregistered.add(PIXEL)
    apns.bad.add(IPHONE)
    await shop.post("", {"to": {"user": "bob"}, "category": "order", "content": "It is ready."})
    failures: dict[str, str] = {}
    while len(failures) < 2:
        devices = (await bob.get_api("/devices"))["items"]
        failures = {one["provider"]: one["failure"] for one in devices if one["dropped_at"] is not None}
    assert failures == {"fcm": "UNREGISTERED", "apns": "BadDeviceToken"}


async def test_push_is_tried_again_when_the_service_says(
    http: httpx.AsyncClient, fcm: FcmService, apns: ApnsService
) -> None:
    bob, shop = Api(http, "bob"), Api(http, "shop")
    await register(bob, "apns", IPHONE)
    await register(bob, "fcm", PIXEL)
    fcm.fail_next(fcm.error("UNAVAILABLE", retry_after="1"))
    apns.fail_next(apns.error("ServiceUnavailable", retry_after="1"))
    await shop.post("", {"to": {"user": "bob"}, "category": "order", "content": "It is ready."})
    await eventually(lambda: fcm.messages and apns.accepted, what="both pushes")
    ids = {request.headers["apns-collapse-id"] for request in apns.received}
    assert ids == {fcm.messages[0]["android"]["notification"]["tag"]}
    assert len(apns.received) == 2


async def test_what_was_read_is_taken_off_the_phones(
    http: httpx.AsyncClient, fcm: FcmService, apns: ApnsService
) -> None:
    bob, shop = Api(http, "bob"), Api(http, "shop")
    await register(bob, "apns", IPHONE)
    await register(bob, "fcm", PIXEL)
    published = await shop.post("", {"to": {"user": "bob"}, "category": "order", "content": "It is ready."})
    used: list[bool] = []
    while not used or not all(used):  # until it is known that the phones show it
        used = [one["last_used_at"] is not None for one in (await bob.get_api("/devices"))["items"]]
    await bob.post("/read", {"ids": [published["id"]]})
    await eventually(lambda: len(fcm.messages) == len(apns.accepted) == 2, what="both to be taken off")
    assert "notification" not in fcm.messages[1]
    assert fcm.messages[1]["data"]["type"] == "read"
    assert apns.accepted[1].json()["aps"] == {"badge": 0, "content-available": 1}
    assert apns.accepted[1].json()["tags"] == [published["id"]]
