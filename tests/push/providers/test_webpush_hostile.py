"""Web Push, with subscriptions of users who mean harm: those of the others get their pushes all the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from certificates import Authority
from clients import eventually
from lumen_notify.model import now_ms
from lumen_notify.outages import Outage
from lumen_notify.push.dispatch.dispatcher import Dispatcher
from lumen_notify.push.http_client import HttpClient
from lumen_notify.push.providers import webpush
from lumen_notify.push.providers.webpush import WebPushProvider
from lumen_notify.push.public_network import PublicNetwork
from lumen_notify.push.push import SENT, Delivery, Push, Target
from lumen_notify.push.resolver import Resolver
from lumen_notify.push.vapid import Vapid
from lumen_notify.settings import Settings
from push.services.https_service import NAME, Reply
from push.services.push_service import PushService, Subscription

EACH = 30


def delivery(user: str, subscription: Subscription, endpoint: str | None = None) -> Delivery:
    device = subscription.device
    target = Target(
        id=user,
        user_id=user,
        provider="webpush",
        token=endpoint or subscription.endpoint,
        p256dh=device.p256dh,
        auth=device.auth,
    )
    push = Push(payload={"type": "notification", "id": user}, collapse_key=user, badge=1, ttl_seconds=60)
    return Delivery(push=push, target=target, push_id="p", created_at=now_ms())


@pytest.mark.slow
async def test_services_that_do_harm_delay_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Services that are silent, flood and redirect, names without an answer, and ports where nobody listens:
    a page takes a bounded time, and the pushes to the service that all know are in the first one."""
    names_may_end = threading.Event()
    monkeypatch.setattr(webpush, "KNOWN_HOSTS", {"push.example"})

    def lookup(host: str) -> Sequence[str]:
        if host.endswith(".slow.example"):
            names_may_end.wait(120)
        return ["127.0.0.1"]

    vapid = Vapid.from_settings(Settings(), b"k" * 32, now_ms)
    authority = Authority(tmp_path)
    resolver = Resolver(lookup, is_known=webpush.is_known_host)
    client = HttpClient(
        verify=authority.trust(), network=PublicNetwork(allows_private=True, resolver=resolver)
    )
    provider = WebPushProvider(vapid, allows_private=True, http_client=client)
    dispatcher = Dispatcher({"webpush": provider}, now_ms, outage=Outage)
    with (
        PushService(tmp_path, authority=authority, name="push.example") as good,
        PushService(tmp_path, authority=authority) as silent,
        PushService(tmp_path, authority=authority) as flooding,
    ):
        good.url = good.url.replace(NAME, "push.example")
        silent.pause()
        for _ in range(EACH):
            flooding.break_next("flood")
        flooding.fail_next(*[Reply(status=307, headers={"location": "https://127.0.0.1/"})] * EACH)
        others: list[Delivery] = []
        for number in range(EACH):
            subscription = silent.subscribe(vapid.public_key)
            others += [
                delivery(f"silent {number}", subscription),
                delivery(f"flooding {number}", flooding.subscribe(vapid.public_key)),
                delivery(f"nameless {number}", subscription, f"https://{number}.slow.example/x"),
                delivery(f"refused {number}", subscription, f"https://127.0.0.1:{number + 1}/x"),
            ]
        known = [delivery(f"good {number}", good.subscribe(vapid.public_key)) for number in range(EACH)]
        async with asyncio.timeout(100):
            results = await dispatcher.dispatch([*others, *known])
        assert list(results[-EACH:]) == [SENT] * EACH
        assert SENT not in results[:-EACH]
        assert all(len(one.messages) == 1 for one in good.subscriptions.values())
        names_may_end.set()
        silent.resume()
    await provider.close()
    await eventually(
        lambda: not [one for one in threading.enumerate() if one.name == "resolver"],
        what="the threads to end",
    )
