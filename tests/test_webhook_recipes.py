"""The application that docs/push.md shows: it takes what the server sends, and hands it on."""

from __future__ import annotations

import json
import smtplib
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any, Self

import httpx
import pytest

from clients import serve
from lumen_notify.push.providers.webhook import WebhookProvider
from lumen_notify.push.push import Push, Result, Target
from lumen_notify.settings import Secret
from pages import blocks, section
from push.services.webhook_receiver import SECRET

PUSH = Push(
    payload={"type": "notification", "title": "Tea\nnow", "content": "It is ready.", "url": "/tea"},
    collapse_key="1",
    badge=1,
    ttl_seconds=60,
    id="1",
)


class Mail:
    """In place of `smtplib.SMTP`."""

    sent: list[EmailMessage]

    def __init__(self, host: str) -> None:
        assert host == "localhost"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send_message(self, message: EmailMessage) -> None:
        self.sent.append(message)


@pytest.fixture
def requests() -> list[httpx.Request]:
    return []


@pytest.fixture
async def provider(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx.Request]
) -> AsyncIterator[WebhookProvider]:
    for name in ("TWILIO_ACCOUNT", "TWILIO_NUMBER", "TWILIO_TOKEN", "GOTIFY_TOKEN"):
        monkeypatch.setenv(name, name.lower())
    monkeypatch.setenv("GOTIFY_URL", "https://gotify.example")
    monkeypatch.setenv("LUMEN_PUSH_WEBHOOK_SECRET", SECRET)
    Mail.sent = []
    monkeypatch.setattr(smtplib, "SMTP", Mail)
    ((_, code),) = blocks(section("Webhook"), "python")
    module: dict[str, Any] = {}
    exec(code, module)  # noqa: S102 - what the page shows

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(503 if "down" in request.content.decode() else 200)

    await module["HTTP"].aclose()
    module["HTTP"] = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    async with serve(module["app"]) as url, module["HTTP"]:
        one = WebhookProvider(f"{url}/push", Secret(SECRET))
        yield one
        await one.close()


async def send(provider: WebhookProvider, token: str, push: Push = PUSH) -> Result:
    return await provider.send(push, Target(id="d", user_id="alice", provider="webhook", token=token))


async def test_push_becomes_an_email(provider: WebhookProvider) -> None:
    assert (await send(provider, "email")).outcome == "sent"
    (message,) = Mail.sent
    assert (message["To"], message["Subject"]) == ("alice@example.com", "Tea now")
    assert "It is ready." in message.get_content()
    assert "/tea" in message.get_content()


async def test_push_becomes_a_message_of_other_services(
    provider: WebhookProvider, requests: list[httpx.Request]
) -> None:
    for token in ("sms", "ntfy", "gotify"):
        assert (await send(provider, token)).outcome == "sent"
    sms, ntfy, gotify = requests
    assert str(sms.url) == "https://api.twilio.com/2010-04-01/Accounts/twilio_account/Messages.json"
    assert sms.content == b"From=twilio_number&To=%2B41790000000&Body=Tea%0Anow"
    assert json.loads(ntfy.content) == {"topic": "x7Qm2", "title": "Tea\nnow", "message": "It is ready."}
    assert str(gotify.url) == "https://gotify.example/message"
    assert gotify.headers["x-gotify-key"] == "gotify_token"


async def test_what_was_read_is_sent_to_nobody(
    provider: WebhookProvider, requests: list[httpx.Request]
) -> None:
    read = replace(PUSH, payload={"type": "read", "tags": ["1"]}, is_silent=True)
    assert (await send(provider, "ntfy", read)).outcome == "sent"
    assert requests == []


async def test_device_that_it_does_not_know_is_gone(provider: WebhookProvider) -> None:
    assert await send(provider, "fax") == Result(outcome="gone", reason="status 410")


async def test_service_that_is_down_is_tried_again(provider: WebhookProvider) -> None:
    push = replace(PUSH, payload={**PUSH.payload, "title": "down"})
    assert await send(provider, "ntfy", push) == Result(outcome="retry", reason="status 500")


async def test_request_that_another_secret_has_signed_is_refused(provider: WebhookProvider) -> None:
    other = WebhookProvider(provider._url, Secret("whsec_" + "A" * 32))
    assert await send(other, "email") == Result(outcome="refused", reason="status 401")
    await other.close()
    assert Mail.sent == []
