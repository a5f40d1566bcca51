"""Webhook: requests that the library of Standard Webhooks, which is not ours, verifies."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lumen_notify.commit.database import Database
from lumen_notify.push.http_client import HttpClient
from lumen_notify.push.providers.webhook import WebhookProvider, open_provider
from lumen_notify.push.push import SENT, Push, Result, Target
from lumen_notify.settings import Secret, Settings
from push.device import Device, decode
from push.services.https_service import Reply
from push.services.webhook_receiver import SECRET, WebhookReceiver

PUSH = Push(
    payload={"type": "notification", "id": "0192", "content": "<b>It</b> is ready.", "unread_count": 3},
    collapse_key="0192",
    badge=3,
    ttl_seconds=3600,
    id="0193_0192",
)
TARGET = Target(
    id="d1", user_id="alice", provider="webhook", token="+41 79 000", kind="mobile", locale="de-CH"
)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[WebhookReceiver]:
    with WebhookReceiver(tmp_path) as one:
        yield one


@pytest.fixture
async def provider(receiver: WebhookReceiver) -> AsyncIterator[WebhookProvider]:
    client = HttpClient(verify=receiver.authority.trust())
    one = WebhookProvider(f"{receiver.url}/push?key=1", Secret(SECRET), http_client=client)
    yield one
    await one.close()


async def test_request_is_signed_and_has_user_device_count_and_notification(
    receiver: WebhookReceiver, provider: WebhookProvider
) -> None:
    assert await provider.send(PUSH, TARGET) == SENT
    (request,) = receiver.received
    body = request.json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", body.pop("timestamp"))
    assert body == {
        "type": "notification.push",
        "data": {
            "user": "alice",
            "device": {"id": "d1", "kind": "mobile", "locale": "de-CH", "token": "+41 79 000"},
            "unread_count": 3,
            "notification": PUSH.payload,
        },
    }
    assert (request.method, request.path) == ("POST", "/push?key=1")
    assert request.headers["content-type"] == "application/json"


async def test_content_is_not_cut(receiver: WebhookReceiver, provider: WebhookProvider) -> None:
    payload = {**PUSH.payload, "content": "🍵" * 8000, "data": {"x": "y" * 8000}}
    assert await provider.send(replace(PUSH, payload=payload), TARGET) == SENT
    assert receiver.received[0].json()["data"]["notification"] == payload


async def test_id_is_the_same_when_a_push_is_tried_again(
    receiver: WebhookReceiver, provider: WebhookProvider
) -> None:
    receiver.fail_next(Reply(status=500))
    for push, target in (
        (PUSH, TARGET),
        (replace(PUSH, badge=4), TARGET),
        (replace(PUSH, id="0194_0192"), TARGET),
        (PUSH, replace(TARGET, id="d2")),
    ):
        await provider.send(push, target)
    ids = [request.headers["webhook-id"] for request in receiver.received]
    assert ids[0] == ids[1] == "0193_0192_d1"
    assert len(set(ids)) == 3


async def test_what_was_read_is_of_another_type(receiver: WebhookReceiver, provider: WebhookProvider) -> None:
    """So that an application that sends e-mail takes `notification.push` alone."""
    await provider.send(replace(PUSH, payload={"type": "read", "tags": ["0192"]}, is_silent=True), TARGET)
    assert receiver.received[0].json()["type"] == "notification.read"


async def test_device_with_keys_gets_it_encrypted(
    receiver: WebhookReceiver, provider: WebhookProvider
) -> None:
    device = Device()
    target = replace(TARGET, p256dh=device.p256dh, auth=device.auth)
    assert await provider.send(PUSH, target) == SENT
    notification = receiver.received[0].json()["data"]["notification"]
    assert list(notification) == ["encrypted"]
    assert device.payload(decode(notification["encrypted"])) == PUSH.payload


async def test_device_with_keys_that_are_none_is_gone(
    receiver: WebhookReceiver, provider: WebhookProvider
) -> None:
    result = await provider.send(PUSH, replace(TARGET, p256dh="tea", auth="tea"))
    assert result == Result(outcome="gone", reason="invalid keys")
    assert receiver.received == []


async def test_body_that_was_changed_is_not_verified(
    receiver: WebhookReceiver, provider: WebhookProvider
) -> None:
    await provider.send(PUSH, TARGET)
    (request,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body.replace(b"alice", b"mally"), dict(request.headers))


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(status=200), SENT),
        (Reply(status=202), SENT),
        (Reply(status=410), Result(outcome="gone", reason="status 410")),
        (
            Reply(status=429, headers={"retry-after": "60"}),
            Result(outcome="retry", reason="status 429", retry_seconds=60),
        ),
        (Reply(status=408), Result(outcome="retry", reason="status 408")),
        (Reply(status=500), Result(outcome="retry", reason="status 500")),
        (
            Reply(status=503, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
            Result(outcome="retry", reason="status 503", retry_seconds=0),
        ),
        (Reply(status=400, body=b"alice has no such number"), Result(outcome="refused", reason="status 400")),
        (Reply(status=404), Result(outcome="refused", reason="status 404")),
        (Reply(status=302, headers={"location": "/"}), Result(outcome="refused", reason="status 302")),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else value.outcome,
)
async def test_answer_says_what_becomes_of_the_push(
    reply: Reply, result: Result, receiver: WebhookReceiver, provider: WebhookProvider
) -> None:
    """Standard Webhooks, "Operational considerations"."""
    receiver.fail_next(reply)
    assert await provider.send(PUSH, TARGET) == result
    assert len(receiver.received) == 1


async def test_application_that_is_down_gets_it_later() -> None:
    provider = WebhookProvider("http://127.0.0.1:1/", Secret(SECRET))
    assert await provider.send(PUSH, TARGET) == Result(outcome="retry", reason="ConnectError")
    await provider.close()


async def test_provider_is_made_of_the_settings(sqlite_url: str) -> None:
    settings = Settings(push_webhook_url="http://127.0.0.1:1/", push_webhook_secret=Secret(SECRET))
    provider = await open_provider(settings, Database(sqlite_url))
    assert (await provider.send(PUSH, TARGET)).outcome == "retry"
    await provider.close()
