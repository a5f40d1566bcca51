"""The push service of the tests: it takes what another client sends, and refuses what breaks a rule."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lumen_notify.push.encryption import encrypt
from programs import NODE, installed, program
from push.device import base64url
from push.services.https_service import Refused, Reply, Request
from push.services.push_service import PushService, Subscription

PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = base64url(PRIVATE_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def service(tmp_path: Path) -> Iterator[PushService]:
    with PushService(tmp_path, http2=False, wants_subject=True) as one:
        yield one


@pytest.fixture
def subscription(service: PushService) -> Subscription:
    return service.subscribe(PUBLIC_KEY)


async def send_with_npm(
    service: PushService, subscription: Subscription, private_key: ec.EllipticCurvePrivateKey
) -> str:
    installed(NODE / "web-push", "npm ci --prefix tests/node")
    number = private_key.private_numbers().private_value
    public_key = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    node = await asyncio.create_subprocess_exec(
        program("node"),
        str(NODE.parent / "send-push.mjs"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(service.authority.cert)},
    )
    options = {
        "vapidDetails": {
            "subject": "mailto:ops@example.com",
            "publicKey": base64url(public_key),
            "privateKey": base64url(number.to_bytes(32, "big")),
        },
        "TTL": 60,
        "urgency": "high",
        "topic": "tea",
        "contentEncoding": "aes128gcm",
    }
    message = {"subscription": subscription.to_json(), "payload": '{"title":"Tea"}', "options": options}
    output, _ = await node.communicate(json.dumps(message).encode())
    return output.decode().strip()


@pytest.mark.server
async def test_web_push_of_npm_passes(service: PushService, subscription: Subscription) -> None:
    assert await send_with_npm(service, subscription, PRIVATE_KEY) == "201"
    assert subscription.payloads == [{"title": "Tea"}]
    (message,) = subscription.messages
    assert (message.ttl, message.urgency, message.topic) == (60, "high", "tea")
    assert service.refused == []


@pytest.mark.server
async def test_web_push_of_npm_with_another_key_is_refused(
    service: PushService, subscription: Subscription
) -> None:
    assert await send_with_npm(service, subscription, OTHER_KEY) == "403"
    assert service.refused == ["RFC 8292, 4.2: another key"]


def token(service: PushService, key: Any = PRIVATE_KEY, algorithm: str = "ES256", **claims: Any) -> str:
    good = {"aud": service.url, "exp": int(time.time()) + 3600, "sub": "mailto:ops@example.com"}
    kept = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm)


def answer(
    service: PushService,
    subscription: Subscription,
    *,
    method: str = "POST",
    path: str | None = None,
    body: bytes | None = None,
    **headers: str | None,
) -> Reply:
    device = subscription.device
    good: Mapping[str, str | None] = {
        "ttl": "60",
        "content_encoding": "aes128gcm",
        "authorization": f"vapid t={token(service)}, k={PUBLIC_KEY}",
    }
    request = Request(
        method=method,
        path=path or subscription.endpoint.removeprefix(service.url),
        headers={
            name.replace("_", "-"): value for name, value in {**good, **headers}.items() if value is not None
        },
        body=encrypt(b"{}", p256dh=device.p256dh, auth=device.auth) if body is None else body,
        connection=1,
    )
    return service.answer(request)


def test_request_that_breaks_no_rule_is_taken(service: PushService, subscription: Subscription) -> None:
    reply = answer(service, subscription, urgency="very-low", topic="A-_9" * 8)
    assert reply.status == 201
    assert reply.headers["ttl"] == "60"
    assert subscription.payloads == [{}]


def changed(position: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body[:position] + new + body[position + len(new) :]


BROKEN: Mapping[str, Mapping[str, Any]] = {
    "RFC 8030, 5: POST": {"method": "PUT"},
    "RFC 8030, 7.3: no subscription": {"path": "/push/other"},
    "RFC 8030, 5.2: TTL must be there, 1*DIGIT": {"ttl": "-1"},
    "RFC 8030, 5.2: less than 2^31 seconds": {"ttl": str(2**31)},
    "RFC 8030, 5.3: Urgency is one of four": {"urgency": "urgent"},
    "RFC 8030, 5.4: Topic has at most 32 characters of base64url": {"topic": "x" * 33},
    "RFC 8030, 7.2: at most 4,096 bytes": {"change": lambda body: body.ljust(4097, b"x")},
    "RFC 8291, 4: Content-Encoding aes128gcm": {"content_encoding": "aesgcm"},
    "RFC 8188, 2.1: salt, record size, key id; a record has a delimiter and a tag": {
        "change": lambda body: body[:100]
    },
    "RFC 8188, 2.1: a record size is at least 18": {"change": changed(16, b"\0\0\0\x11")},
    "RFC 8291, 4: keyid is an uncompressed point": {"change": changed(20, b"\x21")},
    "RFC 8291, 3.1: the point is one of P-256": {"change": changed(30, b"tea")},
    "RFC 8291, 4: a single record": {"change": changed(16, b"\0\0\0\x20")},
    "RFC 8292, 4.2: a restricted subscription wants VAPID": {"authorization": None},
    "RFC 8292, 3: the scheme is vapid": {"scheme": "Bearer"},
    "RFC 8292, 3.1, 3.2: t and k": {"authorization": "vapid t=a.b.c"},
    "RFC 8292, 4.2: another key": {"public_key": base64url(b"\x04" * 65)},
    "RFC 8292, 2: a JWT signed by ES256": {"key": OTHER_KEY},
    "RFC 8292, 2: aud is the origin of the resource": {"aud": "https://push.example"},
    "RFC 8292, 2: exp is to come": {"exp": 1},
    "RFC 8292, 2: within 24 hours": {"exp": 2**40},
    "RFC 8292, 2.1: sub is a mailto: or https: URI (Apple wants one)": {"sub": None},
}


@pytest.mark.parametrize("rule", BROKEN)
def test_request_that_breaks_a_rule_is_refused(
    rule: str, service: PushService, subscription: Subscription
) -> None:
    broken = dict(BROKEN[rule])
    device = subscription.device
    body = encrypt(b"{}", p256dh=device.p256dh, auth=device.auth)
    claims = {name: broken.pop(name) for name in ("key", "aud", "exp", "sub") if name in broken}
    scheme, public_key = broken.pop("scheme", "vapid"), broken.pop("public_key", PUBLIC_KEY)
    authorization = f"{scheme} t={token(service, **claims)}, k={public_key}"
    broken["body"] = broken.pop("change", lambda body: body)(body)
    with pytest.raises(Refused) as caught:
        answer(service, subscription, **{"authorization": authorization, **broken})
    assert str(caught.value) == rule
    assert subscription.messages == []
