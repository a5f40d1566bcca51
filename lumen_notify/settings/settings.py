"""Settings: one frozen object, read once from the environment.

Promise: whoever holds a `Settings` holds one that can work as far as its values alone tell; all
problems are reported together, by variable name and without the values; and neither the signing
secret nor the database's password shows in a repr.

Not here: whether a file or a server that a setting names can be reached (`auth`, `commit/database`).
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from lumen_notify.errors import Misconfigured
from lumen_notify.settings.checks import (
    LOG_LEVELS,
    about,
    above_zero,
    between,
    check_database_url,
    check_host,
    check_key_url,
    check_log_level,
    check_origins,
    check_path,
    check_rate,
    check_secret,
    check_switch,
    check_text,
    lower,
    origins,
    zero_or,
)
from lumen_notify.settings.rate import Rate
from lumen_notify.settings.secret import MIN_SECRET_BYTES, Secret, masked_url

PREFIX = "LUMEN_"
FOREIGN_PREFIXES = ("LUMEN_TEST_", "LUMEN_BENCH_", "LUMEN_TOKEN")
"""Variables of the test-suite, the benchmark and the command line: no settings, and no typing errors."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """Everything that can be set. The variable of a field is `LUMEN_` and its name in capitals.

    Raises Misconfigured, with all problems at once. `dataclasses.replace` or `with_` makes a
    changed copy, checked again.
    """

    database_url: str = field(
        default="sqlite:///lumen-notify.db",
        metadata=about(
            str,
            check_database_url,
            "Where everything is stored: `sqlite:///file`, `sqlite:////absolute/file` or"
            " `postgresql://user:password@host/name` (socket: `postgresql://user@/name?host=/path`).",
        ),
    )
    host: str = field(
        default="127.0.0.1", metadata=about(str, check_host, "The address or host name to listen on.")
    )
    port: int = field(
        default=8000,
        metadata=about(
            int, between(0, 65535), "The TCP port to listen on; 0 means that the system chooses a free one."
        ),
    )
    jwt_secret: Secret | None = field(
        default=None,
        metadata=about(
            Secret,
            check_secret,
            f"The secret of HS256 tokens, at least {MIN_SECRET_BYTES} bytes; with no key set at all"
            " the first start makes a demo secret and listens on loopback only.",
        ),
    )
    jwt_public_key_file: Path | None = field(
        default=None,
        metadata=about(
            Path,
            check_path,
            "A PEM file with the public key of RS256, ES256 or EdDSA tokens; excludes the other keys.",
        ),
    )
    jwt_jwks_url: str | None = field(
        default=None,
        metadata=about(
            str,
            check_key_url,
            "The http(s) URL of a JSON Web Key Set with the tokens' public keys; excludes the other keys.",
        ),
    )
    jwt_audience: str | None = field(
        default=None,
        metadata=about(
            str,
            check_text,
            "The audience (`aud`) that tokens must name; not set means that tokens must name none.",
        ),
    )
    jwt_issuer: str | None = field(
        default=None,
        metadata=about(
            str, check_text, "The issuer (`iss`) that tokens must name; not set means that any may."
        ),
    )
    jwt_leeway_seconds: int = field(
        default=10,
        metadata=about(
            int,
            between(0, 300),
            "How many seconds the clocks of the tokens' issuer and of this server may differ, at most 300.",
        ),
    )
    accounts: str = field(
        default="off",
        metadata=about(
            lower,
            check_switch,
            "Whether this server has users of its own: with `on`, which needs HS256, anybody who can connect"
            " may register; `off`: users are your application's.",
        ),
    )
    access_token_seconds: int = field(
        default=900,
        metadata=about(
            int,
            between(60, 86400),
            "How many seconds the access token of an account is good, from 60 to a day.",
        ),
    )
    refresh_token_seconds: int = field(
        default=30 * 86400,
        metadata=about(
            int,
            between(300, 366 * 86400),
            "After how many seconds without a refresh a log-in ends, from 300 to a year.",
        ),
    )
    cors_origins: tuple[str, ...] = field(
        default=(),
        metadata=about(
            origins,
            check_origins,
            "The origins whose pages may call from a browser, split by commas; `*` means any, without"
            " cookies.",
        ),
    )
    ping_seconds: float = field(
        default=30.0,
        metadata=about(
            float,
            above_zero(3600),
            "After how many seconds of silence a stream gets a ping, above 0 and at most 3,600.",
        ),
    )
    drain_seconds: float = field(
        default=10.0,
        metadata=about(
            float,
            between(0, 3600),
            "How many seconds a stop waits for requests in flight, at most 3,600; 0 means not at all.",
        ),
    )
    max_body_bytes: int = field(
        default=65536,
        metadata=about(int, between(1, 2**30), "The longest request body in bytes, from 1 to 1 GiB."),
    )
    max_content_characters: int = field(
        default=8000,
        metadata=about(
            int,
            between(1, 1_000_000),
            "The longest content of one notification in characters, from 1 to 1,000,000.",
        ),
    )
    max_batch_rows: int = field(
        default=1000,
        metadata=about(
            int,
            between(1, 100_000),
            "The most notifications or recipients that one publish may list, from 1 to 100,000.",
        ),
    )
    max_streams: int = field(
        default=0,
        metadata=about(
            int, between(0, 10_000_000), "The most open streams of one process; 0 means no limit."
        ),
    )
    max_streams_per_user: int = field(
        default=20,
        metadata=about(
            int,
            between(0, 10_000_000),
            "The most open streams of one user in one process; 0 means no limit.",
        ),
    )
    max_streams_per_address: int = field(
        default=0,
        metadata=about(
            int,
            between(0, 10_000_000),
            "The most open streams of one client address in one process; 0 means no limit.",
        ),
    )
    max_rooms_per_user: int = field(
        default=1000,
        metadata=about(
            int,
            between(0, 10_000_000),
            "The most rooms that one user may be in, beside direct ones; 0 means no limit.",
        ),
    )
    max_backlog_bytes: int = field(
        default=1048576,
        metadata=about(
            int,
            between(1, 2**30),
            "How many bytes may wait for one slow stream before it is closed, from 1 to 1 GiB.",
        ),
    )
    max_stream_seconds: float = field(
        default=0.0,
        metadata=about(
            float,
            between(0, 30 * 86400),
            "After how many seconds a stream is closed for the client to come back, at most 30 days;"
            " 0 means no limit.",
        ),
    )
    rate_limits: str = field(
        default="on",
        metadata=about(
            lower,
            check_switch,
            "Whether limits on how often somebody may do something hold; `off` is for load tests.",
        ),
    )
    limit_per_sender: str = field(
        default="off",
        metadata=about(
            lower,
            check_rate,
            "How many notifications one sender may publish, as `600/minute` (second, hour, day); 0 or `off`"
            " means no limit.",
        ),
    )
    replay_events: int = field(
        default=10000,
        metadata=about(
            int,
            between(0, 10_000_000),
            "How many of the newest events are kept in memory for reconnects, at most 10,000,000;"
            " 0 means none: every reconnect reads the database.",
        ),
    )
    retention_events_seconds: int = field(
        default=7 * 86400,
        metadata=about(
            int,
            zero_or(60, 10 * 365 * 86400),
            "How many seconds an event can be replayed, at least 60, at most ten years; a cursor from before"
            " gets `reset`. 0 means for ever.",
        ),
    )
    retention_events: int = field(
        default=1_000_000,
        metadata=about(
            int,
            between(0, 10**12),
            "How many of the newest events are kept, once they are a minute old; 0 means no limit.",
        ),
    )
    retention_notifications_seconds: int = field(
        default=365 * 86400,
        metadata=about(
            int,
            zero_or(60, 10 * 365 * 86400),
            "After how many seconds a notification is removed, read or not, at least 60, at most ten years;"
            " 0 means never.",
        ),
    )
    retention_notifications: int = field(
        default=0,
        metadata=about(
            int,
            between(0, 10**9),
            "How many of the newest notifications to one user, to one room and to all are kept each;"
            " 0 means no limit.",
        ),
    )
    retention_archived_seconds: int = field(
        default=30 * 86400,
        metadata=about(
            int,
            between(0, 10 * 365 * 86400),
            "After how many seconds a notification to one user, archived by this user, is removed; at most"
            " ten years, 0 means never.",
        ),
    )
    retention_idempotency_seconds: int = field(
        default=86400,
        metadata=about(
            int,
            zero_or(60, 10 * 365 * 86400),
            "How many seconds an `Idempotency-Key` is remembered, at least 60, at most ten years;"
            " 0 means for ever.",
        ),
    )
    categories: Path | None = field(
        default=None,
        metadata=about(
            Path,
            check_path,
            "A TOML or JSON file that defines categories, read at each start; those that it does not name"
            " stay as they are.",
        ),
    )
    log_level: str = field(
        default="info",
        metadata=about(lower, check_log_level, f"The least severe lines to log: {', '.join(LOG_LEVELS)}."),
    )

    def __post_init__(self) -> None:
        problems = []
        for each in fields(self):
            try:
                problem = each.metadata["check"](getattr(self, each.name))
            except (TypeError, AttributeError):
                problem = f"must be of type {each.type}"
            if problem is not None:
                problems.append((variable(each.name), problem))
        keys = [name for name in _KEYS if getattr(self, name) is not None]
        if len(keys) > 1:
            names = " and ".join(variable(name) for name in keys)
            problems.append((variable(keys[0]), f"only one key may be set, not {names}"))
        if self.accounts == "on":
            others = " and ".join(variable(name) for name in keys if name != "jwt_secret")
            if others:
                problem = f"cannot be on together with {others}: whoever holds the private key makes tokens"
                problems.append((variable("accounts"), problem))
        if problems:
            raise Misconfigured(problems)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the variables that begin with `LUMEN_`; an empty one counts as not set.

        environ: None means the process's own. Raises Misconfigured with all problems at once:
        those of the values, and variables that are no setting, which are most often misspelt.
        """
        environ = os.environ if environ is None else environ
        known = {variable(each.name): each for each in fields(cls)}
        problems = []
        values = {}
        for name, text in sorted(environ.items()):
            if not name.startswith(PREFIX) or name.startswith(FOREIGN_PREFIXES):
                continue
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
                problems.append((name, "is no setting" + "".join(f"; is it {c}?" for c in close)))
            elif text:
                try:
                    values[known[name].name] = known[name].metadata["read"](text.strip())
                except ValueError:
                    problems.append((name, "must be a number"))
        try:
            settings = cls(**values)
        except Misconfigured as error:
            raise Misconfigured([*problems, *error.problems]) from None
        if problems:
            raise Misconfigured(problems)
        return settings

    @classmethod
    def table(cls) -> list[tuple[str, str, str]]:
        """List all settings as (variable, default as text, documentation), in their order."""
        return [
            (variable(each.name), _default_text(each.default), each.metadata["doc"]) for each in fields(cls)
        ]

    def with_(self, **changes: Any) -> Settings:
        """Return a copy with some fields changed. Raises Misconfigured."""
        return replace(self, **changes)

    @property
    def is_loopback(self) -> bool:
        """Whether `host` can be reached from this machine alone. A name other than `localhost`
        counts as not, whatever it resolves to."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def has_verification_key(self) -> bool:
        """Whether a secret, a public key file or a key set's URL is set."""
        return any(getattr(self, name) is not None for name in _KEYS)

    @property
    def sender_rate(self) -> Rate | None:
        """What `limit_per_sender` says; None for no limit."""
        return None if self.limit_per_sender in ("off", "0") else Rate.parse(self.limit_per_sender)

    def __repr__(self) -> str:
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        shown["database_url"] = masked_url(self.database_url)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


_KEYS = ("jwt_secret", "jwt_public_key_file", "jwt_jwks_url")


def variable(name: str) -> str:
    """Return the environment variable of a field."""
    return PREFIX + name.upper()


def _default_text(value: object) -> str:
    if value is None or value == ():
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)
