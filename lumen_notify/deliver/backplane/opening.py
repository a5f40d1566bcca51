"""Opening: makes the backplane that a URL names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lumen_notify.commit.database import Database
from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.memory import MemoryBackplane
from lumen_notify.deliver.backplane.postgresql import PostgresqlBackplane
from lumen_notify.deliver.backplane.redis import RedisBackplane
from lumen_notify.deliver.backplane.remote import Receivers
from lumen_notify.errors import Misconfigured
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings, variable
from lumen_notify.settings.backplane_url import OWN_DATABASE, kind_of, place_of

if TYPE_CHECKING:
    from lumen_notify.redis_client import RedisClient

NEEDS_EXTRA = "needs redis-py: pip install lumen-notify[redis]"


def backplane_place(settings: Settings) -> str:
    """Return the variable and the place of the backplane, without user and password, for errors."""
    place = place_of(settings.backplane, settings.database_url)
    return f"{variable('backplane_url')} ({place})"


def open_redis(url: str) -> RedisClient | None:
    """Return a client, which connects when it is used, if the URL names Redis.

    Raises Misconfigured if redis-py is not installed.
    """
    if kind_of(url) != "redis":
        return None
    try:
        from lumen_notify.redis_client import RedisClient  # noqa: PLC0415 - redis-py is an extra
    except ImportError:
        raise Misconfigured([(variable("backplane_url"), NEEDS_EXTRA)]) from None
    return RedisClient(url)


def open_backplane(
    url: str,
    *,
    redis: RedisClient | None,
    database: Database,
    instance: str,
    epoch: Callable[[], str],
    receivers: Receivers,
    outage: Outage,
    observe_round_trip: Callable[[float], None] = lambda _: None,
) -> Backplane:
    """Return a backplane, which connects once it runs. url: `Settings.backplane`. redis: of `open_redis`."""
    given: dict[str, Any] = {
        "instance": instance,
        "epoch": epoch,
        "receivers": receivers,
        "outage": outage,
        "observe_round_trip": observe_round_trip,
    }
    if redis is not None:
        return RedisBackplane(redis, **given)
    if kind_of(url) == "memory":
        return MemoryBackplane()
    return PostgresqlBackplane(
        database.url if url == OWN_DATABASE else url,
        notify=lambda channel, payload: database.for_delivery.fetch(
            "notify", channel=channel, payload=payload
        ),
        **given,
    )
