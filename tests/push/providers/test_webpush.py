"""Web Push: requests that a push service takes, and what becomes of each answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from certificates import Authority
from lumen_notify.commit.database import Database
from lumen_notify.model import now_ms
from lumen_notify.push.http_client import HttpClient
from lumen_notify.push.providers.webpush import WebPushProvider, open_provider
from lumen_notify.push.public_network import PublicNetwork
from lumen_notify.push.push import SENT, Priority, Push, Result, Target
from lumen_notify.push.resolver import Resolver
from lumen_notify.push.vapid import Vapid
from lumen_notify.settings import Settings
from push.device import Device, base64url
from push.services.https_service import Reply
from push.services.push_service import PushService, Subscription

PUSH = Push(
    payload={"type": "notification", "title": "Tea", "content": "It is ready.", "unread_count": 3},
    collapse_key="0192",
    badge=3,
    ttl_seconds=3600,
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[PushService]:
    with PushService(tmp_path, wants_subject=True) as one:
        yield one


@pytest.fixture
def vapid() -> Vapid:
    return Vapid.from_settings(Settings(push_vapid_subject="mailto:ops@example.com"), b"k" * 32, now_ms)


@pytest.fixture
async def provider(service: PushService, vapid: Vapid) -> AsyncIterator[WebPushProvider]:
    one = provider_for(service.authority, vapid)
    yield one
    await one.close()


@pytest.fixture
def subscription(service: PushService, vapid: Vapid) -> Subscription:
    return service.subscribe(vapid.public_key)


def provider_for(authority: Authority, vapid: Vapid) -> WebPushProvider:
    client = HttpClient(verify=authority.trust(), network=PublicNetwork(allows_private=True))
    return WebPushProvider(vapid, allows_private=True, http_client=client)


def target(subscription: Subscription, **other: Any) -> Target:
    keys = {"p256dh": subscription.device.p256dh, "auth": subscription.device.auth, **other}
    return Target(id="d1", user_id="alice", provider="webpush", token=subscription.endpoint, **keys)


async def test_device_decrypts_what_the_service_took(
    service: PushService, provider: WebPushProvider, subscription: Subscription
) -> None:
    assert await provider.send(PUSH, target(subscription)) == SENT
    assert subscription.payloads == [PUSH.payload]
    assert service.refused == []


async def test_time_to_live_is_bounded_and_passed_on(
    provider: WebPushProvider, subscription: Subscription
) -> None:
    for seconds in (0, 3600, 10**9):
        await provider.send(
            replace(PUSH, ttl_seconds=seconds, collapse_key=str(seconds)), target(subscription)
        )
    assert [message.ttl for message in subscription.messages] == [0, 3600, 28 * 86_400]


async def test_urgency_follows_the_priority(provider: WebPushProvider, subscription: Subscription) -> None:
    for priority in get_args(Priority):
        await provider.send(replace(PUSH, priority=priority, collapse_key=priority), target(subscription))
    urgencies = [message.urgency for message in subscription.messages]
    assert dict(zip(get_args(Priority), urgencies, strict=True)) == {
        "low": "low",
        "normal": "normal",
        "high": "high",
        "urgent": "high",
    }


async def test_later_push_with_the_same_key_replaces_the_first(
    provider: WebPushProvider, subscription: Subscription
) -> None:
    later = {"type": "read", "tags": ["0192"], "unread_count": 2}
    await provider.send(PUSH, target(subscription))
    await provider.send(replace(PUSH, collapse_key="room:" + "tea" * 500), target(subscription))
    await provider.send(replace(PUSH, payload=later, is_silent=True), target(subscription))
    assert [payload["type"] for payload in subscription.payloads] == ["notification", "read"]
    assert subscription.messages[-1].urgency == "low"


async def test_service_does_not_see_which_devices_get_the_same(
    service: PushService, provider: WebPushProvider, vapid: Vapid
) -> None:
    first, second = service.subscribe(vapid.public_key), service.subscribe(vapid.public_key)
    for one in (first, second):
        await provider.send(PUSH, target(one))
    assert first.messages[0].topic != second.messages[0].topic


async def test_long_content_is_cut_to_what_every_service_takes(
    provider: WebPushProvider, subscription: Subscription
) -> None:
    payload = {**PUSH.payload, "content": "🍵" * 8000, "data": {"x": "y" * 8000}}
    assert await provider.send(replace(PUSH, payload=payload), target(subscription)) == SENT
    (got,) = subscription.payloads
    assert got["content"].startswith("🍵🍵🍵")
    assert got["content"].endswith("…")
    assert got["unread_count"] == 3
    (message,) = subscription.messages
    assert len(base64url(message.body)) <= 4096  # in which Mozilla's service hands it to Firefox on Android


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(status=200), SENT),
        (Reply(status=202), SENT),
        (Reply(status=404), Result(outcome="gone", reason="status 404")),
        (Reply(status=410), Result(outcome="gone", reason="status 410")),
        (
            Reply.of_json(400, {"reason": "VapidPkHashMismatch"}),
            Result(outcome="gone", reason="status 400, VapidPkHashMismatch"),
        ),
        (
            Reply.of_json(401, {"errno": 109, "message": "VAPID public key mismatch"}),
            Result(outcome="gone", reason="status 401, 109"),
        ),
        (
            Reply(
                status=403,
                body=b"the VAPID credentials in the authorization header do not correspond to the "
                b"credentials used to create the subscriptions.\n",
            ),
            Result(outcome="gone", reason="status 403"),
        ),
        (
            Reply.of_json(403, {"reason": "BadJwtToken"}),
            Result(outcome="refused", reason="status 403, BadJwtToken"),
        ),
        (Reply(status=401, body=b"secret token"), Result(outcome="refused", reason="status 401")),
        (Reply(status=400, body=b"["), Result(outcome="refused", reason="status 400")),
        (Reply.of_json(400, ["x"]), Result(outcome="refused", reason="status 400")),
        (Reply.of_json(400, {"reason": "a b"}), Result(outcome="refused", reason="status 400")),
        (Reply(status=413), Result(outcome="refused", reason="status 413")),
        (
            Reply(status=307, headers={"location": "https://127.0.0.1/"}),
            Result(outcome="refused", reason="status 307"),
        ),
        (
            Reply(status=429, headers={"retry-after": "120"}),
            Result(outcome="retry", reason="status 429", retry_seconds=120, is_for_device=True),
        ),
        (
            Reply(status=503, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
            Result(outcome="retry", reason="status 503", retry_seconds=0),
        ),
        (Reply(status=500), Result(outcome="retry", reason="status 500")),
        (Reply(status=408), Result(outcome="retry", reason="status 408")),
    ],
    ids=lambda value: (
        f"{value.status} {value.body[:30].decode()}" if isinstance(value, Reply) else value.outcome
    ),
)
async def test_answer_says_what_becomes_of_the_push(
    reply: Reply, result: Result, service: PushService, provider: WebPushProvider, subscription: Subscription
) -> None:
    service.fail_next(reply)
    assert await provider.send(PUSH, target(subscription)) == result
    assert len(service.received) == 1  # a redirect is not followed


async def test_subscription_that_has_ended_is_gone(
    provider: WebPushProvider, subscription: Subscription
) -> None:
    """RFC 8030, section 7.3."""
    subscription.is_gone = True
    assert (await provider.send(PUSH, target(subscription))).outcome == "gone"


async def test_subscription_of_another_key_pair_is_gone(
    service: PushService, provider: WebPushProvider
) -> None:
    other = Vapid.from_settings(Settings(), b"x" * 32, now_ms)
    result = await provider.send(PUSH, target(service.subscribe(other.public_key)))
    assert result == Result(outcome="gone", reason="status 403, VapidPkHashMismatch")


@pytest.mark.parametrize(
    "keys",
    [{"p256dh": None}, {"auth": None}, {"p256dh": base64url(b"\x04" + b"\x01" * 64)}, {"auth": "tea"}],
    ids=["no-p256dh", "no-auth", "off-the-curve", "short-auth"],
)
async def test_device_without_good_keys_is_gone(
    keys: dict[str, str | None], service: PushService, provider: WebPushProvider, subscription: Subscription
) -> None:
    result = await provider.send(PUSH, target(subscription, **keys))
    assert result == Result(outcome="gone", reason="invalid keys")
    assert service.connections == 0


async def test_service_whose_certificate_is_for_another_name_gets_nothing(
    tmp_path: Path, vapid: Vapid
) -> None:
    with PushService(tmp_path, name="other.example") as service:
        subscription = service.subscribe(vapid.public_key)
        provider = provider_for(service.authority, vapid)
        result = await provider.send(PUSH, target(subscription))
        await provider.close()
    assert result == Result(outcome="retry", reason="ConnectError")
    assert service.received == []


async def test_service_with_a_certificate_of_its_own_gets_nothing(
    tmp_path: Path, service: PushService, subscription: Subscription, vapid: Vapid
) -> None:
    (tmp_path / "other").mkdir()
    provider = provider_for(Authority(tmp_path / "other"), vapid)
    assert (await provider.send(PUSH, target(subscription))).outcome == "retry"
    await provider.close()
    assert service.received == []


async def test_safari_gets_no_push_that_shows_nothing(vapid: Vapid) -> None:
    lookups: list[str] = []

    def lookup(host: str) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    network = PublicNetwork(resolver=Resolver(lookup))
    provider = WebPushProvider(vapid, http_client=HttpClient(network=network))
    for endpoint in ("https://web.push.apple.com/x", "https://push.example/x"):
        subscription = Subscription(endpoint=endpoint, public_key="", device=Device())
        await provider.send(replace(PUSH, is_silent=True), target(subscription))
    assert lookups == ["push.example"]
    subscription = Subscription(endpoint="https://web.push.apple.com/x", public_key="", device=Device())
    await provider.send(PUSH, target(subscription))
    assert lookups == ["push.example", "web.push.apple.com"]
    await provider.close()


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("https://127.0.0.1/x", "endpoint must be at a public address"),
        ("https://169.254.169.254/x", "endpoint must be at a public address"),
        ("https://[::ffff:127.0.0.1]/x", "endpoint must be at a public address"),
        ("https://0x7f000001/x", "endpoint must be at a public address"),
        ("https://localhost.localdomain/x", "address is not public"),
        ("https://push.example:8443/x", "endpoint must be at port 443"),
        ("http://push.example/x", "endpoint must be an https URL"),
    ],
)
async def test_endpoint_that_is_not_public_is_refused(endpoint: str, reason: str, vapid: Vapid) -> None:
    """`open_provider` allows none but public ones."""
    network = PublicNetwork(resolver=Resolver(lambda _: ["127.0.0.1"]))
    provider = WebPushProvider(vapid, http_client=HttpClient(network=network))
    subscription = Subscription(endpoint=endpoint, public_key="", device=Device())
    assert await provider.send(PUSH, target(subscription)) == Result(outcome="refused", reason=reason)
    await provider.close()


async def test_endpoint_names_its_service(provider: WebPushProvider) -> None:
    device = Device()
    subscription = Subscription(endpoint="https://PUSH.example:8443/x", public_key="", device=device)
    assert provider.service(target(subscription)) == "push.example:8443"


@pytest.mark.parametrize(
    ("endpoint", "is_known"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://web.push.apple.com/x", True),
        ("https://wns2-by3p.notify.windows.com/w/?token=x", True),
        ("https://evilnotify.windows.com/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://push.example/fcm.googleapis.com", False),
    ],
)
def test_services_of_browsers_are_known(endpoint: str, *, is_known: bool, vapid: Vapid) -> None:
    subscription = Subscription(endpoint=endpoint, public_key="", device=Device())
    assert WebPushProvider(vapid).is_known(target(subscription)) is is_known


async def test_page_gets_the_public_key(provider: WebPushProvider, vapid: Vapid) -> None:
    assert provider.config() == {"public_key": vapid.public_key}


async def test_instances_on_a_database_have_one_key_pair(database_url: str) -> None:
    configs = []
    for _ in range(2):
        database = Database(database_url)
        await database.open()
        provider = await open_provider(Settings(), database)
        configs.append(provider.config())
        await provider.close()
        await database.close()
    assert configs[0] == configs[1]
