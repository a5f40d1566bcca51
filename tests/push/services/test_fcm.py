"""The tests' own FCM: it takes what async-firebase sends, and refuses what Google documents as wrong."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import async_firebase._credentials as credentials_of_async_firebase
import jwt
import pytest
from async_firebase import AsyncFirebaseClient
from async_firebase._config import RequestTimeout
from async_firebase.messages import AndroidConfig, APNSConfig, Message, Notification
from cryptography.hazmat.primitives.asymmetric import rsa

from lumen_notify.push.http_client import HttpClient

from .fcm import AUDIENCE, EMAIL, GRANT, PROJECT, SCOPES, FcmService

FID = "cafe-BABE_0123456789ab"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FcmService]:
    with FcmService(tmp_path) as one:
        yield one


@pytest.fixture
async def client(service: FcmService) -> AsyncIterator[HttpClient]:
    one = HttpClient(verify=service.authority.trust())
    yield one
    await one.close()


async def test_async_firebase_passes(service: FcmService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(service.authority.cert))
    monkeypatch.setattr(credentials_of_async_firebase, "TOKEN_URL", f"{service.url}/token")
    monkeypatch.setattr(AsyncFirebaseClient, "BASE_URL", service.url)
    firebase = AsyncFirebaseClient(use_http2=True, request_timeout=RequestTimeout(60.0))
    firebase.creds_from_service_account_info(service.credentials)
    message = Message(
        fid=FID,
        data={"id": "0192"},
        notification=Notification(title="Tea", body="is ready"),
        android=AndroidConfig.build(
            priority="high", ttl=2400, collapse_key="tea", title="Tea", body="is ready", tag="orders"
        ),
        apns=APNSConfig.build(
            priority="normal",
            ttl=2400,
            apns_topic="example.tea.app",
            collapse_key="tea",
            title="Tea",
            alert="is ready",
            badge=3,
            mutable_content=True,
        ),
    )
    answers = [await firebase.send(message) for _ in range(2)]
    service.unregistered.add(FID)
    answers.append(await firebase.send(message))
    await firebase.close()
    assert [type(answer.exception).__name__ for answer in answers] == [
        *("NoneType", "NoneType", "UnregisteredError")
    ], [repr(getattr(answer.exception, "cause", answer.exception)) for answer in answers]
    assert service.refused == []
    assert service.messages[0]["android"]["notification"]["tag"] == "orders"
    assert service.token_requests == 1


async def ask_for_token(client: HttpClient, service: FcmService, **changes: Any) -> Any:
    now = int(time.time())
    claims = {
        "iss": EMAIL,
        "scope": next(iter(SCOPES)),
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 3600,
        **changes.get("claims", {}),
        **{name: now + seconds for name, seconds in changes.get("times", {}).items()},
    }
    credentials = service.credentials
    headers = {"kid": changes.get("kid", credentials["private_key_id"])}
    key = changes.get("key", credentials["private_key"])
    assertion = jwt.encode(claims, key, algorithm=changes.get("alg", "RS256"), headers=headers)
    form = {"grant_type": changes.get("grant_type", GRANT), "assertion": assertion}
    answer = await client.post(
        f"{service.url}/token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        content=urlencode(form).encode(),
    )
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, None),
        ({"claims": {"aud": "https://example.com/token"}}, "invalid_grant"),
        ({"claims": {"iss": "somebody@example.com"}}, "invalid_grant"),
        ({"times": {"exp": -60}}, "invalid_grant"),
        ({"times": {"exp": 7200}}, "invalid_grant"),
        ({"times": {"iat": 600, "exp": 900}}, "invalid_grant"),
        ({"claims": {"scope": "https://www.googleapis.com/auth/calendar"}}, "invalid_scope"),
        ({"key": rsa.generate_private_key(65537, 2048)}, "invalid_grant"),
        ({"kid": "other"}, "invalid_grant"),
        ({"alg": "PS256"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
    ids=["good", "audience", "issuer", "old", "long", "future", "scope", "key", "kid", "algorithm", "grant"],
)
async def test_assertion_is_checked(
    client: HttpClient, service: FcmService, changes: dict[str, Any], error: str | None
) -> None:
    assert (await ask_for_token(client, service, **changes)).get("error") == error
    assert len(service.refused) == (error is not None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, None),
        ({"android": {"collapseKey": "both forms are taken"}}, None),
        ({"colour": "red"}, "message.colour"),
        ({"android": {"notification": {"tags": "x"}}}, "message.android.notification.tags"),
        (
            {"android": {"notification": {"notification_count": "3"}}},
            "message.android.notification.notification_count",
        ),
        ({"data": {"count": 3}}, "message.data"),
        ({"data": {"from": "me"}}, "message.data[from]"),
        ({"data": {"google.id": "1"}}, "message.data[google.id]"),
        ({"data": {"a": "x" * 4000}}, None),
        ({"data": {"a": "x" * 4096}}, "message.data"),
        ({"android": {"ttl": "60"}}, "message.android.ttl"),
        ({"android": {"ttl": "2419201s"}}, "message.android.ttl"),
        ({"android": {"priority": "urgent"}}, "message.android.priority"),
        ({"topic": "tea"}, "message"),
        ({"fid": "dafe-BABE_0123456789ab"}, "message"),
        ({"apns": {"payload": {"aps": {"alert": "x" * 4096}}}}, "message.apns.payload"),
        ({"apns": {"headers": {"apns-collapse-id": "x" * 65}}}, "message.apns.headers"),
        ({"data": {"a": "1"}, "apns": {"headers": {"apns-priority": "10"}}}, "message.apns.headers"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_message_is_checked(
    client: HttpClient, service: FcmService, changes: dict[str, Any], field: str | None
) -> None:
    token = (await ask_for_token(client, service))["access_token"]
    answer = await client.post(
        f"{service.url}/v1/projects/{PROJECT}/messages:send",
        headers={"authorization": f"Bearer {token}"},
        content=json.dumps({"message": {"token": "t1", **changes}}).encode(),
    )
    details = json.loads(answer.body).get("error", {}).get("details", [])
    assert [one["field"] for detail in details for one in detail["fieldViolations"]] == (
        [field] if field else []
    )
    assert answer.status == (400 if field else 200)


async def test_other_paths_methods_and_tokens_are_refused(client: HttpClient, service: FcmService) -> None:
    path = f"/v1/projects/{PROJECT}/messages:send"
    for method, where, status in (("POST", path, 401), ("GET", path, 405), ("POST", "/v1/projects/x/y", 404)):
        answer = await client.request(method, service.url + where, headers={}, content=b"{}")
        assert answer.status == status
