"""Settings: all settings of the server in one frozen object, read from the environment or given in code.

Promise: the values of a `Settings` are valid, as far as this can be checked without I/O; all problems are
reported together, by variable name and without any value; no repr shows the signing secret or the
password in a URL.

Not here: whether a file or a server that a setting names can be reached (`auth`, `commit/database`,
`redis_client`).
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import SettingsConfigDict

from lumen_notify.errors import Misconfigured
from lumen_notify.rates import Rate
from lumen_notify.settings.backplane_url import MEMORY, OWN_DATABASE
from lumen_notify.settings.checks import (
    DAY,
    BackplaneUrl,
    Bytes,
    Count,
    DatabaseUrl,
    Host,
    KeyUrl,
    Origins,
    Port,
    Printable,
    RateLimit,
    SigningSecret,
    Switch,
)
from lumen_notify.settings.combinations import KEYS, problems_between
from lumen_notify.settings.descriptions import default_text, descriptions
from lumen_notify.settings.environment import PREFIX, Environment, problems_of, variable
from lumen_notify.settings.intake_settings import IntakeSettings
from lumen_notify.settings.log_settings import LogSettings
from lumen_notify.settings.metrics_settings import MetricsSettings
from lumen_notify.settings.push_settings import PushSettings
from lumen_notify.settings.retention_settings import RetentionSettings
from lumen_notify.settings.secret import URLS, masked_url


class Settings(RetentionSettings, LogSettings, MetricsSettings, PushSettings, IntakeSettings):
    """All settings. The variable of each is `LUMEN_` and its name in capitals.

    `Settings(port=8001)` neither reads the environment nor converts types: only `from_env` does. Raises
    Misconfigured, with all problems.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,  # Secret
        hide_input_in_errors=True,
    )

    database_url: DatabaseUrl = "sqlite:///lumen-notify.db"
    """The database: `sqlite:///file`, `sqlite:////absolute/file` or `postgresql://user:password@host/name`
    (socket: `postgresql://user@/name?host=/path`). PostgreSQL's options follow after `?`, such as
    `sslmode=verify-full`, `sslrootcert=FILE`, `application_name=NAME`, `connect_timeout=SECONDS`,
    `target_session_attrs=read-write` or `options=-csearch_path%3Dschema`; an unknown one is refused."""

    backplane_url: BackplaneUrl | None = None
    """How instances reach each other: `postgresql://` (the database itself, the default if it is PostgreSQL;
    with host and name: past a pooler), `redis://user:password@host:port/db`, `rediss://...`, `unix:///path`,
    `redis+sentinel://host:port,host:port/service`, or `memory://`: not at all, the default for SQLite. Redis
    needs the extra `lumen-notify[redis]`."""

    host: Host = "127.0.0.1"
    """The address or host name to listen on."""

    port: Port = 8000
    """The TCP port to listen on; 0 means that the system chooses a free one."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """How many processes `lumen-notify serve` runs at this address, from 1 to 64. More than one needs
    PostgreSQL."""

    tls_cert_file: Path | None = None
    """A PEM file with the TLS certificate and its chain; the server then speaks HTTPS only. SIGHUP reads it
    again."""

    tls_key_file: Path | None = None
    """A PEM file with the private key of the certificate, without a password."""

    http2: Switch = "off"
    """Whether clients may choose HTTP/2, which needs TLS and the extra `lumen-notify[http2]`."""

    pages: Switch = "on"
    """Whether `/`, `/docs`, `/openapi.json` and `/asyncapi.json` are answered; `/client/` always is."""

    jwt_secret: SigningSecret | None = None
    """The secret of HS256 tokens, at least 32 bytes. Without any key, the first start makes a demo secret and
    the server listens on loopback only."""

    jwt_public_key_file: Path | None = None
    """A PEM file with the public key of RS256, ES256 or EdDSA tokens; excludes the other keys."""

    jwt_jwks_url: KeyUrl | None = None
    """The http(s) URL of a JSON Web Key Set with the tokens' public keys; excludes the other keys."""

    jwt_audience: Printable | None = None
    """The audience (`aud`) that tokens must name. Without it, a token that names an audience is refused."""

    jwt_issuer: Printable | None = None
    """The issuer (`iss`) that tokens must name. Without it, any issuer is accepted."""

    jwt_leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 10
    """How many seconds the clocks of the tokens' issuer and of this server may differ, at most 300."""

    accounts: Switch = "off"
    """Whether this server has accounts of its own. With `on`, which needs HS256, anyone who can connect may
    register; with `off`, users are your application's."""

    access_token_seconds: Annotated[int, Field(ge=60, le=DAY)] = 900
    """How many seconds an account's access token is valid, from 60 to a day."""

    refresh_token_seconds: Annotated[int, Field(ge=300, le=366 * DAY)] = 30 * DAY
    """After how many seconds without a refresh a login expires, from 300 to a year."""

    cors_origins: Origins = ()
    """The origins whose pages may call the API from a browser, separated by commas; `*` means any, without
    cookies."""

    ping_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """After how many seconds of silence a stream gets a ping, above 0 and at most 3,600."""

    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """How many seconds a shutdown waits for requests in progress, at most 3,600; 0 means not at all."""

    max_body_bytes: Bytes = 65536
    """The longest request body in bytes, from 1 to 1 GiB."""

    max_content_characters: Annotated[int, Field(ge=1, le=1_000_000)] = 8000
    """The longest content of one notification in characters, from 1 to 1,000,000."""

    max_batch_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """The most notifications or recipients that one publish may list, from 1 to 100,000."""

    max_streams: Count = 0
    """The most open streams of one process; 0 means no limit."""

    max_streams_per_user: Count = 20
    """The most open streams of one user, on all instances; 0 means no limit."""

    max_streams_per_address: Count = 0
    """The most open streams of one client address in one process; 0 means no limit."""

    max_rooms_per_user: Count = 1000
    """The most rooms that one user may join or create, and the most that others may add them to, not counting
    direct ones; 0 means no limit."""

    max_backlog_bytes: Bytes = 1048576
    """How many bytes may wait for one slow stream before it is closed, from 1 to 1 GiB."""

    max_stream_seconds: Annotated[float, Field(ge=0, le=30 * DAY)] = 0.0
    """After how many seconds a stream is closed so that the client reconnects, at most 30 days; 0 means no
    limit."""

    presence: Switch = "on"
    """Whether users learn who is online among those with whom they share a room."""

    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 15.0
    """Within how many seconds the streams of an instance that has died count as ended, from 1 to 3,600."""

    presence_grace_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """How many seconds a user stays online after their last stream has ended, at most 3,600."""

    presence_room_members: Count = 200
    """The most members of a room in which `presence` events are sent; 0 means that none are."""

    rate_limits: Switch = "on"
    """Whether rate limits are enforced: those of users, which each process counts for itself, and those of
    senders, recipients and log-ins, which all processes count together; `off` is for load tests."""

    limit_per_sender: RateLimit = "off"
    """How many notifications one sender may publish, as `600/minute` (second, hour, day); 0 or `off` means no
    limit."""

    max_replay_events: Count = 0
    """The most missed events that a client is sent when it reconnects, at most 10,000,000; with more it gets
    `reset`. 0 means no limit."""

    replay_events: Count = 10000
    """How many of the newest events are kept in memory for reconnects, at most 10,000,000; 0 means none:
    every reconnect reads the database."""

    categories: Path | None = None
    """A TOML or JSON file that defines categories, read at each start; categories that it does not name stay
    as they are."""

    def __init__(self, **values: Any) -> None:
        problems = [*problems_between(values)]
        try:
            BaseModel.__init__(self, **values)  # BaseSettings.__init__ would also read the environment
        except ValidationError as error:
            problems = [*problems_of(error), *problems]
        if problems:
            raise Misconfigured([(variable(name), problem) for name, problem in problems])

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the variables that begin with `LUMEN_`; an empty one counts as not set.

        environ: None means the process's own. Raises Misconfigured, with all problems: invalid values, and
        unknown variables, which are most often misspelt.
        """
        variables = Environment(cls, os.environ if environ is None else environ)
        problems = variables.unknown()
        try:
            settings = cls(**variables())
        except Misconfigured as error:
            raise Misconfigured([*problems, *error.problems]) from None
        if problems:
            raise Misconfigured(problems)
        return settings

    @classmethod
    def table(cls) -> list[tuple[str, str, str]]:
        """Return a row for each setting, in order: variable, default as text, description."""
        return [
            (variable(name), default_text(cls.model_fields[name].default), text)
            for name, text in descriptions(cls).items()
        ]

    def with_(self, **changes: Any) -> Settings:
        """Return a copy with some settings changed. Raises Misconfigured."""
        return type(self)(**{**dict(self), **changes})

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach `host`. A name other than `localhost` counts as not, whatever
        it resolves to."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def has_verification_key(self) -> bool:
        """Whether a secret, a public key file or a key set's URL is set."""
        return any(getattr(self, name) is not None for name in KEYS)

    @property
    def backplane(self) -> str:
        """`backplane_url`, or its default for the database."""
        default = MEMORY if self.database_url.startswith("sqlite:") else OWN_DATABASE
        return default if self.backplane_url is None else self.backplane_url

    @property
    def sender_rate(self) -> Rate | None:
        """`limit_per_sender` as a rate; None for no limit."""
        return None if self.limit_per_sender in ("off", "0") else Rate.parse(self.limit_per_sender)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, masked_url(value) if name in URLS and value else value
