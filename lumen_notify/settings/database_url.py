"""Database URL: which URLs name a database, and what their parts and options mean.

Promise: every option of a URL is honoured, or the URL is refused with the option's name. The options of
PostgreSQL's own clients (postgresql.org/docs/current/libpq-connect.html) mean the same here.

Not here: whether the database can be reached (`commit/database`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from lumen_notify.settings.url_options import parse_options

FORMS = "must be sqlite:///file, sqlite:////absolute/file or postgresql://user@host/name"
PERCENT_ENCODE = "cannot be parsed; '@', ':', '/', '?' and '#' in a password must be percent-encoded"

IN_MEMORY = "must name a file: each of our connections would get an in-memory database of its own"

SCHEMES = ("postgresql", "postgres")

DEFAULT_PORT = 5432

CHOICES: Mapping[str, tuple[str, ...]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("any", "read-write", "primary"),
    "ssl_min_protocol_version": ("TLSv1.2", "TLSv1.3"),
    "ssl_max_protocol_version": ("TLSv1.2", "TLSv1.3"),
    # Not supported by the driver, which does what these values allow.
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
}
"""Options with the values that they take."""

FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
"""Options that name a file."""

TEXTS = ("host", "port", "user", "password", "application_name", "options", "sslpassword", "connect_timeout")

OPTIONS = (*TEXTS, *FILES, *CHOICES)

_OURS = ("connect_timeout", "channel_binding", "gssencmode")
"""Options that the driver does not know."""


class Address(NamedTuple):
    """Where a server listens. host: a name, an address, or the folder of a socket."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as in a sentence."""
        if self.host.startswith("/"):
            return f"the socket {self.host}/.s.PGSQL.{self.port}"
        return f"{self.host} port {self.port}"


class PostgresqlUrl(NamedTuple):
    """What a URL says. addresses: empty for the driver's default. user: None for the user of the process.

    dsn: the URL without what is not for the driver. connect_seconds: None for the default.
    """

    addresses: tuple[Address, ...]
    user: str | None
    has_password: bool
    database: str
    options: Mapping[str, str]
    dsn: str
    connect_seconds: int | None

    @property
    def place(self) -> str:
        """Where the server is, as in a sentence; without user and password."""
        where = " or ".join(str(one) for one in self.addresses)
        return f"PostgreSQL at {where or 'its default address'}"

    @property
    def files(self) -> Mapping[str, str]:
        """The files that it names, by option."""
        return {name: self.options[name] for name in FILES if name in self.options}


def check_database_url(url: str) -> str:
    """Return the URL. Raises ValueError with the problem, which shows no part of it but names of options."""
    if not url.isprintable():
        raise ValueError(FORMS)
    if url.startswith("sqlite:"):
        sqlite_path(url)
    else:
        parse_postgresql(url)
    return url


def sqlite_path(url: str) -> str:
    """Return the path of the file that a URL names. Raises ValueError."""
    parts = urlsplit(url)
    if ":memory:" in parts.path:
        raise ValueError(IN_MEMORY)
    if parts.query:
        name = parts.query.partition("=")[0]
        raise ValueError(f"has the option {name}, but a SQLite URL takes none")
    if not url.startswith("sqlite:///") or parts.path == "/" or parts.path.endswith("/") or parts.fragment:
        raise ValueError(FORMS)
    return unquote(parts.path[1:])


def parse_postgresql(url: str) -> PostgresqlUrl:
    """Read a URL. Raises ValueError."""
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES or not rest:
        is_alias = scheme.startswith("postgres")
        raise ValueError("must begin with exactly postgresql:// or postgres://" if is_alias else FORMS)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(PERCENT_ENCODE) from None
    login, _, places = parts.netloc.rpartition("@")
    if "@" in login + parts.path + parts.fragment:
        raise ValueError(PERCENT_ENCODE)
    if "/" in parts.path[1:] or parts.fragment:
        raise ValueError(FORMS)
    if len(parts.path) < 2:
        raise ValueError("must name a database: postgresql://user@host/name")
    options = parse_options(parts.query, _problem_of_option)
    user, has_colon, _ = login.partition(":")
    given = {
        "user": user,
        "password": has_colon,
        "host": places,
        "port": places.rpartition("]")[2].count(":"),
    }
    for name, is_given in given.items():
        if is_given and name in options:
            raise ValueError(f"has the option {name}, which it names before the ? already")
    seconds = options.get("connect_timeout")
    return PostgresqlUrl(
        addresses=_addresses(places or options.get("host", ""), options.get("port")),
        user=unquote(user) or options.get("user"),
        has_password=bool(has_colon or "password" in options or "passfile" in options),
        database=unquote(parts.path[1:]),
        options=options,
        dsn=_dsn(parts, options),
        connect_seconds=int(seconds) if seconds else None,
    )


def _problem_of_option(name: str, value: str) -> str | None:
    if name not in OPTIONS:
        return f"has the unknown option {name}. Known are {', '.join(sorted(OPTIONS))}"
    if name in CHOICES and value not in CHOICES[name]:
        return f"has an option {name} that must be one of {', '.join(CHOICES[name])}"
    if name == "connect_timeout" and not (value.isascii() and value.isdigit() and 1 <= int(value) <= 3600):
        return "has an option connect_timeout that must be from 1 to 3600 seconds"
    if name == "sslrootcert" and value == "system":
        return "has an option sslrootcert that must name a file, such as /etc/ssl/certs/ca-certificates.crt"
    return None if value else f"has an option {name} without a value"


def _addresses(places: str, ports: str | None) -> tuple[Address, ...]:
    """Read hosts with their ports. Several are separated by commas. ports: of those that have none."""
    given = [_port(text) for text in ports.split(",")] if ports else [DEFAULT_PORT]
    hosts = places.split(",") if places else []
    if len(given) not in (1, len(hosts)) or (ports and not hosts):
        raise ValueError("has an option port that is not one port, or one for each host")
    return tuple(parse_address(host, given[number % len(given)]) for number, host in enumerate(hosts))


def parse_address(text: str, port: int) -> Address:
    """Read a host with its port, or without. port: if it has none. Raises ValueError."""
    text = unquote(text)
    if text.startswith("/"):
        return Address(text, port)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(PERCENT_ENCODE)
        return Address(host, _port(rest[1:]) if rest else port)
    host, colon, rest = text.partition(":")
    return Address(host, _port(rest) if colon else port)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError(PERCENT_ENCODE)
    return int(text)


def _dsn(parts: SplitResult, options: Mapping[str, str]) -> str:
    named = {name: value for name, value in options.items() if name not in _OURS}
    return f"postgresql://{parts.netloc}{parts.path}?{urlencode(named, quote_via=quote)}".rstrip("?")
