"""Intake URL: which URLs name a broker, and what their parts and options mean.

| URL | broker |
|---|---|
| `kafka://host:9092,host:9092` | Kafka, and what speaks its protocol; `kafkas://` with TLS |
| `amqp://user:password@host:5672/vhost` | RabbitMQ; `amqps://` with TLS |
| `nats://host:4222,host:4222` | NATS with JetStream; `tls://` with TLS |
| `redis://user:password@host:6379/0` | Redis Streams; `rediss://` with TLS |

Options after `?`: `sasl=plain`, `scram-sha-256` or `scram-sha-512` (Kafka), `ssl_ca_certs=FILE` (with TLS).

Promise: every option of a URL is honoured, or the URL is refused with the option's name.

Not here: whether the broker can be reached (`intake/brokers`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from lumen_notify.settings.database_url import PERCENT_ENCODE, Address, parse_address
from lumen_notify.settings.url_options import parse_options

Kind = Literal["kafka", "rabbitmq", "nats", "redis"]

_KINDS: dict[str, tuple[Kind, bool]] = {
    "kafka": ("kafka", False),
    "kafkas": ("kafka", True),
    "amqp": ("rabbitmq", False),
    "amqps": ("rabbitmq", True),
    "nats": ("nats", False),
    "tls": ("nats", True),
    "redis": ("redis", False),
    "rediss": ("redis", True),
}
"""Kind and whether it is encrypted, by scheme."""

_PORTS: dict[tuple[Kind, bool], int] = {
    ("kafka", False): 9092,
    ("kafka", True): 9093,
    ("rabbitmq", False): 5672,
    ("rabbitmq", True): 5671,
    ("nats", False): 4222,
    ("nats", True): 4222,
    ("redis", False): 6379,
    ("redis", True): 6379,
}

SASL = ("plain", "scram-sha-256", "scram-sha-512")

FORMS = (
    "must be kafka://host:port, kafkas://, amqp://host:port/vhost, amqps://, nats://host:port, tls://,"
    " redis://host:port/db or rediss://"
)

NAMES: dict[Kind, str] = {"kafka": "Kafka", "rabbitmq": "RabbitMQ", "nats": "NATS", "redis": "Redis"}


class IntakeUrl(NamedTuple):
    """What a URL says. path: the virtual host of RabbitMQ, or the database of Redis; empty if it is not
    given. sasl: how Kafka is logged in to. ca_file: of authorities to trust in place of the system's."""

    kind: Kind
    addresses: tuple[Address, ...]
    user: str | None
    password: str | None
    path: str
    is_encrypted: bool
    sasl: str
    ca_file: str | None

    @property
    def place(self) -> str:
        """Where the broker is, as in a sentence; without user and password."""
        places = " or ".join(f"{host} port {port}" for host, port in self.addresses)
        return f"{NAMES[self.kind]} at {places}"


def check_intake_url(url: str) -> str:
    """Return the URL. Raises ValueError with the problem, which shows no part of it but names of options."""
    parse_intake_url(url)
    return url


def parse_intake_url(url: str) -> IntakeUrl:
    """Read a URL. Raises ValueError."""
    if not url.isprintable():
        raise ValueError(FORMS)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(PERCENT_ENCODE) from None
    if "://" not in url or parts.scheme not in _KINDS:
        raise ValueError(FORMS)
    kind, is_encrypted = _KINDS[parts.scheme]
    login, _, places = parts.netloc.rpartition("@")
    if "@" in login + parts.path + parts.fragment or parts.fragment:
        raise ValueError(PERCENT_ENCODE)
    if not places:
        raise ValueError(f"must name a host: {parts.scheme}://host:port")
    if "," in places and kind not in ("kafka", "nats"):
        raise ValueError("must name one host")
    path = unquote(parts.path.removeprefix("/"))
    if path and kind in ("kafka", "nats"):
        raise ValueError("may not have a path: LUMEN_INTAKE_TOPIC names the topic")
    if kind == "redis" and path and not (path.isascii() and path.isdigit() and len(path) <= 6):
        raise ValueError("must name the database by its number, such as redis://host:port/0")
    options = _options(parts.query, kind, is_encrypted=is_encrypted)
    user, _, password = login.partition(":")
    return IntakeUrl(
        kind=kind,
        addresses=tuple(parse_address(place, _PORTS[kind, is_encrypted]) for place in places.split(",")),
        user=unquote(user) or None,
        password=unquote(password) or None,
        path=path,
        is_encrypted=is_encrypted,
        sasl=options.get("sasl", "plain"),
        ca_file=options.get("ssl_ca_certs"),
    )


def _options(query: str, kind: Kind, *, is_encrypted: bool) -> dict[str, str]:
    known = [*(["sasl"] if kind == "kafka" else []), *(["ssl_ca_certs"] if is_encrypted else [])]

    def problem_of(name: str, value: str) -> str | None:
        if name not in known:
            return f"has the unknown option {name}. Known are {', '.join(known) or 'none'}"
        if name == "sasl" and value not in SASL:
            return f"has an option sasl that is none of {', '.join(SASL)}"
        return None if value else f"has an option {name} without a value"

    return parse_options(query, problem_of)
