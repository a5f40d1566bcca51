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
from push.services.https_service import HttpsService, Reply, Request

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
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


class Application(HttpsService):
    """Takes what its secret has signed."""

    def answer(self, request: Request) -> Reply:
        Webhook(SECRET).verify(request.body, dict(request.headers))
        return Reply(status=204)


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with Application(tmp_path) as one:
        yield one


@pytest.fixture
async def provider(application: Application) -> AsyncIterator[WebhookProvider]:
    client = HttpClient(verify=application.authority.trust())
    one = WebhookProvider(f"{application.url}/push?key=1", Secret(SECRET), http_client=client)
    yield one
    await one.close()


async def test_request_is_signed_and_has_user_device_count_and_notification(
    application: Application, provider: WebhookProvider
) -> None:
    assert await provider.send(PUSH, TARGET) == SENT
    (request,) = application.received
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


async def test_content_is_not_cut(application: Application, provider: WebhookProvider) -> None:
    payload = {**PUSH.payload, "content": "🍵" * 8000, "data": {"x": "y" * 8000}}
    assert await provider.send(replace(PUSH, payload=payload), TARGET) == SENT
    assert application.received[0].json()["data"]["notification"] == payload


async def test_id_is_the_same_when_a_push_is_tried_again(
    application: Application, provider: WebhookProvider
) -> None:
    application.fail_next(Reply(status=500))
    for push, target in (
        (PUSH, TARGET),
        (replace(PUSH, badge=4), TARGET),
        (replace(PUSH, id="0194_0192"), TARGET),
        (PUSH, replace(TARGET, id="d2")),
    ):
        await provider.send(push, target)
    ids = [request.headers["webhook-id"] for request in application.received]
    assert ids[0] == ids[1] == "0193_0192_d1"
    assert len(set(ids)) == 3


async def test_what_was_read_is_of_another_type(application: Application, provider: WebhookProvider) -> None:
    """So that an application that sends e-mail takes `notification.push` alone."""
    await provider.send(replace(PUSH, payload={"type": "read", "tags": ["0192"]}, is_silent=True), TARGET)
    assert application.received[0].json()["type"] == "notification.read"


async def test_device_with_keys_gets_it_encrypted(
    application: Application, provider: WebhookProvider
) -> None:
    device = Device()
    target = replace(TARGET, p256dh=device.p256dh, auth=device.auth)
    assert await provider.send(PUSH, target) == SENT
    notification = application.received[0].json()["data"]["notification"]
    assert list(notification) == ["encrypted"]
    assert device.payload(decode(notification["encrypted"])) == PUSH.payload


async def test_device_with_keys_that_are_none_is_gone(
    application: Application, provider: WebhookProvider
) -> None:
    result = await provider.send(PUSH, replace(TARGET, p256dh="tea", auth="tea"))
    assert result == Result(outcome="gone", reason="invalid keys")
    assert application.received == []


async def test_body_that_was_changed_is_not_verified(
    application: Application, provider: WebhookProvider
) -> None:
    await provider.send(PUSH, TARGET)
    (request,) = application.received
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
    reply: Reply, result: Result, application: Application, provider: WebhookProvider
) -> None:
    """Standard Webhooks, "Operational considerations"."""
    application.fail_next(reply)
    assert await provider.send(PUSH, TARGET) == result
    assert len(application.received) == 1


async def test_application_that_is_down_gets_it_later() -> None:
    provider = WebhookProvider("http://127.0.0.1:1/", Secret(SECRET))
    assert await provider.send(PUSH, TARGET) == Result(outcome="retry", reason="ConnectError")
    await provider.close()


async def test_provider_is_made_of_the_settings(sqlite_url: str) -> None:
    settings = Settings(push_webhook_url="http://127.0.0.1:1/", push_webhook_secret=Secret(SECRET))
    provider = await open_provider(settings, Database(sqlite_url))
    assert (await provider.send(PUSH, TARGET)).outcome == "retry"
    await provider.close()
