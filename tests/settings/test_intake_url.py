"""Intake URL: what is taken, what its parts mean, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.settings.intake_url import IntakeUrl, parse_intake_url

from .environments import problems_of

SECRET = "hunter2"
NOTHING = IntakeUrl("kafka", (), None, None, "", is_encrypted=False, sasl="plain", ca_file=None)


@pytest.mark.parametrize(
    ("url", "parts", "place"),
    [
        ("kafka://a", {"addresses": (("a", 9092),)}, "Kafka at a port 9092"),
        (
            "kafkas://user:p%40ss@a,b:7000?sasl=scram-sha-512&ssl_ca_certs=/ca.pem",
            {
                "addresses": (("a", 9093), ("b", 7000)),
                "user": "user",
                "password": "p@ss",
                "is_encrypted": True,
                "sasl": "scram-sha-512",
                "ca_file": "/ca.pem",
            },
            "Kafka at a port 9093 or b port 7000",
        ),
        (
            "amqp://guest:guest@mq/a%2Fb",
            {
                "kind": "rabbitmq",
                "addresses": (("mq", 5672),),
                "user": "guest",
                "password": "guest",
                "path": "a/b",
            },
            "RabbitMQ at mq port 5672",
        ),
        (
            "amqps://mq/",
            {"kind": "rabbitmq", "addresses": (("mq", 5671),), "is_encrypted": True},
            "RabbitMQ at mq port 5671",
        ),
        (
            "nats://a,[::1]:4223",
            {"kind": "nats", "addresses": (("a", 4222), ("::1", 4223))},
            "NATS at a port 4222 or ::1 port 4223",
        ),
        (
            "tls://a",
            {"kind": "nats", "addresses": (("a", 4222),), "is_encrypted": True},
            "NATS at a port 4222",
        ),
        (
            "redis://:pw@cache:7000/3",
            {"kind": "redis", "addresses": (("cache", 7000),), "password": "pw", "path": "3"},
            "Redis at cache port 7000",
        ),
        (
            "rediss://cache",
            {"kind": "redis", "addresses": (("cache", 6379),), "is_encrypted": True},
            "Redis at cache port 6379",
        ),
    ],
)
def test_url_means_its_parts(url: str, parts: dict[str, Any], place: str) -> None:
    parsed = parse_intake_url(url)
    assert parsed == NOTHING._replace(**parts)
    assert parsed.place == place


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("kafka", "must be kafka://host:port, kafkas://,"),
        ("mqtt://a", "must be kafka://host:port, kafkas://,"),
        ("kafka://", "must name a host: kafka://host:port"),
        ("kafka://a/topic", "may not have a path: LUMEN_INTAKE_TOPIC names the topic"),
        ("nats://a/b", "may not have a path"),
        ("redis://a,b", "must name one host"),
        ("amqp://a,b", "must name one host"),
        ("redis://a/zero", "must name the database by its number"),
        (f"redis://:{SECRET}@x@a", "cannot be parsed"),
        ("kafka://a:port", "cannot be parsed"),
        ("kafka://a?sasl=gssapi", "has an option sasl that is none of plain,"),
        ("kafka://a?ssl_ca_certs=/ca", "has the unknown option ssl_ca_certs. Known are sasl"),
        ("redis://a?sasl=plain", "has the unknown option sasl. Known are none"),
        ("rediss://a?ssl_ca_certs=", "has an option ssl_ca_certs without a value"),
    ],
)
def test_other_urls_are_refused_without_a_part_of_them(url: str, problem: str) -> None:
    problems = problems_of({"LUMEN_INTAKE_URL": url})
    assert list(problems) == ["LUMEN_INTAKE_URL"]
    assert problems["LUMEN_INTAKE_URL"].startswith(problem)
    assert SECRET not in str(problems)
