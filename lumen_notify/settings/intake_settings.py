"""Intake settings: those of the queue that `intake` and `serve` take messages from, a part of `Settings`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from lumen_notify.settings.checks import IntakeUrl, Topic

TOPIC = "lumen-notify"

OTHER_TOPIC = "must differ from LUMEN_INTAKE_TOPIC: each dead letter would be taken in, and refused again"

DEAD_LETTERS = "-dead-letters"
"""What follows the topic in the default name of its dead-letter topic."""


class IntakeSettings(BaseSettings):
    """The settings of intake."""

    intake_url: IntakeUrl | None = None
    """The broker to take publications, messages and marks from: `kafka://user:password@host:9092,host:9092`,
    `kafkas://...` with TLS, `amqp://user:password@host:5672/vhost`, `amqps://...`, `nats://host:4222`,
    `tls://...` for NATS with TLS, `redis://user:password@host:6379/0` or `rediss://...`. Each needs its
    extra: `lumen-notify[kafka]`, `[rabbitmq]`, `[nats]` or `[redis]`."""

    intake_topic: Topic = TOPIC
    """The topic of Kafka, queue of RabbitMQ, subject of NATS or stream of Redis."""

    intake_group: Topic = "lumen-notify"
    """The consumer group, of NATS the durable consumer; RabbitMQ has none."""

    intake_dead_letter_topic: Topic | None = None
    """Where messages go that cannot be accepted; by default LUMEN_INTAKE_TOPIC and `-dead-letters`."""

    intake_prefetch: Annotated[int, Field(ge=1, le=10_000)] = 250
    """How many messages are fetched at a time, from 1 to 10,000; as many are held in memory."""

    @property
    def intake_dead_letters(self) -> str:
        """`intake_dead_letter_topic`, or its default for the topic."""
        return self.intake_dead_letter_topic or self.intake_topic + DEAD_LETTERS
