"""Push test: what `lumen-notify push-test` does: push to each device of a user, without a server.

It neither waits nor decides: the user's preferences, streams and quiet hours do not count. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.cli.account import open_database
from lumen_notify.cli.config import require_database
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.errors import LumenError, Misconfigured
from lumen_notify.model import new_id, now_ms, rfc3339, value
from lumen_notify.outages import Outage
from lumen_notify.push.dispatch.dispatcher import Dispatcher
from lumen_notify.push.provider import Provider
from lumen_notify.push.providers.registry import close_providers, open_providers
from lumen_notify.push.push import Delivery, Push, Result, Target
from lumen_notify.settings import Settings, variable

TITLE = "lumen-notify"
CONTENT = "This is a test."
KEY = "push-test"
TTL_SECONDS = 600


class NoDevice(LumenError):
    """The user has no device to push to."""

    code = "no_device"


@value
class Tested:
    """One device, and what its provider answered. name: that the device has given itself."""

    target: Target
    name: str | None
    result: Result

    def line(self) -> str:
        """Return the line to print."""
        words = f"{self.result.outcome}: {self.result.reason}" if self.result.reason else self.result.outcome
        return f"{self.target.provider:10} {self.target.id}  {self.name or self.target.kind or '-'}: {words}"

    @property
    def is_sent(self) -> bool:
        """Whether the provider has taken the push."""
        return self.result.outcome == "sent"


async def push_to(settings: Settings, user_id: str) -> Sequence[Tested]:
    """Push to all devices of a user. Raises NoDatabase, NoDevice, Misconfigured, DatabaseUnavailable."""
    if not settings.push_provider_names:
        raise Misconfigured([(variable("push_providers"), "is off")])
    require_database(settings)
    async with open_database(settings) as database:
        devices = await _devices(database, user_id)
        if not devices:
            raise NoDevice(f"{user_id} has no device that gets pushes.")
        push = _push((await UnreadCounts(database).fetch([user_id]))[user_id].counts.total)
        providers = await open_providers(settings, database)
    try:
        return await _dispatch(providers, push, devices)
    finally:
        await close_providers(list(providers.values()))


async def _devices(database: Database, user_id: str) -> Sequence[tuple[Target, str | None]]:
    rows = await database.fetch("devices_to_test", user_id=user_id)
    return [
        (
            Target(
                id=id_,
                user_id=user_id,
                provider=provider,
                token=token,
                kind=kind,
                locale=locale,
                p256dh=p256dh,
                auth=auth,
            ),
            name,
        )
        for id_, provider, token, kind, locale, p256dh, auth, name in rows
    ]


def _push(unread_count: int) -> Push:
    now = now_ms()
    payload = {
        "type": "notification",
        "tag": KEY,
        "id": new_id(),
        "category": "system",
        "title": TITLE,
        "content": CONTENT,
        "unread_count": unread_count,
        "priority": "high",
        "created_at": rfc3339(now),
    }
    return Push(
        payload=payload,
        collapse_key=KEY,
        badge=unread_count,
        ttl_seconds=TTL_SECONDS,
        title=TITLE,
        content=CONTENT,
        priority="high",
        id=str(payload["id"]),
    )


async def _dispatch(
    providers: Mapping[str, Provider], push: Push, devices: Sequence[tuple[Target, str | None]]
) -> Sequence[Tested]:
    dispatcher = Dispatcher(providers, now_ms, outage=Outage)
    results = await dispatcher.dispatch(
        [
            Delivery(push=push, target=target, push_id=KEY, created_at=now_ms(), attempts=1)
            for target, _ in devices
        ]
    )
    return [
        Tested(target=target, name=name, result=result)
        for (target, name), result in zip(devices, results, strict=True)
    ]
