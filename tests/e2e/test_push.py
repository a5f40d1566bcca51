"""Push, from a request to what arrives: a server in a process of its own, and services that hold to the
specifications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from certificates import Authority
from clients import SECRET, Api, eventually
from conftest import StartServer
from push.device import Device, decode
from push.services import webhook_receiver
from push.services.push_service import PushService, Subscription
from push.services.webhook_receiver import WebhookReceiver

WAIT_SECONDS = 60.0


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def service(tmp_path: Path, authority: Authority) -> Iterator[PushService]:
    with PushService(tmp_path, authority=authority, wants_subject=True) as one:
        yield one


@pytest.fixture
def receiver(tmp_path: Path, authority: Authority, service: PushService) -> Iterator[WebhookReceiver]:
    with WebhookReceiver(tmp_path, authority=authority) as one:
        yield one


@pytest.fixture
async def http(
    database_url: str, start_server: StartServer, authority: Authority, receiver: WebhookReceiver
) -> AsyncIterator[httpx.AsyncClient]:
    server = start_server(
        database_url=database_url,
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_PUSH_PROVIDERS="webpush,webhook",
        LUMEN_PUSH_DELAY_SECONDS="0",
        LUMEN_PUSH_PRIVATE_ADDRESSES="on",
        LUMEN_PUSH_VAPID_SUBJECT="mailto:ops@example.com",
        LUMEN_PUSH_WEBHOOK_URL=f"{receiver.url}/push",
        LUMEN_PUSH_WEBHOOK_SECRET=webhook_receiver.SECRET,
        SSL_CERT_FILE=str(authority.cert),
    )
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client


async def subscribe(user: Api, service: PushService) -> Subscription:
    """Do what a page does: subscribe with the server's key, and register the subscription."""
    config = await user.get_api("/push/config")
    subscription = service.subscribe(config["providers"]["webpush"]["public_key"])
    body = {"provider": "webpush", "kind": "desktop", "subscription": subscription.to_json()}
    await user.ask("POST", "/devices", body)
    return subscription


async def wait_for(is_so: Any, what: str) -> None:
    await eventually(is_so, what=what, within_seconds=WAIT_SECONDS)


async def devices_when(user: Api, is_so: Callable[[list[Any]], bool]) -> list[Any]:
    """Ask for the user's devices until they are as they should be."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            devices: list[Any] = (await user.get_api("/devices"))["items"]
            if is_so(devices):
                return devices
            await asyncio.sleep(0.1)


async def test_publication_reaches_browsers_and_the_application_and_a_read_takes_it_off(
    http: httpx.AsyncClient, service: PushService, receiver: WebhookReceiver
) -> None:
    app, alice = Api(http, "app"), Api(http, "alice")
    laptop, phone = await subscribe(alice, service), Device()
    keys = {"keys": {"p256dh": phone.p256dh, "auth": phone.auth}}
    for token, others in (("alice@example.com", {}), ("app-1", keys)):
        await alice.ask("POST", "/devices", {"provider": "webhook", "token": token, **others})
    answer = await app.post(
        "", {"to": {"user": "alice"}, "category": "tea", "title": "Tea", "content": "It is ready."}
    )

    await wait_for(lambda: laptop.messages and len(receiver.received) == 2, "the pushes")
    (payload,) = laptop.payloads
    assert (payload["id"], payload["title"], payload["content"]) == (answer["id"], "Tea", "It is ready.")
    assert (payload["type"], payload["unread_count"]) == ("notification", 1)
    by_token = {
        request.json()["data"]["device"]["token"]: request.json()["data"]["notification"]
        for request in receiver.received
    }
    assert by_token["alice@example.com"]["content"] == "It is ready."
    assert phone.payload(decode(by_token["app-1"]["encrypted"])) == by_token["alice@example.com"]

    await alice.put(f"/{answer['id']}", {"is_read": True})
    await wait_for(lambda: laptop.payloads[0]["type"] == "read" and len(receiver.received) == 4, "their end")
    assert laptop.payloads == [
        {"type": "read", "tag": answer["id"], "tags": [answer["id"]], "unread_count": 0}
    ]  # it has replaced the first one, by its topic
    assert [request.json()["type"] for request in receiver.received[2:]] == ["notification.read"] * 2
    ids = {request.headers["webhook-id"] for request in receiver.received}
    assert len(ids) == 4
    assert service.refused == receiver.refused == []


async def test_device_that_is_gone_is_dropped_and_the_reason_shown(
    http: httpx.AsyncClient, service: PushService
) -> None:
    app, alice = Api(http, "app"), Api(http, "alice")
    gone, kept = await subscribe(alice, service), await subscribe(alice, service)
    gone.is_gone = True
    await app.post("", {"to": {"user": "alice"}, "category": "tea", "content": "one"})
    await wait_for(lambda: kept.messages and len(service.received) == 2, "both pushes")

    await devices_when(alice, lambda devices: any(one["dropped_at"] for one in devices))
    await app.post("", {"to": {"user": "alice"}, "category": "tea", "content": "two"})
    await wait_for(lambda: len(kept.messages) == 2 and len(service.received) >= 3, "the second push")
    assert len(service.received) == 3
    devices = await devices_when(alice, lambda devices: any(one["last_used_at"] for one in devices))
    used, dropped = sorted(devices, key=lambda one: one["dropped_at"] or "")
    assert (used["dropped_at"], used["failure"], dropped["last_used_at"]) == (None, None, None)
