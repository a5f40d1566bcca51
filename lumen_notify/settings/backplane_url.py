"""Backplane URL: which URLs name a backplane, and what their parts and options mean.

| URL | the other instances are reached by |
|---|---|
| `memory://` | nothing: this process is the only one |
| `postgresql://` | the database of `LUMEN_DATABASE_URL` |
| `postgresql://user@host/name` | the same database by another way, past a pooler |
| `redis://user:password@host:6379/0`, `rediss://...` | a Redis or Valkey server, without or with TLS |
| `unix:///path/to/socket?db=0` | the same, by a socket |
| `redis+sentinel://host:26379,host:26379/service/0` | the server that Redis Sentinel names |

Promise: every option of a URL is honoured, or the URL is refused with the option's name.

Not here: whether the server can be reached (`redis_client`, `commit/database`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from lumen_notify.settings.database_url import (
    PERCENT_ENCODE,
    SCHEMES,
    Address,
    parse_address,
    parse_postgresql,
)
from lumen_notify.settings.url_options import parse_options

MEMORY = "memory://"
OWN_DATABASE = "postgresql://"
"""The backplane of a service whose database is PostgreSQL."""

FORMS = (
    "must be memory://, postgresql://, redis://host:port/db, rediss://host:port/db, unix:///path or"
    " redis+sentinel://host:port,host:port/service"
)
NEEDS_POSTGRESQL = "needs LUMEN_DATABASE_URL to be the same PostgreSQL database"

NEEDS_ONE_PROCESS = (
    "cannot be memory:// with LUMEN_WORKERS above 1: each would see the events of the others late"
)
"""Each process reads the log once a second, but typing, presence and renewals would stay with one."""

REDIS_PORT = 6379
SENTINEL_PORT = 26379

REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")

FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""Options that name a file, as redis-py's URLs have them."""

Kind = Literal["memory", "postgresql", "redis"]


class RedisUrl(NamedTuple):
    """What a URL says. addresses: of the server, or of the Sentinels. socket: the path of the server's
    socket; then there are no addresses. service: the name that Sentinel knows it by; None without Sentinel.

    sentinel_user, sentinel_password: those of the Sentinels. files: by option.
    """

    addresses: tuple[Address, ...]
    socket: str | None
    service: str | None
    database: int
    user: str | None
    password: str | None
    sentinel_user: str | None
    sentinel_password: str | None
    is_encrypted: bool
    files: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where the server is, as in a sentence; without user and password."""
        places = [f"{host} port {port}" for host, port in self.addresses]
        where = " or ".join(places) if self.socket is None else f"the socket {self.socket}"
        return f"Redis at {where}" if self.service is None else f"Redis {self.service} of Sentinel at {where}"


def check_backplane_url(url: str) -> str:
    """Return the URL. Raises ValueError with the problem, which shows no part of it but names of options."""
    if not url.isprintable():
        raise ValueError(FORMS)
    match kind_of(url):
        case "redis":
            parse_redis(url)
        case "postgresql" if url != OWN_DATABASE:
            parse_postgresql(url)
    return url


def kind_of(url: str) -> Kind:
    """Return which backplane a URL names. Raises ValueError."""
    if url == MEMORY:
        return "memory"
    scheme, separator, _ = url.partition("://")
    if separator and scheme in SCHEMES:
        return "postgresql"
    if separator and scheme in REDIS_SCHEMES:
        return "redis"
    raise ValueError(FORMS)


def place_of(url: str, database_url: str) -> str:
    """Return where a backplane is, as in a sentence; without user and password.

    database_url: of the service.
    """
    match kind_of(url):
        case "redis":
            return parse_redis(url).place
        case "postgresql":
            return parse_postgresql(database_url if url == OWN_DATABASE else url).place
    return "no server"


def parse_redis(url: str) -> RedisUrl:
    """Read a URL. Raises ValueError."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(PERCENT_ENCODE) from None
    login, _, places = parts.netloc.rpartition("@")
    if "@" in login + parts.path + parts.fragment or parts.fragment:
        raise ValueError(PERCENT_ENCODE)
    is_sentinel = parts.scheme.endswith("+sentinel")
    is_encrypted = parts.scheme.startswith("rediss")
    options = _options(parts.query, is_sentinel=is_sentinel, is_encrypted=is_encrypted)
    user, _, password = login.partition(":")
    addresses, socket, service, database = _places(parts, places)
    if database is not None and "db" in options:
        raise ValueError("has the option db, which it names before the ? already")
    return RedisUrl(
        addresses=addresses,
        socket=socket,
        service=service,
        database=_database(options.get("db", "0") if database is None else database),
        user=unquote(user) or None,
        password=unquote(password) or None,
        sentinel_user=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
        is_encrypted=is_encrypted,
        files={name: options[name] for name in FILES if name in options},
    )


def _places(
    parts: SplitResult, places: str
) -> tuple[tuple[Address, ...], str | None, str | None, str | None]:
    """Return addresses, socket, service, and the database that the path names."""
    path = [unquote(part) for part in parts.path.strip("/").split("/") if part]
    if parts.scheme == "unix":
        if places or not path:
            raise ValueError(FORMS)
        return (), unquote(parts.path), None, None
    if not places:
        raise ValueError("must name a host: redis://host:port/db")
    if not parts.scheme.endswith("+sentinel"):
        if len(path) > 1 or "," in places:
            raise ValueError(FORMS)
        return (parse_address(places, REDIS_PORT),), None, None, path[0] if path else None
    if len(path) not in (1, 2):
        raise ValueError("must name the service: redis+sentinel://host:port,host:port/service")
    addresses = tuple(parse_address(place, SENTINEL_PORT) for place in places.split(","))
    return addresses, None, path[0], path[1] if len(path) == 2 else None


def _options(query: str, *, is_sentinel: bool, is_encrypted: bool) -> dict[str, str]:
    known = ["db", *(FILES if is_encrypted else ())]
    known += ["sentinel_username", "sentinel_password"] if is_sentinel else []

    def problem_of(name: str, value: str) -> str | None:
        if name not in known:
            return f"has the unknown option {name}. Known are {', '.join(sorted(known))}"
        return None if value else f"has an option {name} without a value"

    return parse_options(query, problem_of)


def _database(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise ValueError("must name the database by its number, such as redis://host:port/0")
    return int(text)
