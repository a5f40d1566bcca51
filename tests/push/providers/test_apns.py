"""APNs: what a service that keeps to Apple's documents gets, and what each of its answers means."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.errors import Misconfigured
from lumen_notify.push import http_client
from lumen_notify.push.apns_tokens import MIN_RENEWAL_SECONDS, ApnsTokens, read_key
from lumen_notify.push.http_client import HttpClient
from lumen_notify.push.providers.apns import ApnsProvider, open_provider
from lumen_notify.push.push import SENT, Push, Result
from lumen_notify.settings import Settings

from ..device import Device
from ..pushes import TEXTS, long, phone, shown, silent
from ..services.apns import KEY_ID, TEAM_ID, TOPIC, ApnsService
from ..services.https_service import Reply, Request

TOKEN = "ab" * 32


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def ms(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[ApnsService]:
    with ApnsService(tmp_path, clock=clock) as one:
        yield one
        assert one.refused == []


def provider_of(service: ApnsService, clock: Clock) -> ApnsProvider:
    tokens = ApnsTokens(
        read_key(service.key_file), key_id=KEY_ID, team_id=TEAM_ID, clock=clock.ms, monotonic=clock
    )
    client = HttpClient(verify=service.authority.trust())
    return ApnsProvider(client, tokens, url=service.url, topic=TOPIC, clock=clock.ms)


@pytest.fixture
async def provider(service: ApnsService, clock: Clock) -> AsyncIterator[ApnsProvider]:
    one = provider_of(service, clock)
    yield one
    await one.close()


async def request_of(provider: ApnsProvider, service: ApnsService, push: Push, **fields: Any) -> Request:
    assert await provider.send(push, phone("apns", TOKEN, **fields)) == SENT
    return service.accepted[-1]


async def test_push_is_an_alert_with_the_payload_beside(provider: ApnsProvider, service: ApnsService) -> None:
    request = await request_of(provider, service, shown())
    assert request.path == f"/3/device/{TOKEN}"
    headers = {name: value for name, value in request.headers.items() if name.startswith("apns-")}
    assert uuid.UUID(headers.pop("apns-id")).version == 5
    assert headers == {
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": "1800003600",
        "apns-collapse-id": "0192-cafe",
    }
    payload = request.json()
    assert payload.pop("aps") == {
        "alert": {"title": "Tea is ready", "body": "Two pots of oolong"},
        "badge": 3,
        "sound": "default",
        "thread-id": "order",
        "category": "order",
        "interruption-level": "active",
        "mutable-content": 1,
    }
    assert payload == dict(shown().payload)


async def test_silent_push_sets_the_badge_and_wakes_the_app(
    provider: ApnsProvider, service: ApnsService
) -> None:
    request = await request_of(provider, service, silent())
    assert request.json()["aps"] == {"badge": 0, "content-available": 1}
    assert request.json()["tags"] == ["a", "b"]
    assert request.headers["apns-priority"] == "5"
    assert request.headers["apns-collapse-id"] == "read"


async def test_apns_id_is_the_same_for_a_repeat(provider: ApnsProvider, service: ApnsService) -> None:
    ids = [(await request_of(provider, service, shown())).headers["apns-id"] for _ in range(2)]
    other = (await request_of(provider, service, shown(id="0192-next"))).headers["apns-id"]
    assert ids[0] == ids[1] != other


async def test_device_with_keys_gets_ciphertext_alone(provider: ApnsProvider, service: ApnsService) -> None:
    device = Device()
    request = await request_of(provider, service, shown(), device=device, locale="zh-TW")
    payload = request.json()
    assert device.payload(base64.urlsafe_b64decode(payload.pop("encrypted") + "==")) == dict(shown().payload)
    assert list(payload) == ["aps"]
    assert payload["aps"]["alert"] == {"title": "新通知"}
    assert payload["aps"]["mutable-content"] == 1
    everything = json.dumps([payload, dict(request.headers)])
    assert not [word for word in ("Tea", "oolong", "0192-cafe", "order") if word in everything]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("has_keys", [False, True], ids=["plain", "encrypted"])
async def test_long_push_is_cut_to_4096_bytes(
    provider: ApnsProvider, service: ApnsService, text: str, has_keys: bool
) -> None:
    device = Device() if has_keys else None
    request = await request_of(provider, service, long(text), device=device)
    payload = request.json()
    if device is not None:
        payload = device.payload(base64.urlsafe_b64decode(payload["encrypted"] + "=="))
    assert payload["id"] == "0192-cafe"
    assert payload["content"].endswith("…")
    assert len(request.body) > 3000


async def test_one_token_for_all_until_it_is_40_minutes_old(
    provider: ApnsProvider, service: ApnsService, clock: Clock
) -> None:
    for _ in range(8):
        await request_of(provider, service, shown())
        clock.seconds += 600
    tokens = [request.headers["authorization"] for request in service.accepted]
    assert [tokens.index(token) for token in tokens] == [0, 0, 0, 0, 4, 4, 4, 4]


async def test_expired_token_is_renewed_once(
    provider: ApnsProvider, service: ApnsService, clock: Clock
) -> None:
    await request_of(provider, service, shown())
    clock.seconds += MIN_RENEWAL_SECONDS
    service.fail_next(service.error("ExpiredProviderToken"))
    await request_of(provider, service, shown())
    tokens = [request.headers["authorization"] for request in service.received]
    assert [tokens.index(token) for token in tokens] == [0, 0, 2]


async def test_token_that_is_new_is_not_renewed_whatever_apple_says(
    provider: ApnsProvider, service: ApnsService
) -> None:
    service.fail_next(service.error("ExpiredProviderToken"))
    result = await provider.send(shown(), phone("apns", TOKEN))
    assert (result.outcome, result.reason, len(service.received)) == ("retry", "ExpiredProviderToken", 1)


async def test_lost_device_is_gone(provider: ApnsProvider, service: ApnsService, clock: Clock) -> None:
    service.bad.add("aa")
    service.others.add("bb")
    service.unregistered["cc"] = clock.ms()
    results = [await provider.send(shown(), phone("apns", token)) for token in ("aa", "bb", "cc", "../x", "")]
    assert [(result.outcome, result.reason) for result in results] == [
        ("gone", "BadDeviceToken"),
        ("gone", "DeviceTokenNotForTopic"),
        ("gone", "Unregistered"),
        ("gone", "BadDeviceToken"),
        ("gone", "BadDeviceToken"),
    ]
    assert len(service.received) == 3


async def test_device_that_has_registered_since_is_kept(
    provider: ApnsProvider, service: ApnsService, clock: Clock
) -> None:
    service.unregistered[TOKEN] = clock.ms()
    for registered_at, outcome in ((clock.ms() - 1, "gone"), (clock.ms() + 1, "refused")):
        result = await provider.send(shown(), phone("apns", TOKEN, registered_at=registered_at))
        assert (result.outcome, result.reason) == (outcome, "Unregistered")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("TooManyRequests", "retry"),
        ("TooManyProviderTokenUpdates", "retry"),
        ("ServiceUnavailable", "retry"),
        ("Shutdown", "retry"),
        ("InternalServerError", "retry"),
        ("IdleTimeout", "retry"),
        ("InvalidProviderToken", "retry"),
        ("ExpiredToken", "gone"),
        ("PayloadTooLarge", "refused"),
        ("TopicDisallowed", "refused"),
        ("Forbidden", "refused"),
        ("BadCollapseId", "refused"),
        ("BadPath", "refused"),
    ],
)
async def test_each_documented_error_has_its_outcome(
    provider: ApnsProvider, service: ApnsService, reason: str, outcome: str
) -> None:
    service.fail_next(service.error(reason, retry_after="5"))
    result = await provider.send(shown(), phone("apns", TOKEN))
    assert (result.outcome, result.reason) == (outcome, reason)
    assert result.retry_seconds == (5 if outcome == "retry" else None)
    assert result.is_for_device == (reason == "TooManyRequests")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reason": 3}', b'{"reason": "<b>"}', b"\xff"])
async def test_answer_without_sense_counts_by_its_status(
    provider: ApnsProvider, service: ApnsService, body: bytes
) -> None:
    service.fail_next(*(Reply(status=status, body=body) for status in (502, 404, 410)))
    results = [await provider.send(shown(), phone("apns", TOKEN)) for _ in range(3)]
    assert [(result.outcome, result.reason) for result in results] == [
        ("retry", "HTTP 502"),
        ("refused", "HTTP 404"),
        ("gone", "HTTP 410"),
    ]


async def test_goodbye_in_the_middle_loses_nothing(provider: ApnsProvider, service: ApnsService) -> None:
    await request_of(provider, service, shown())
    service.break_next("goaway")
    await request_of(provider, service, shown())
    service.break_next("refused by goaway")
    await request_of(provider, service, shown())
    assert {request.headers["apns-collapse-id"] for request in service.received} == {"0192-cafe"}


async def test_cut_connection_and_silence_are_tried_later(
    provider: ApnsProvider, service: ApnsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.break_next("cut")
    assert (await provider.send(shown(), phone("apns", TOKEN))).outcome == "retry"
    monkeypatch.setattr(http_client, "SECONDS", 0.5)
    service.break_next("silence")
    assert (await provider.send(shown(), phone("apns", TOKEN))).outcome == "retry"


async def test_keys_that_are_none_end_the_device(provider: ApnsProvider) -> None:
    device = Device()
    device.p256dh = "AAAA"
    result = await provider.send(shown(), phone("apns", TOKEN, device=device))
    assert result == Result(outcome="gone", reason="invalid keys")


async def test_gateway_that_speaks_http_1_alone_works(tmp_path: Path, clock: Clock) -> None:
    with ApnsService(tmp_path, clock=clock, http2=False) as service:
        provider = provider_of(service, clock)
        assert await provider.send(shown(), phone("apns", TOKEN)) == SENT
        await provider.close()


async def test_endless_answer_is_cut_and_harms_nobody(provider: ApnsProvider, service: ApnsService) -> None:
    service.break_next("flood")
    assert await provider.send(shown(), phone("apns", TOKEN)) == SENT
    assert await provider.send(shown(), phone("apns", TOKEN)) == SENT


async def test_settings_make_a_provider(
    service: ApnsService, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.clock = time.time
    for name, text in service.settings.items():
        monkeypatch.setenv(name, text)
    provider = await open_provider(Settings.from_env(), Database("sqlite:///unused.db"))
    assert provider.config() == {"topic": TOPIC}
    assert await provider.send(shown(), phone("apns", TOKEN)) == SENT
    await provider.close()


async def test_key_file_that_is_none_is_named(service: ApnsService, tmp_path: Path) -> None:
    path = tmp_path / "other.p8"
    path.write_text("nonsense")
    settings = Settings(
        push_apns_key_file=path, push_apns_key_id="K", push_apns_team_id="T", push_apns_topic="example.app"
    )
    with pytest.raises(Misconfigured, match="LUMEN_PUSH_APNS_KEY_FILE: must contain the private key"):
        await open_provider(settings, Database("sqlite:///unused.db"))


@pytest.mark.parametrize(
    ("reason", "setting"),
    [("InvalidProviderToken", "KEY_ID"), ("TopicDisallowed", "TOPIC"), ("ServiceUnavailable", "URL")],
)
async def test_check_names_what_does_not_work(
    provider: ApnsProvider, service: ApnsService, reason: str, setting: str
) -> None:
    service.bad.add("0" * 64)
    await provider.check()
    service.fail_next(service.error(reason))
    with pytest.raises(Misconfigured, match=f"LUMEN_PUSH_APNS_{setting}: does not work: {reason}"):
        await provider.check()
