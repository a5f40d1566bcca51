"""Opening: makes the source that the settings name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lumen_notify.errors import Misconfigured
from lumen_notify.intake.source import Source
from lumen_notify.settings import Settings, variable
from lumen_notify.settings.intake_url import Kind, parse_intake_url

if TYPE_CHECKING:
    from lumen_notify.intake.brokers.connection import Subscription

CLIENT_LOGGERS = ("aio_pika", "aiokafka", "aiormq", "nats")
"""Those of the clients, which would say the same of an outage again and again."""

EXTRAS: dict[Kind, str] = {"kafka": "kafka", "rabbitmq": "rabbitmq", "nats": "nats", "redis": "redis"}


def open_source(settings: Settings) -> Source | None:
    """Return the source of LUMEN_INTAKE_URL, which connects when it is opened; None if it is not set.

    Raises Misconfigured if its extra is not installed.
    """
    if settings.intake_url is None:
        return None
    url = parse_intake_url(settings.intake_url)
    for name in CLIENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        from lumen_notify.intake.brokers.connection import Subscription  # noqa: PLC0415 - an extra

        subscription = Subscription(
            url=url,
            topic=settings.intake_topic,
            group=settings.intake_group,
            dead_letters=settings.intake_dead_letters,
            prefetch=settings.intake_prefetch,
        )
        return _source(url.kind, subscription)
    except ImportError as error:
        needed = f"needs a library that is not installed ({error.name})"
        problem = f"{needed}: pip install 'lumen-notify[{EXTRAS[url.kind]}]'"
        raise Misconfigured([(variable("intake_url"), problem)]) from None


def _source(kind: Kind, subscription: Subscription) -> Source:
    match kind:
        case "kafka":
            from lumen_notify.intake.brokers.kafka import KafkaSource  # noqa: PLC0415 - an extra

            return KafkaSource(subscription)
        case "rabbitmq":
            from lumen_notify.intake.brokers.rabbitmq import RabbitmqSource  # noqa: PLC0415 - an extra

            return RabbitmqSource(subscription)
        case "nats":
            from lumen_notify.intake.brokers.nats import NatsSource  # noqa: PLC0415 - an extra

            return NatsSource(subscription)
        case "redis":
            from lumen_notify.intake.brokers.redis import RedisSource  # noqa: PLC0415 - an extra

            return RedisSource(subscription)
