"""The tests' own APNs: it takes what node-apn sends, and refuses what Apple documents as wrong."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lumen_notify.push.http_client import HttpClient
from programs import NODE, installed, program

from .apns import KEY_ID, TEAM_ID, TOPIC, ApnsService

TOKEN = "ab" * 32


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ApnsService]:
    with ApnsService(tmp_path) as one:
        yield one


@pytest.mark.server
async def test_node_apn_passes(service: ApnsService) -> None:
    installed(NODE / "@parse" / "node-apn", "npm ci --prefix tests/node")
    expiry = int(time.time()) + 3600
    notifications = [
        {
            "topic": TOPIC,
            "pushType": "alert",
            "priority": 10,
            "expiry": expiry,
            "collapseId": "tea",
            "alert": {"title": "Tea", "body": "is ready"},
            "badge": 3,
            "sound": "default",
            "threadId": "orders",
            "mutableContent": 1,
            "payload": {"id": "0192"},
        },
        {"topic": TOPIC, "pushType": "background", "priority": 5, "contentAvailable": 1},
        {"topic": TOPIC, "pushType": "background", "priority": 10, "contentAvailable": 1},
        {"topic": "example.other", "pushType": "alert", "alert": "Hi"},
    ]
    host, _, port = service.url.removeprefix("https://").partition(":")
    options = {
        "token": {"key": str(service.key_file), "keyId": KEY_ID, "teamId": TEAM_ID},
        "address": host,
        "port": int(port),
        "ca": service.authority.cert.read_text(),
        "production": True,
    }
    node = await asyncio.create_subprocess_exec(
        program("node"),
        str(NODE.parent / "send-apns.mjs"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    task = {"options": options, "device": TOKEN, "notifications": notifications}
    output, _ = await node.communicate(json.dumps(task).encode())
    assert json.loads(output) == ["sent", "sent", "BadPriority", "TopicDisallowed"]
    first, second = service.accepted
    assert first.headers["apns-collapse-id"] == "tea"
    assert first.headers["apns-expiration"] == str(expiry)
    assert first.json()["aps"]["alert"] == {"title": "Tea", "body": "is ready"}
    assert first.json()["id"] == "0192"
    assert second.json() == {"aps": {"content-available": 1}}


def provider_token(service: ApnsService, *, age_seconds: float = 0, **changes: Any) -> str:
    key = load_pem_private_key(service.key_file.read_bytes(), password=None)
    claims = {"iss": changes.get("iss", TEAM_ID), "iat": int(time.time() - age_seconds)}
    headers = {"kid": changes.get("kid", KEY_ID)}
    return jwt.encode(claims, changes.get("key", key), algorithm="ES256", headers=headers)


@pytest.fixture
async def client(service: ApnsService) -> AsyncIterator[HttpClient]:
    one = HttpClient(verify=service.authority.trust())
    yield one
    await one.close()


async def reason_of(
    client: HttpClient,
    service: ApnsService,
    *,
    headers: Mapping[str, str | None] | None = None,
    payload: Any = None,
    token: str | None = None,
    path: str = f"/3/device/{TOKEN}",
) -> str:
    """Send a good request with these changes; return Apple's word for what is wrong. payload: bytes, or for
    JSON."""
    good = {
        "authorization": f"bearer {token or provider_token(service)}",
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
        **(headers or {}),
    }
    content = (
        payload if isinstance(payload, bytes) else json.dumps(payload or {"aps": {"alert": "Hi"}}).encode()
    )
    answer = await client.post(
        service.url + path,
        headers={name: value for name, value in good.items() if value is not None},
        content=content,
    )
    return "" if answer.status == 200 else str(json.loads(answer.body)["reason"])


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, ""),
        ({"authorization": None}, "MissingProviderToken"),
        ({"authorization": "bearer nonsense"}, "InvalidProviderToken"),
        ({"apns-topic": None}, "MissingTopic"),
        ({"apns-topic": "example.other"}, "TopicDisallowed"),
        ({"apns-push-type": None}, "InvalidPushType"),
        ({"apns-push-type": "loud"}, "InvalidPushType"),
        ({"apns-push-type": "background"}, "InvalidPushType"),
        ({"apns-priority": "7"}, "BadPriority"),
        ({"apns-expiration": "soon"}, "BadExpirationDate"),
        ({"apns-collapse-id": "x" * 64}, ""),
        ({"apns-collapse-id": "x" * 65}, "BadCollapseId"),
        ({"apns-id": "1"}, "BadMessageId"),
    ],
)
async def test_headers_keep_to_the_table(
    client: HttpClient, service: ApnsService, headers: Mapping[str, str | None], reason: str
) -> None:
    assert await reason_of(client, service, headers=headers) == reason
    assert len(service.refused) == bool(reason)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "PayloadEmpty"),
        (b"[]", "PayloadEmpty"),
        ({"aps": {"alert": "x" * (4096 - 22)}}, ""),
        ({"aps": {"alert": "x" * (4096 - 21)}}, "PayloadTooLarge"),
        ({"aps": {"badges": 1}}, "PayloadEmpty"),
        ({"aps": {"alert": {"text": "Hi"}}}, "PayloadEmpty"),
        ({"aps": {"badge": "1"}}, "PayloadEmpty"),
        ({"aps": {"alert": "Hi", "interruption-level": "loud"}}, "PayloadEmpty"),
        ({"aps": {"content-available": 1}}, "InvalidPushType"),
        ({"aps": {"content-available": 1, "badge": 0}}, ""),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_payload_keeps_to_the_table(
    client: HttpClient, service: ApnsService, payload: Any, reason: str
) -> None:
    assert await reason_of(client, service, payload=payload) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"age_seconds": 3500}, ""),
        ({"age_seconds": 3700}, "ExpiredProviderToken"),
        ({"age_seconds": -3600}, "InvalidProviderToken"),
        ({"kid": "OTHER"}, "InvalidProviderToken"),
        ({"iss": "OTHER"}, "InvalidProviderToken"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "InvalidProviderToken"),
    ],
    ids=["old", "too old", "of the future", "another key id", "another team", "another key"],
)
async def test_provider_token_is_checked(
    client: HttpClient, service: ApnsService, changes: dict[str, Any], reason: str
) -> None:
    assert await reason_of(client, service, token=provider_token(service, **changes)) == reason


async def test_provider_token_may_not_change_within_20_minutes(
    client: HttpClient, service: ApnsService
) -> None:
    ages = [3000, 2400, 1700]
    tokens = [provider_token(service, age_seconds=age) for age in ages]
    reasons = [await reason_of(client, service, token=token) for token in tokens]
    assert reasons == ["", "TooManyProviderTokenUpdates", ""]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/3/device/", "MissingDeviceToken"), ("/2/device/ab", "BadPath"), ("/3/device/xyz", "BadDeviceToken")],
)
async def test_path_has_the_token_of_the_device(
    client: HttpClient, service: ApnsService, path: str, reason: str
) -> None:
    assert await reason_of(client, service, path=path) == reason


async def test_other_methods_are_refused(client: HttpClient, service: ApnsService) -> None:
    answer = await client.request("GET", f"{service.url}/3/device/ab", headers={}, content=b"")
    assert (answer.status, json.loads(answer.body)) == (405, {"reason": "MethodNotAllowed"})
