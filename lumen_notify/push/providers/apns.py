"""APNs: Apple Push Notification service.

Specification: Apple's "Sending notification requests to APNs", "Handling notification responses from APNs"
and "Establishing a token-based connection to APNs".

The payload is beside `aps`, as it is:

    {"aps": {...}, "type": "notification", "id": "...", "title": "...", "content": "...", ...}

    {"aps": {...}, "encrypted": "..."}      for a device with keys: RFC 8291, in base64url

By `HttpClient`, not by aioapns: that has no time-outs, ends its connection after 10 seconds without a push,
cannot be led to a gateway, and needs pyOpenSSL.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.errors import Misconfigured
from lumen_notify.model import now_ms, to_json
from lumen_notify.push import apple
from lumen_notify.push.apns_tokens import ApnsTokens, UnusableFile, read_key
from lumen_notify.push.encryption import InvalidKeys, encrypt, max_content_bytes
from lumen_notify.push.http_client import Answer, HttpClient
from lumen_notify.push.provider import MAX_PAYLOAD_BYTES
from lumen_notify.push.push import SENT, Push, Result, Target
from lumen_notify.settings import Settings, variable

GONE = frozenset(("BadDeviceToken", "DeviceTokenNotForTopic", "ExpiredToken", "Unregistered"))

FOR_DEVICE = "TooManyRequests"
"""Too many to this device alone."""

EXPIRED = "ExpiredProviderToken"

OF_SERVICE = frozenset(
    (
        "IdleTimeout",
        "InternalServerError",
        "InvalidProviderToken",  # whoever runs this may put another key in
        "MissingProviderToken",
        "ServiceUnavailable",
        "Shutdown",
        "TooManyProviderTokenUpdates",
        EXPIRED,
    )
)
"""What another try may mend."""

OF_DEVICE = frozenset(("BadDeviceToken", "Unregistered", "ExpiredToken"))

_SETTINGS = {
    "InvalidProviderToken": "push_apns_key_id",
    "ExpiredProviderToken": "push_apns_key_file",
    "BadTopic": "push_apns_topic",
    "TopicDisallowed": "push_apns_topic",
    "DeviceTokenNotForTopic": "push_apns_topic",
}
"""What to look at first, by Apple's word for a failure."""

_NOTHING = {"type": "read", "tags": [], "unread_count": 0}

_TOKEN = re.compile(r"[0-9A-Fa-f]{1,200}")

_REASON = re.compile(r"[A-Za-z]{1,60}")

_IDS = uuid.UUID("6f1d9a1e-6a53-4a0c-9a4c-3a5a1d1c7f0e")


async def open_provider(settings: Settings, database: Database) -> ApnsProvider:  # noqa: ARG001
    """Return the provider of the settings. Raises Misconfigured."""
    path = settings.push_apns_key_file
    assert path is not None, "see `settings/combinations`"
    try:
        key = read_key(path)
    except UnusableFile as error:
        raise Misconfigured([(variable("push_apns_key_file"), str(error))]) from None
    tokens = ApnsTokens(
        key, key_id=settings.push_apns_key_id or "", team_id=settings.push_apns_team_id or "", clock=now_ms
    )
    return ApnsProvider(
        HttpClient(), tokens, url=settings.push_apns_url, topic=settings.push_apns_topic or "", clock=now_ms
    )


class ApnsProvider:
    """Sends to APNs. url: without a path. topic: the bundle ID of the app. clock: milliseconds."""

    name = "apns"

    def __init__(
        self, client: HttpClient, tokens: ApnsTokens, *, url: str, topic: str, clock: Callable[[], int]
    ) -> None:
        self._client, self._tokens, self._clock = client, tokens, clock
        self._url, self._topic = url.rstrip("/"), topic

    async def send(self, push: Push, target: Target) -> Result:
        """Send a push to a device, once more if its provider token has expired."""
        if not _TOKEN.fullmatch(target.token):
            return Result(outcome="gone", reason="BadDeviceToken")
        try:
            body = payload(push, target)
        except InvalidKeys:
            return Result(outcome="gone", reason="invalid keys")
        try:
            token = self._tokens.token()
            answer = await self._post(push, target, body, token)
            if _reason(_body(answer)) == EXPIRED and self._tokens.renew(token):
                answer = await self._post(push, target, body, self._tokens.token())
        except ConnectionError as error:
            return Result(outcome="retry", reason=str(error))
        return self._result(answer, target)

    def config(self) -> Mapping[str, Any]:
        """Return the bundle ID."""
        return {"topic": self._topic}

    async def check(self) -> None:
        """Push to a device that does not exist. Raises Misconfigured."""
        nobody = Target(id="", user_id="", provider=self.name, token="0" * 64)
        push = Push(payload=_NOTHING, collapse_key="check", badge=0, ttl_seconds=0, is_silent=True)
        result = await self.send(push, nobody)
        if result.outcome == "sent" or result.reason in OF_DEVICE:
            return
        setting = _SETTINGS.get(result.reason, "push_apns_url")
        raise Misconfigured([(variable(setting), f"does not work: {result.reason}")])

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def _post(self, push: Push, target: Target, body: bytes, token: str) -> Answer:
        headers = {
            "authorization": f"bearer {token}",
            "apns-topic": self._topic,
            "apns-id": str(uuid.uuid5(_IDS, f"{push.id} {target.id}") if push.id else uuid.uuid4()),
            **apple.headers(push, target, self._clock()),
        }
        return await self._client.post(f"{self._url}/3/device/{target.token}", headers=headers, content=body)

    def _result(self, answer: Answer, target: Target) -> Result:
        if answer.status == 200:
            return SENT
        body = _body(answer)
        reason = _reason(body) or f"HTTP {answer.status}"
        seconds = answer.retry_seconds
        if reason in GONE or answer.status == 410:
            is_old = _was_before(body.get("timestamp"), target.registered_at)
            return Result(outcome="refused" if is_old else "gone", reason=reason)
        if (
            reason in OF_SERVICE
            or reason == FOR_DEVICE
            or answer.status in (408, 429)
            or answer.status >= 500
        ):
            return Result(
                outcome="retry",
                reason=reason,
                retry_seconds=seconds,
                is_for_device=reason == FOR_DEVICE,
            )
        return Result(outcome="refused", reason=reason)


def payload(push: Push, target: Target) -> bytes:
    """Return the body of a request, of at most 4,096 bytes. Raises InvalidKeys."""
    aps = to_json(apple.aps(push, target)).encode()
    if target.p256dh is None or target.auth is None:
        rest = push.encode(MAX_PAYLOAD_BYTES - len(b'{"aps":,') - len(aps) + len(b"{"))
        return b'{"aps":' + aps + b"," + rest[1:]
    around = b'{"aps":' + aps + b',"encrypted":"', b'"}'
    room = MAX_PAYLOAD_BYTES - sum(map(len, around))
    content = push.encode(max_content_bytes(room * 3 // 4))
    encrypted = base64.urlsafe_b64encode(encrypt(content, p256dh=target.p256dh, auth=target.auth))
    return encrypted.rstrip(b"=").join(around)


def _body(answer: Answer) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _reason(body: Mapping[str, Any]) -> str:
    """Return Apple's word for a failure, empty if there is none."""
    reason = body.get("reason")
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else ""


def _was_before(timestamp: object, registered_at: int | None) -> bool:
    """Return whether a device has registered since Apple found its token invalid ("Handling notification
    responses from APNs", `timestamp`)."""
    return registered_at is not None and isinstance(timestamp, int | float) and timestamp < registered_at
