"""Webhook: requests to an URL of the application, which sends e-mail, SMS or anything else.

They are signed by Standard Webhooks (github.com/standard-webhooks/standard-webhooks, version 1.0.0), whose
libraries verify them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.model import now_ms, rfc3339, to_json
from lumen_notify.push.encryption import MAX_CONTENT_BYTES, InvalidKeys, encrypt
from lumen_notify.push.http_client import Answer, HttpClient
from lumen_notify.push.push import SENT, Push, Result, Target
from lumen_notify.settings import Secret, Settings

_RETRIES = (408, 429)


class WebhookProvider:
    """Sends a request for each push. url: of the application. secret: `whsec_` and base64."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: Secret,
        *,
        http_client: HttpClient | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._url = url
        self._key = base64.b64decode(secret.reveal().removeprefix("whsec_"))
        self._http_client = http_client or HttpClient()
        self._clock = clock

    async def send(self, push: Push, target: Target) -> Result:
        """Send the request of one push."""
        now = self._clock()
        try:
            body = to_json(
                {
                    "type": "notification.read" if push.is_silent else "notification.push",
                    "timestamp": rfc3339(now),
                    "data": {
                        "user": target.user_id,
                        "device": {
                            "id": target.id,
                            "kind": target.kind,
                            "locale": target.locale,
                            "token": target.token,
                        },
                        "unread_count": push.badge,
                        "notification": _notification(push, target),
                    },
                }
            ).encode()
        except InvalidKeys:
            return Result(outcome="gone", reason="invalid keys")
        headers = {"content-type": "application/json", **self._signature(f"{push.id}_{target.id}", now, body)}
        try:
            answer = await self._http_client.post(self._url, headers=headers, content=body)
        except ConnectionError as error:
            return Result(outcome="retry", reason=str(error))
        return _result(answer)

    def config(self) -> Mapping[str, Any]:
        """Return nothing: a device needs no key."""
        return {}

    async def close(self) -> None:
        """Close its connections."""
        await self._http_client.close()

    def _signature(self, message_id: str, now: int, body: bytes) -> Mapping[str, str]:
        """Standard Webhooks, "Webhook Headers" and "Signature scheme". The id is the same when a push is
        tried again, so that the application can drop repeats."""
        seconds = str(now // 1000)
        signed = f"{message_id}.{seconds}.".encode() + body
        signature = base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": f"v1,{signature}",
        }


async def open_provider(settings: Settings, _database: Database) -> WebhookProvider:
    """Make the provider. The settings have the URL and the secret (`settings.combinations`)."""
    url, secret = settings.push_webhook_url, settings.push_webhook_secret
    assert url is not None
    assert secret is not None
    return WebhookProvider(url, secret)


def _notification(push: Push, target: Target) -> Mapping[str, Any]:
    if target.p256dh is None or target.auth is None:
        return push.payload
    encrypted = encrypt(push.encode(MAX_CONTENT_BYTES), p256dh=target.p256dh, auth=target.auth)
    return {"encrypted": base64.urlsafe_b64encode(encrypted).rstrip(b"=").decode()}


def _result(answer: Answer) -> Result:
    """Standard Webhooks, "Operational considerations": 2xx is success, 410 ends it, and 429 and 5xx come
    later; a redirect is a failure."""
    status = answer.status
    reason = f"status {status}"
    if 200 <= status < 300:
        return SENT
    if status == 410:
        return Result(outcome="gone", reason=reason)
    if status >= 500 or status in _RETRIES:
        return Result(outcome="retry", reason=reason, retry_seconds=answer.retry_seconds)
    return Result(outcome="refused", reason=reason)
