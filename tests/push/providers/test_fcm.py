"""FCM: what a service that keeps to Google's documents gets, and what each of its answers means."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.errors import Misconfigured
from lumen_notify.push import http_client
from lumen_notify.push.google_tokens import GoogleTokens
from lumen_notify.push.http_client import HttpClient
from lumen_notify.push.providers.fcm import SCOPE, FcmProvider, open_provider
from lumen_notify.push.push import SENT, Push, Result
from lumen_notify.settings import Settings

from ..device import Device
from ..pushes import TEXTS, long, phone, shown, silent
from ..services.fcm import PROJECT, FcmService
from ..services.https_service import Reply

NOW = 1_800_000_000_000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FcmService]:
    with FcmService(tmp_path) as one:
        yield one
        assert one.refused == []


def provider_of(service: FcmService) -> FcmProvider:
    client = HttpClient(verify=service.authority.trust())
    tokens = GoogleTokens(service.credentials_file, SCOPE, client)
    return FcmProvider(client, tokens, url=service.url, clock=lambda: NOW)


@pytest.fixture
async def provider(service: FcmService) -> AsyncIterator[FcmProvider]:
    one = provider_of(service)
    yield one
    await one.close()


async def message_of(provider: FcmProvider, service: FcmService, push: Push, **fields: Any) -> dict[str, Any]:
    assert await provider.send(push, phone("fcm", "t1", **fields)) == SENT
    return service.messages[-1]


async def test_push_is_shown_by_the_system(provider: FcmProvider, service: FcmService) -> None:
    message = await message_of(provider, service, shown())
    assert message["token"] == "t1"
    assert message["notification"] == {"title": "Tea is ready", "body": "Two pots of oolong"}
    assert message["android"] == {
        "priority": "HIGH",
        "ttl": "3600s",
        "notification": {"tag": "0192-cafe", "notification_count": 3, "channel_id": "order"},
    }
    assert message["webpush"] == {
        "headers": {"TTL": "3600", "Urgency": "normal"},
        "notification": {"tag": "0192-cafe"},
    }
    assert message["apns"]["headers"] == {
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": "1800003600",
        "apns-collapse-id": "0192-cafe",
    }
    assert message["apns"]["payload"]["aps"]["badge"] == 3


async def test_device_is_named_by_its_installation_or_its_token(
    provider: FcmProvider, service: FcmService
) -> None:
    for token in ("cafe-BABE_0123456789ab", "cafeBABE:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx"):
        assert await provider.send(shown(), phone("fcm", token)) == SENT
    assert [message.get("fid") for message in service.messages] == ["cafe-BABE_0123456789ab", None]


async def test_data_has_texts_alone(provider: FcmProvider, service: FcmService) -> None:
    data = (await message_of(provider, service, shown()))["data"]
    assert data["type"] == "notification"
    assert data["unread_count"] == "3"
    assert json.loads(data["sender"]) == {"id": "alice", "username": "Alice"}
    assert json.loads(data["data"]) == {"table": 7}


async def test_silent_push_shows_nothing(provider: FcmProvider, service: FcmService) -> None:
    message = await message_of(provider, service, silent())
    assert "notification" not in message
    assert message["android"] == {"priority": "NORMAL", "ttl": "3600s"}
    assert message["data"] == {"type": "read", "tag": "b", "tags": '["a","b"]', "unread_count": "0"}
    assert message["apns"]["payload"] == {"aps": {"badge": 0, "content-available": 1}}
    assert message["apns"]["headers"]["apns-priority"] == "5"


@pytest.mark.parametrize(
    ("priority", "android"), [("low", "NORMAL"), ("normal", "HIGH"), ("high", "HIGH"), ("urgent", "HIGH")]
)
async def test_priority_is_of_two(
    provider: FcmProvider, service: FcmService, priority: Any, android: str
) -> None:
    message = await message_of(provider, service, shown(priority=priority))
    assert message["android"]["priority"] == android


async def test_long_time_to_live_is_cut_to_four_weeks(provider: FcmProvider, service: FcmService) -> None:
    message = await message_of(provider, service, shown(ttl_seconds=10**9))
    assert message["android"]["ttl"] == "2419200s"


async def test_no_collapse_key_of_which_fcm_keeps_four(provider: FcmProvider, service: FcmService) -> None:
    for push in (shown(), silent()):
        assert "collapse_key" not in (await message_of(provider, service, push))["android"]


async def test_device_with_keys_gets_ciphertext_alone(provider: FcmProvider, service: FcmService) -> None:
    device = Device()
    message = await message_of(provider, service, shown(), device=device, locale="zh-CN")
    assert list(message["data"]) == ["encrypted"]
    encrypted = base64.urlsafe_b64decode(message["data"].pop("encrypted") + "==")
    assert device.payload(encrypted)["content"] == "Two pots of oolong"
    assert "notification" not in message
    assert message["apns"]["payload"]["aps"]["alert"] == {"title": "新通知"}
    assert message["apns"]["payload"]["aps"]["mutable-content"] == 1
    assert not {"Tea", "oolong", "0192-cafe", "order"} & set(json.dumps(message).replace('"', " ").split())
    assert "oolong" not in json.dumps(message)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("has_keys", [False, True], ids=["plain", "encrypted"])
async def test_long_push_is_cut(
    provider: FcmProvider, service: FcmService, text: str, has_keys: bool
) -> None:
    device = Device() if has_keys else None
    data = (await message_of(provider, service, long(text), device=device))["data"]
    if device is not None:
        data = device.payload(base64.urlsafe_b64decode(data["encrypted"] + "=="))
    assert data["id"] == "0192-cafe"
    assert data["content"].startswith(text[:1])
    assert data["content"].endswith("…")


async def test_many_tags_keep_the_newest(provider: FcmProvider, service: FcmService) -> None:
    tags = [f"tag-{number:04}" for number in range(1000)]
    push = Push(
        payload={"type": "read", "tags": tags, "unread_count": 0},
        collapse_key="read",
        badge=0,
        ttl_seconds=60,
        is_silent=True,
    )
    kept = json.loads((await message_of(provider, service, push))["data"]["tags"])
    assert kept == tags[-len(kept) :]
    assert len(kept) > 100


async def test_keys_that_are_none_end_the_device(provider: FcmProvider) -> None:
    device = Device()
    device.p256dh = "AAAA"
    assert await provider.send(shown(), phone("fcm", "t1", device=device)) == Result(
        outcome="gone", reason="invalid keys"
    )


async def test_lost_device_is_gone(provider: FcmProvider, service: FcmService) -> None:
    service.unregistered.add("t1")
    service.invalid.add("t2")
    service.others.add("t3")
    results = [await provider.send(shown(), phone("fcm", token)) for token in ("t1", "t2", "t3")]
    assert [(result.outcome, result.reason) for result in results] == [
        ("gone", "UNREGISTERED"),
        ("gone", "INVALID_ARGUMENT: token"),
        ("refused", "SENDER_ID_MISMATCH"),
    ]


@pytest.mark.parametrize(
    ("code", "headers", "expected"),
    [
        ("QUOTA_EXCEEDED", {"retry_after": "7"}, ("retry", 7)),
        ("QUOTA_EXCEEDED", {}, ("retry", 60)),
        ("UNAVAILABLE", {"retry_after": "3"}, ("retry", 3)),
        ("UNAVAILABLE", {}, ("retry", None)),
        ("INTERNAL", {}, ("retry", None)),
        ("INVALID_ARGUMENT", {}, ("refused", None)),
        ("THIRD_PARTY_AUTH_ERROR", {}, ("refused", None)),
    ],
)
async def test_each_documented_error_has_its_outcome(
    provider: FcmProvider,
    service: FcmService,
    code: str,
    headers: dict[str, str],
    expected: tuple[str, float | None],
) -> None:
    service.fail_next(service.error(code, **headers))
    result = await provider.send(shown(), phone("fcm", "t1"))
    assert (result.outcome, result.retry_seconds) == expected
    assert result.reason == code


async def test_refused_token_is_renewed_once(provider: FcmProvider, service: FcmService) -> None:
    assert await provider.send(shown(), phone("fcm", "t1")) == SENT
    service.expire_tokens()
    results = await asyncio.gather(*(provider.send(shown(), phone("fcm", "t1")) for _ in range(10)))
    assert results == [SENT] * 10
    assert service.token_requests == 2
    assert set(service.refused) == {"[send], Authorization: a valid access token"}
    service.refused.clear()


async def test_access_that_is_refused_again_and_again_is_tried_later(
    provider: FcmProvider, service: FcmService
) -> None:
    error = {"error": {"code": 401, "status": "UNAUTHENTICATED"}}
    service.fail_next(*(Reply.of_json(401, error) for _ in range(2)))
    result = await provider.send(shown(), phone("fcm", "t1"))
    assert (result.outcome, result.reason) == ("retry", "UNAUTHENTICATED")


async def test_credentials_are_checked_without_a_push(provider: FcmProvider, service: FcmService) -> None:
    service.fail_next(Reply.of_json(400, {"error": "invalid_grant"}), kind="token")
    with pytest.raises(Misconfigured, match=r"FCM_CREDENTIALS_FILE.*no access token: invalid_grant"):
        await provider.check()
    await provider.check()
    assert service.messages == []


async def test_lost_credentials_are_tried_later(provider: FcmProvider, service: FcmService) -> None:
    service.fail_next(Reply.of_json(400, {"error": "invalid_grant"}), kind="token")
    result = await provider.send(shown(), phone("fcm", "t1"))
    assert (result.outcome, result.reason) == ("retry", "no access token: invalid_grant")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error": []}', b'{"error": {"details": [3], "status": 4}}'])
async def test_answer_without_sense_counts_by_its_status(
    provider: FcmProvider, service: FcmService, body: bytes
) -> None:
    service.fail_next(*(Reply(status=status, body=body) for status in (502, 404, 307)))
    outcomes = [(await provider.send(shown(), phone("fcm", "t1"))) for _ in range(3)]
    assert [(one.outcome, one.reason) for one in outcomes] == [
        ("retry", "HTTP 502"),
        ("refused", "HTTP 404"),
        ("refused", "HTTP 307"),
    ]


async def test_cut_connection_is_tried_later_and_repeats_with_the_same_tag(
    provider: FcmProvider, service: FcmService
) -> None:
    service.break_next("cut", "cut")
    result = await provider.send(shown(), phone("fcm", "t1"))
    assert (result.outcome, result.retry_seconds) == ("retry", None)
    assert await provider.send(shown(), phone("fcm", "t1")) == SENT
    tags = [message["android"]["notification"]["tag"] for message in service.messages]
    assert tags == ["0192-cafe"] * 3


async def test_service_of_another_name_gets_nothing(tmp_path: Path) -> None:
    with FcmService(tmp_path, name="other.example") as service:
        provider = provider_of(service)
        result = await provider.send(shown(), phone("fcm", "t1"))
        await provider.close()
        assert (result.outcome, service.received) == ("retry", [])


async def test_gateway_that_speaks_http_1_alone_works(tmp_path: Path) -> None:
    with FcmService(tmp_path, http2=False) as service:
        provider = provider_of(service)
        assert await provider.send(shown(), phone("fcm", "t1")) == SENT
        await provider.close()


async def test_endless_and_silent_answers_harm_nobody(
    provider: FcmProvider, service: FcmService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.break_next("flood", "silence")
    assert await provider.send(shown(), phone("fcm", "t1")) == SENT
    monkeypatch.setattr(http_client, "SECONDS", 0.5)
    assert (await provider.send(shown(), phone("fcm", "t1"))).outcome == "retry"
    monkeypatch.undo()
    assert await provider.send(shown(), phone("fcm", "t1")) == SENT


async def test_settings_make_a_provider(service: FcmService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in service.settings.items():
        monkeypatch.setenv(name, text)
    provider = await open_provider(Settings.from_env(), Database("sqlite:///unused.db"))
    assert provider.config() == {"project_id": PROJECT}
    assert await provider.send(shown(), phone("fcm", "t1")) == SENT
    await provider.close()


@pytest.mark.parametrize(
    ("without", "problem"),
    [("private_key", "has no usable credentials"), ("project_id", "must name the project")],
)
async def test_credentials_file_that_lacks_something_is_named(
    service: FcmService, tmp_path: Path, without: str, problem: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({k: v for k, v in service.credentials.items() if k != without}))
    settings = Settings(push_fcm_credentials_file=path)
    with pytest.raises(Misconfigured, match=f"LUMEN_PUSH_FCM_CREDENTIALS_FILE: {problem}"):
        await open_provider(settings, Database("sqlite:///unused.db"))


async def test_check_names_what_does_not_work(provider: FcmProvider, service: FcmService) -> None:
    service.invalid.add("check")
    await provider.check()
    service.fail_next(Reply.of_json(403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}))
    with pytest.raises(Misconfigured, match="CREDENTIALS_FILE: is refused by FCM: PERMISSION_DENIED"):
        await provider.check()
    service.break_next("cut", "cut")
    with pytest.raises(Misconfigured, match="LUMEN_PUSH_FCM_URL: gives no answer: "):
        await provider.check()
    service.fail_next(Reply.of_json(400, {"error": "invalid_grant"}), kind="token")
    service.expire_tokens()
    provider._tokens.reject(await provider._tokens.token())
    with pytest.raises(Misconfigured, match="gives no access token: invalid_grant"):
        await provider.check()
