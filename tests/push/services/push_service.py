"""Push service: takes what browsers get (RFC 8030, 8291, 8292), and keeps it for their subscriptions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certificates import Authority
from push.device import Device
from push.services.https_service import NAME, HttpsService, Refused, Reply, Request
from push.services.push_rules import check_body, check_headers, check_vapid


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A push message, encrypted."""

    body: bytes
    ttl: int
    urgency: str
    topic: str | None


@dataclass(slots=True, kw_only=True)
class Subscription:
    """A push subscription. public_key: of VAPID, to which it is restricted (RFC 8292, section 4.1). messages:
    those that wait for the device, oldest first. device: its keys."""

    endpoint: str
    public_key: str
    device: Device
    messages: list[Message] = field(default_factory=list)
    is_gone: bool = False

    @property
    def payloads(self) -> list[Any]:
        """What waits, decrypted by the device."""
        return [self.device.payload(one.body) for one in list(self.messages)]

    def to_json(self) -> dict[str, Any]:
        """As a browser has it (Push API, `PushSubscription.toJSON`)."""
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": self.device.p256dh, "auth": self.device.auth},
        }


class PushService(HttpsService):
    """wants_subject: whether tokens must name who runs the server, as at Apple's. hand_on: gets each message
    as it comes, in the thread of the service, such as to give it to a browser."""

    def __init__(
        self,
        folder: Path,
        *,
        authority: Authority | None = None,
        name: str = NAME,
        http2: bool = True,
        wants_subject: bool = False,
        hand_on: Callable[[Subscription, Message], None] | None = None,
    ) -> None:
        super().__init__(folder, authority=authority, name=name, http2=http2)
        self.subscriptions: dict[str, Subscription] = {}
        self._wants_subject = wants_subject
        self._hand_on = hand_on

    def subscribe(self, public_key: str, device: Device | None = None) -> Subscription:
        """Make a subscription. The service is listening."""
        path = f"/push/{secrets.token_urlsafe(24)}"
        one = Subscription(
            endpoint=self.url + path, public_key=public_key, device=device if device is not None else Device()
        )
        self.subscriptions[path] = one
        return one

    def answer(self, request: Request) -> Reply:
        """Take a message, for a subscription that exists."""
        subscription = self.subscriptions.get(request.path)
        if subscription is None:
            raise Refused(Reply.of_json(404, {"reason": "Unregistered"}), "RFC 8030, 7.3: no subscription")
        check_headers(request)
        check_vapid(
            request,
            origin=self.url,
            now=time.time(),
            public_key=subscription.public_key,
            wants_subject=self._wants_subject,
        )
        check_body(request)
        if subscription.is_gone:
            return Reply.of_json(410, {"reason": "Unregistered"})
        if not self.will_fail(request):  # which say that it was not taken
            self._keep(subscription, request)
        # RFC 8030, section 5: 201 with the address of the message; section 5.2: the TTL that is kept to.
        location = f"{self.url}/message/{secrets.token_urlsafe(12)}"
        return Reply(status=201, headers={"location": location, "ttl": request.headers["ttl"]})

    def _keep(self, subscription: Subscription, request: Request) -> None:
        message = Message(
            body=request.body,
            ttl=int(request.headers["ttl"]),
            urgency=request.headers.get("urgency", "normal"),
            topic=request.headers.get("topic"),
        )
        if message.topic is not None:  # RFC 8030, section 5.4: it replaces the one that waits
            subscription.messages[:] = [one for one in subscription.messages if one.topic != message.topic]
        subscription.messages.append(message)
        if self._hand_on is not None:
            self._hand_on(subscription, message)
