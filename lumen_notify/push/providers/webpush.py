"""Web Push: requests to the push services of browsers (RFC 8030), whose addresses come from users.

| answer | result |
|---|---|
| 2xx | sent (section 5) |
| 404, 410, a subscription of another key pair, keys that are no keys | gone (section 7.3) |
| 429 | retry, for this device alone (section 8.4) |
| 408, 5xx, none | retry |
| another, and an address that is not public | refused |

A silent push is left out where it does harm, and counts as sent: Safari takes the permission from a page that
shows nothing for a push (developer.apple.com, "Sending web push notifications in web apps and browsers").
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lumen_notify.commit.database import Database
from lumen_notify.commit.shared_key import shared_key
from lumen_notify.model import now_ms
from lumen_notify.model.endpoint import check_endpoint
from lumen_notify.push.encryption import InvalidKeys, encrypt
from lumen_notify.push.http_client import Answer, HttpClient
from lumen_notify.push.public_network import AddressRefused, PublicNetwork
from lumen_notify.push.push import SENT, Push, Result, Target
from lumen_notify.push.resolver import Resolver
from lumen_notify.push.vapid import Vapid
from lumen_notify.settings import Settings

MAX_CONTENT_BYTES = 2944
"""Encrypted and in base64 it fits into the 4,096 bytes of FCM, by which Mozilla's service reaches Firefox on
Android. The services themselves take 4,096 bytes encrypted."""

MAX_TTL_SECONDS = 28 * 86_400
"""What Google's service takes; the others take more."""

URGENCY = {"low": "low", "normal": "normal", "high": "high", "urgent": "high"}
"""RFC 8030, section 5.3."""

TOPIC_BYTES = 24
"""32 characters of base64url, the most that a topic may have (RFC 8030, section 5.4)."""

_SHOWS_EACH = ".push.apple.com"
"""The end of the hosts whose browsers want each push to be shown."""

KNOWN_HOSTS = frozenset(("fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com"))
"""The services of Chromium, Firefox and Safari."""

KNOWN_ENDS = (".notify.windows.com",)
"""And of Edge."""

_OTHER_KEY = (b"vapidpkhashmismatch", b"do not correspond to the credentials", b"vapid public key mismatch")
"""How the services of Apple, Google and Mozilla say that the subscription is bound to another key pair."""


class WebPushProvider:
    """Sends encrypted requests to endpoints.

    allows_private: whether an endpoint may have an address that is not public, and any port. http_client: of
    a test.
    """

    name = "webpush"

    def __init__(
        self,
        vapid: Vapid,
        *,
        allows_private: bool = False,
        http_client: HttpClient | None = None,
    ) -> None:
        self._vapid = vapid
        self._allows_private = allows_private
        network = PublicNetwork(allows_private=allows_private, resolver=Resolver(is_known=is_known_host))
        self._http_client = http_client or HttpClient(network=network)

    async def send(self, push: Push, target: Target) -> Result:
        """Send one push, encrypted for the device."""
        try:
            check_endpoint(target.token, allows_private=self._allows_private)
        except ValueError as error:
            return Result(outcome="refused", reason=f"endpoint {error}")
        if push.is_silent and (urlsplit(target.token).hostname or "").endswith(_SHOWS_EACH):
            return SENT
        try:
            content = encrypt(
                push.encode(MAX_CONTENT_BYTES), p256dh=target.p256dh or "", auth=target.auth or ""
            )
            headers = {
                "authorization": self._vapid.authorization(target.token),
                "content-encoding": "aes128gcm",
                "content-type": "application/octet-stream",
                "topic": _topic(push.collapse_key, target.auth or ""),
                "ttl": str(min(push.ttl_seconds, MAX_TTL_SECONDS)),
                "urgency": "low" if push.is_silent else URGENCY[push.priority],
            }
            answer = await self._http_client.post(target.token, headers=headers, content=content)
        except InvalidKeys:
            return Result(outcome="gone", reason="invalid keys")
        except AddressRefused as error:
            return Result(outcome="refused", reason=str(error))
        except ConnectionError as error:
            return Result(outcome="retry", reason=str(error))
        return _result(answer)

    def service(self, target: Target) -> str:
        """Return the host of the push service."""
        return urlsplit(target.token).netloc.lower()

    def is_known(self, target: Target) -> bool:
        """Return whether it is the service of a browser that many people have."""
        return is_known_host(urlsplit(target.token).hostname or "")

    def config(self) -> Mapping[str, Any]:
        """Return the public key, to which a browser binds its subscription (RFC 8292, section 4.1)."""
        return {"public_key": self._vapid.public_key}

    async def close(self) -> None:
        """Close its connections."""
        await self._http_client.close()


async def open_provider(settings: Settings, database: Database) -> WebPushProvider:
    """Make the provider, with the key pair of the settings or of the database. Raises Misconfigured,
    DatabaseUnavailable."""
    key = await shared_key(database, "vapid") if settings.push_vapid_key_file is None else b""
    vapid = Vapid.from_settings(settings, key, now_ms)
    return WebPushProvider(vapid, allows_private=settings.push_private_addresses == "on")


def is_known_host(host: str) -> bool:
    """Return whether a host, in lower case, is of a push service of the browsers that many people have."""
    return host in KNOWN_HOSTS or host.endswith(KNOWN_ENDS)


def _topic(collapse_key: str, auth: str) -> str:
    """Hash the key together with the device's secret: the service sees neither what it is about, nor which
    users get the same."""
    digest = hashlib.blake2b(
        collapse_key.encode(), key=auth.encode()[: hashlib.blake2b.MAX_KEY_SIZE], digest_size=TOPIC_BYTES
    ).digest()
    return base64.urlsafe_b64encode(digest).decode()


def _result(answer: Answer) -> Result:
    status, reason = answer.status, _reason(answer)
    if 200 <= status < 300:
        return SENT
    if status in (404, 410) or (
        400 <= status < 404 and any(one in answer.body.lower() for one in _OTHER_KEY)
    ):
        return Result(outcome="gone", reason=reason)
    if status in (408, 429) or status >= 500:
        return Result(
            outcome="retry",
            reason=reason,
            retry_seconds=answer.retry_seconds,
            is_for_device=status == 429,
        )
    return Result(outcome="refused", reason=reason)


def _reason(answer: Answer) -> str:
    """Return the status, and the word of Apple's or the number of Mozilla's service. Other text of an
    answer may have a token."""
    try:
        body = json.loads(answer.body)
        detail = body.get("reason") or body.get("errno")
    except (ValueError, AttributeError, RecursionError):
        detail = None
    text = str(detail) if isinstance(detail, str | int) else ""
    return f"status {answer.status}" + (f", {text}" if text.isalnum() and len(text) <= 40 else "")
